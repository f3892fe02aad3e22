"""What takes more than one key to judge in `[acme]`, and in certificates that come from it."""

from typing import Final

from msgspec import UNSET, structs

import certs
from edge.config.acme.model import Acme as RawAcme
from edge.config.acme.model import Dns as RawDns
from edge.config.acme.publicnames import is_lets_encrypt, is_public_ca, why_not_public
from edge.config.acme.resolve import HTTP_PORT, TLS_ALPN_PORT, can_answer_tls_alpn
from edge.config.addresses import is_ip, is_local
from edge.config.convert import Raw
from edge.config.findings import Findings, quoted
from edge.config.resolve import Draft
from edge.config.tree import Acme, Rfc2136

_MAX_NAMES: Final = 100
"""Of Let's Encrypt's default profile, and more than other CAs take."""
_MAX_NAMES_SHORT: Final = 25
_SHORT_PROFILES: Final = frozenset({"tlsserver", "shortlived"})
_PROVIDER_KEYS: Final = {
    "rfc2136": ("server", "port", "zone", "tsig_name", "tsig_algorithm", "tsig_secret_file"),
    "exec": ("program", "args"),
}
_ANY_PROVIDER: Final = ("provider", "resolvers", "check_propagation")
_NEEDED: Final = {"rfc2136": ("server", "192.0.2.53"), "exec": ("program", "/usr/local/bin/dns")}


def check_acme(raw: Raw, table: RawAcme, acme: Acme, draft: Draft, findings: Findings) -> None:
    """Check the table itself."""
    if not table.agree_to_terms:
        findings.error(
            ("acme",),
            "agree_to_terms",
            "without your consent to its terms no CA signs anything",
            "Read the terms of the issuer, and write agree_to_terms = true.",
        )
    is_used = any(certificate.managed for certificate in draft.certificates.values())
    if not is_used and "certificate" not in raw.broken:
        message = 'no certificate has source = "acme"'
        findings.warn(("acme",), None, message, "Write it in a [[certificate]], or take this out.")
    _check_issuers(table, findings)
    if table.dns is not UNSET:
        _check_dns(table.dns, acme, findings)


def _check_issuers(raw: RawAcme, findings: Findings) -> None:
    seen: set[str] = set()
    for at, issuer in enumerate(raw.issuer):
        table = ("acme", "issuer", at)
        if issuer.name in seen:
            message = f'another issuer is named "{issuer.name}"'
            findings.error(table, "name", message, "Give each a name of its own.")
        seen.add(issuer.name)
        pair = {"eab_kid": issuer.eab_kid, "eab_hmac_key_file": issuer.eab_hmac_key_file}
        missing = [key for key, value in pair.items() if value is UNSET]
        if len(missing) == 1:
            (given,) = pair.keys() - set(missing)
            message = f"{given} needs {missing[0]} beside it"
            findings.error(table, given, message, "Write both, as the CA gave them to you.")


def _check_dns(raw: RawDns, acme: Acme, findings: Findings) -> None:
    table = ("acme", "dns")
    known = _PROVIDER_KEYS.get(raw.provider, ("options",))
    for key, value in structs.asdict(raw).items():
        if key not in _ANY_PROVIDER and value is not UNSET and key not in known:
            message = f'provider = "{raw.provider}" has no {key}'
            findings.error(table, key, message, f"Take {key} out. Known: {', '.join(known)}.")
    needed = _NEEDED.get(raw.provider)
    if needed is not None and getattr(raw, needed[0]) is UNSET:
        message = f'provider = "{raw.provider}" needs `{needed[0]}`'
        findings.error(table, None, message, f'Add {needed[0]} = "{needed[1]}"')
    provider = acme.dns.provider if acme.dns else None
    if isinstance(provider, Rfc2136):
        if (raw.tsig_name is UNSET) != (raw.tsig_secret_file is UNSET):
            given, missing = ("tsig_name", "tsig_secret_file")
            if raw.tsig_name is UNSET:
                given, missing = missing, given
            message = f"{given} needs {missing} beside it"
            findings.error(table, given, message, "Write both, as the name server has them.")
        elif raw.tsig_name is UNSET and provider.server.host and not is_local(provider.server):
            findings.warn(
                table,
                None,
                "updates are not signed: whoever can send from this address can change the zone",
                "Add tsig_name and tsig_secret_file.",
            )


def check_managed(
    at: int, raw: Raw, draft: Draft, managed: certs.Managed, findings: Findings
) -> None:
    """Check one certificate with source "acme"."""
    table = ("certificate", at)
    for key, values in (("key_types", managed.key_types), ("challenges", managed.challenges)):
        if len(set(values)) < len(values):
            findings.error(table, key, "one of these is named twice", "Take one out.")
    if draft.acme is None:
        if "acme" not in raw.broken:
            remedy = "Add [acme] with agree_to_terms = true."
            findings.error(table, "source", 'source = "acme" needs a table [acme]', remedy)
        return
    if len(managed.names) > _MAX_NAMES:
        message = f"{len(managed.names)} names are more than CAs sign in one certificate"
        findings.error(table, "names", message, f"Write tables of up to {_MAX_NAMES} names each.")
    _check_challenges(at, raw, draft.acme, draft, managed, findings)
    _check_names(at, draft.acme, managed, findings)


def _check_challenges(
    at: int, raw: Raw, acme: Acme, draft: Draft, managed: certs.Managed, findings: Findings
) -> None:
    table = ("certificate", at)
    key = None if raw.certificates[at].challenges is UNSET else "challenges"
    if certs.ChallengeType.DNS_01 in managed.challenges and acme.dns is None:
        message = "dns-01 needs a table [acme.dns]"
        findings.error(table, key, message, "Add [acme.dns], or take dns-01 out.")
    if certs.ChallengeType.HTTP_01 in managed.challenges:
        if not acme.http_bind:
            message = "http-01 needs an address to answer on, and http_bind is empty"
            remedy = 'Write http_bind = ["0.0.0.0:80"] in [acme], or take http-01 out.'
            findings.error(table, key, message, remedy)
        elif all(address.port != HTTP_PORT for address in acme.http_bind):
            findings.warn(
                table,
                key,
                f"http-01: CAs connect to port {HTTP_PORT}, where http_bind does not listen",
                "Let a firewall in front forward the port, or bind to it.",
            )
    if (
        certs.ChallengeType.TLS_ALPN_01 in managed.challenges
        and "listener" not in raw.broken
        and not can_answer_tls_alpn(draft.listeners.values())
    ):
        findings.warn(
            table,
            key,
            f"tls-alpn-01: CAs connect to port {TLS_ALPN_PORT}, where no listener with "
            'mode = "tls" is',
            "Add such a listener, let a firewall in front forward the port, or name other "
            "`challenges`.",
        )


def _check_names(at: int, acme: Acme, managed: certs.Managed, findings: Findings) -> None:
    table = ("certificate", at)
    issuers = acme.settings.issuers
    public = [issuer for issuer in issuers if is_public_ca(issuer)]
    is_dns_only = set(managed.challenges) == {certs.ChallengeType.DNS_01}
    for element, name in enumerate(managed.names):
        if name.startswith("*.") and certs.ChallengeType.DNS_01 not in managed.challenges:
            findings.error(
                table,
                "names",
                f"{quoted(name)}: a wildcard is proved by dns-01 only",
                'Add [acme.dns], and "dns-01" to `challenges` if you name them.',
                element=element,
            )
        if is_ip(name) and is_dns_only:
            findings.error(
                table,
                "names",
                f"{quoted(name)}: an IP address cannot be proved by dns-01",
                'Add "http-01" or "tls-alpn-01" to `challenges`, or take the address out.',
                element=element,
            )
        if public and (why := why_not_public(name)):
            # With a CA of one's own among them the name may still get its certificate.
            add = findings.error if len(public) == len(issuers) else findings.warn
            add(
                table,
                "names",
                f"{quoted(name)} {why}: {public[0].name} does not sign it",
                'Take it out; source = "self-signed" and a CA of your own can serve it.',
                element=element,
            )
    for issuer in filter(is_lets_encrypt, issuers):
        _check_lets_encrypt(at, issuer, managed, findings)


def _check_lets_encrypt(
    at: int, issuer: certs.Issuer, managed: certs.Managed, findings: Findings
) -> None:
    """Let's Encrypt's profiles, as its documentation has them (docs/profiles)."""
    table = ("certificate", at)
    is_short = issuer.profile in _SHORT_PROFILES
    if is_short and _MAX_NAMES_SHORT < len(managed.names) <= _MAX_NAMES:
        findings.warn(
            table,
            "names",
            f"{issuer.name} signs up to {_MAX_NAMES_SHORT} names under {quoted(issuer.profile)}",
            "Write several tables, or take the profile out.",
        )
    if any(map(is_ip, managed.names)) and issuer.profile != "shortlived":
        findings.warn(
            table,
            "names",
            f'{issuer.name} signs IP addresses under the profile "shortlived" only',
            'Write profile = "require:shortlived" in [[acme.issuer]].',
        )
