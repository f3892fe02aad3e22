"""The certificate of a valid order: fetched, verified, and chosen among its chains."""

from typing import Final

from certs.acme.chain import ChainError, has_issuer, verify
from certs.acme.errand import Errand
from certs.acme.problem import AcmeProblem
from certs.acme.reply import Reply
from certs.model import Certificate

_MAX_ALTERNATES: Final = 8


async def download(errand: Errand, url: str, key_pem: bytes) -> Certificate:
    """Return the certificate with the preferred chain, when the CA has it, else with its own.

    Another chain (RFC 8555 section 7.4.2) is also taken where the CA's own cannot be served.
    Raises AcmeProblem, and ChainError when no chain can be served.
    """
    session = errand.session
    preferred = session.issuer.preferred_chain
    reply = await session.post_as_get(url)
    best, refusal = _verified(errand, reply, key_pem)
    if best is not None and _is_preferred(best, preferred):
        return best
    for alternate in reply.links.get("alternate", ())[:_MAX_ALTERNATES]:
        try:
            found, _ = _verified(errand, await session.post_as_get(alternate), key_pem)
        except AcmeProblem as problem:
            errand.on_step(f"an alternate chain cannot be fetched: {problem}")
            continue
        if found is not None and _is_preferred(found, preferred):
            return found
        best = best or found
    if best is None:
        assert refusal is not None
        raise refusal
    errand.on_step(f"the CA has no usable chain with {preferred}: its own is taken")
    return best


def _verified(
    errand: Errand, reply: Reply, key_pem: bytes
) -> tuple[Certificate | None, ChainError | None]:
    try:
        names, now = errand.need.names, errand.clock.now()
        return verify(reply.body, key_pem=key_pem, names=names, now=now), None
    except ChainError as error:
        return None, error


def _is_preferred(certificate: Certificate, preferred: str | None) -> bool:
    return preferred is None or has_issuer(certificate.chain_pem, preferred)
