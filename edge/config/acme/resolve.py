"""`[acme]` and the certificates that come from it: defaults filled in, values of `certs` made."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from msgspec import UNSET, UnsetType

import certs
import edge
from edge.config import defaults, model
from edge.config.acme.model import Acme as RawAcme
from edge.config.acme.model import Dns as RawDns
from edge.config.acme.model import Issuer as RawIssuer
from edge.config.addresses import parse_bind, parse_host, parse_ip
from edge.config.tree import Acme, Dns, Exec, Lexicon, Listener, Mode, Rfc2136, TcpAddress

HTTP_PORT: Final = 80
TLS_ALPN_PORT: Final = 443
_REQUIRE: Final = "require:"
_FILE: Final = "_file"
_STAGING_OF: Final[Mapping[str, str]] = MappingProxyType(
    {certs.LETS_ENCRYPT: certs.LETS_ENCRYPT_STAGING}
)


def resolve_acme(table: RawAcme, directory: Path) -> Acme:
    """Resolve the table. Paths are relative to `directory`, that of the file."""
    key_files = {
        issuer.name: directory.absolute() / issuer.eab_hmac_key_file
        for issuer in table.issuer
        if issuer.eab_hmac_key_file is not UNSET
    }
    return Acme(
        settings=certs.AcmeSettings(
            email=_or_none(table.email),
            agree_to_terms=table.agree_to_terms,
            issuers=tuple(_issuer(one, directory) for one in table.issuer) or defaults.ISSUERS,
            user_agent=f"stalwart-edge/{edge.__version__}",
        ),
        eab_hmac_key_files=MappingProxyType(key_files),
        http_bind=tuple(map(parse_bind, table.http_bind)),
        dns=None if table.dns is UNSET else _dns(table.dns, directory),
    )


def managed(
    table: model.Certificate, acme: Acme | None, listeners: Iterable[Listener]
) -> certs.Managed:
    """What to obtain for one `[[certificate]]`."""
    return certs.Managed(
        names=tuple(certs.canonical_name(name) for name in table.names),
        key_types=defaults.KEY_TYPES if table.key_types is UNSET else table.key_types,
        challenges=_able(acme, listeners) if table.challenges is UNSET else table.challenges,
        reuse_key=table.reuse_key is True,
    )


def can_answer_tls_alpn(listeners: Iterable[Listener]) -> bool:
    """Whether a CA that connects to port 443 of this host finds TLS (RFC 8737 section 3)."""
    return any(
        address.port == TLS_ALPN_PORT
        for listener in listeners
        if listener.mode is Mode.TLS
        for address in listener.bind
    )


def _able(acme: Acme | None, listeners: Iterable[Listener]) -> tuple[certs.ChallengeType, ...]:
    """The challenges this file makes possible; something in any case, for the checks to judge."""
    able = []
    if can_answer_tls_alpn(listeners):
        able.append(certs.ChallengeType.TLS_ALPN_01)
    if acme is not None and acme.http_bind:
        able.append(certs.ChallengeType.HTTP_01)
    if acme is not None and acme.dns is not None:
        able.append(certs.ChallengeType.DNS_01)
    return tuple(able) or (certs.ChallengeType.TLS_ALPN_01,)


def _issuer(table: RawIssuer, directory: Path) -> certs.Issuer:
    profile = _or_none(table.profile)
    return certs.Issuer(
        name=table.name,
        directory=table.directory,
        staging_directory=_or_none(table.staging_directory) or _STAGING_OF.get(table.directory),
        profile=profile.removeprefix(_REQUIRE) if profile else None,
        is_profile_required=profile is not None and profile.startswith(_REQUIRE),
        eab_kid=_or_none(table.eab_kid),
        ca_bundle=None if table.ca_bundle is UNSET else directory.absolute() / table.ca_bundle,
        preferred_chain=_or_none(table.preferred_chain),
    )


def _dns(table: RawDns, directory: Path) -> Dns:
    return Dns(
        provider=_provider(table, directory),
        resolvers=() if table.resolvers is UNSET else tuple(map(parse_ip, table.resolvers)),
        is_propagation_checked=table.check_propagation,
    )


def _provider(table: RawDns, directory: Path) -> Rfc2136 | Exec | Lexicon:
    """Missing keys are reported by the checks: what stands for them here is never used."""
    match table.provider:
        case "rfc2136":
            secret = table.tsig_secret_file
            return Rfc2136(
                server=TcpAddress(
                    host="" if table.server is UNSET else parse_host(table.server),
                    port=defaults.DNS_PORT if table.port is UNSET else table.port,
                ),
                zone=_name(table.zone),
                tsig_name=_name(table.tsig_name),
                tsig_algorithm=_or_none(table.tsig_algorithm) or defaults.TSIG_ALGORITHM,
                tsig_secret_file=None if secret is UNSET else directory.absolute() / secret,
            )
        case "exec":
            return Exec(
                program=directory.absolute() / (_or_none(table.program) or ""),
                args=() if table.args is UNSET else table.args,
            )
        case provider:
            options = {} if table.options is UNSET else table.options
            return Lexicon(
                provider=provider,
                options=MappingProxyType(
                    {key: value for key, value in options.items() if not key.endswith(_FILE)}
                ),
                option_files=MappingProxyType(
                    {
                        key.removesuffix(_FILE): directory.absolute() / value
                        for key, value in options.items()
                        if key.endswith(_FILE)
                    }
                ),
            )


def _or_none(value: str | UnsetType) -> str | None:
    return None if value is UNSET else value


def _name(value: str | UnsetType) -> str | None:
    return None if value is UNSET else value.lower()
