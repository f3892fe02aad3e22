"""The directory and nonces: all that is asked without an account (RFC 8555 section 7.1.1, 7.2)."""

from typing import Any

from tests.support.fakeca.core import Answer, Call, Core


async def directory(core: Core, call: Call) -> Answer:
    faults = core.faults
    meta: dict[str, Any] = {"termsOfService": faults.terms, "website": "https://ca.invalid/"}
    if faults.eab_keys:
        meta["externalAccountRequired"] = True
    if faults.profiles is not None:
        meta["profiles"] = {name: p.description for name, p in faults.profiles.items()}
    names = ["newNonce", "newAccount", "newOrder", "keyChange", "revokeCert"]
    if faults.has_renewal_info:
        names.append("renewalInfo")
    return Answer(
        body={
            **{name: core.url(name) for name in names},
            "meta": meta,
            # LE puts such an entry there, so that clients learn to ignore what they do not know.
            "aRandomEntry": "https://community.letsencrypt.org/t/33417",
        }
    )


async def new_nonce(core: Core, call: Call) -> Answer:
    # The nonce itself is added to every reply that has to have one.
    return Answer(headers={"Cache-Control": "no-store"})
