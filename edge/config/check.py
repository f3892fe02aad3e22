"""What takes more than one key to judge: names that must meet, settings that exclude each other."""

from collections.abc import Iterator
from typing import Final

from msgspec import UNSET, structs

from certs import is_covered
from edge.config.acme.check import check_acme, check_managed
from edge.config.addresses import MAX_UNIX_PATH, covers, is_ip, is_local
from edge.config.convert import Raw
from edge.config.defaults import IDLE_FLOORS
from edge.config.findings import Findings, did_you_mean, quoted
from edge.config.model import Certificate as RawCertificate
from edge.config.model import Listener as RawListener
from edge.config.places import Table
from edge.config.resolve import Draft
from edge.config.tree import Listener, Mode, ProxyVersion, Source, TcpAddress
from edge.config.units import format_duration, parse_duration
from edge.core.protocol import Protocol
from edge.core.proxy.tlv import is_dns_name

_MX_PORT: Final = 25
_ONLY_ACME: Final = ("key_types", "reuse_key", "challenges")
_NO_STARTTLS: Final = frozenset({Protocol.HTTP, Protocol.RAW})


def cross_check(raw: Raw, draft: Draft, findings: Findings) -> None:
    """Add every problem between tables and between keys to `findings`."""
    _check_presence(raw, findings)
    _check_unique_names(raw, findings)
    if "backend" not in raw.broken:
        _check_references(draft, findings)
    for at, listener in draft.listeners.items():
        _check_listener(at, raw.listeners[at], listener, findings)
    _check_binds(draft, findings)
    _check_backends(raw, draft, findings)
    _check_certificate_names(draft, findings)
    for at, certificate in raw.certificates.items():
        _check_certificate(at, certificate, findings)
    if raw.acme is not None and draft.acme is not None:
        check_acme(raw, raw.acme, draft.acme, draft, findings)
    for at, resolved in draft.certificates.items():
        if resolved.managed is not None:
            check_managed(at, raw, draft, resolved.managed, findings)
    _check_hostname(raw, draft, findings)
    if raw.admin.socket is not UNSET and len(raw.admin.socket.encode()) > MAX_UNIX_PATH:
        message = f"the path of a unix socket has at most {MAX_UNIX_PATH} bytes"
        findings.error(("admin",), "socket", message, 'Write one like "/run/edge/admin.sock".')


def _check_presence(raw: Raw, findings: Findings) -> None:
    for key, tables in (
        ("listener", raw.listeners),
        ("backend", raw.backends),
        ("certificate", raw.certificates),
    ):
        if not tables and key not in raw.broken:
            findings.error((), None, f"there is no [[{key}]]", f"Add a [[{key}]] table.")


def _check_unique_names(raw: Raw, findings: Findings) -> None:
    for key, tables in (("listener", raw.listeners), ("backend", raw.backends)):
        seen: set[str] = set()
        for at, table in tables.items():
            if table.name in seen:
                message = f'another {key} is named "{table.name}"'
                findings.error((key, at), "name", message, "Give each a name of its own.")
            seen.add(table.name)


def _check_references(draft: Draft, findings: Findings) -> None:
    names = [backend.name for backend in draft.backends.values()]
    for at, listener in draft.listeners.items():
        if listener.backend not in names:
            near = did_you_mean(listener.backend, names)
            remedy = f'Did you mean "{near}"?' if near else "Add a [[backend]] with this name."
            message = f'no backend is named "{listener.backend}"'
            findings.error(("listener", at), "backend", message, remedy)


def _check_listener(at: int, raw: RawListener, listener: Listener, findings: Findings) -> None:
    table = ("listener", at)
    if listener.mode is Mode.STARTTLS and listener.protocol in _NO_STARTTLS:
        findings.error(
            table,
            "mode",
            f"{listener.protocol} has no STARTTLS",
            'Write mode = "tls", or name a mail protocol.',
        )
    _check_require_tls(at, raw, listener, findings)
    if raw.client_auth is not UNSET and raw.client_ca is UNSET:
        findings.error(
            table,
            "client_auth",
            "there is no CA to verify client certificates with",
            'Add client_ca = "ca.pem", or take client_auth out.',
        )
    _check_idle(at, raw, listener, findings)


def _check_require_tls(at: int, raw: RawListener, listener: Listener, findings: Findings) -> None:
    table = ("listener", at)
    if raw.require_tls is UNSET:
        if listener.mode is Mode.STARTTLS and any(one.port == _MX_PORT for one in listener.bind):
            # RFC 3207 section 4: a publicly-referenced server must not require STARTTLS.
            findings.warn(
                table,
                None,
                "mail servers that come without STARTTLS are refused on port 25",
                "Add require_tls = false; where that is meant, require_tls = true.",
            )
    elif listener.mode is Mode.TLS:
        message = "a listener with implicit TLS has no choice"
        findings.error(table, "require_tls", message, "Take require_tls out.")
    elif raw.require_tls is False and listener.protocol not in {None, Protocol.SMTP}:
        findings.error(
            table,
            "require_tls",
            f"passwords would cross the network: {listener.protocol} needs TLS",
            "Take require_tls out: only mail between servers (SMTP) may go on without TLS.",
        )


def _check_idle(at: int, raw: RawListener, listener: Listener, findings: Findings) -> None:
    protocol = listener.protocol or listener.likely_protocol
    if raw.timeouts.idle is UNSET or protocol not in IDLE_FLOORS:
        return
    least_s, source = IDLE_FLOORS[protocol]
    if parse_duration(raw.timeouts.idle) < least_s:
        findings.warn(
            ("listener", at, "timeouts"),
            "idle",
            f"shorter than {format_duration(least_s)}, which {source} grants a client",
            f'Write idle = "{format_duration(least_s)}" or more.',
        )


def _check_binds(draft: Draft, findings: Findings) -> None:
    seen: list[tuple[TcpAddress, str]] = []
    for table, key, address, element, owner in _binds(draft):
        for other, other_owner in seen:
            if covers(other, address) or covers(address, other):
                findings.error(
                    table,
                    key,
                    f"{address} is taken by {other} of {other_owner}",
                    "Take one of them out, or choose another address or port.",
                    element=element,
                )
                break
        seen.append((address, owner))


def _binds(draft: Draft) -> Iterator[tuple[Table, str, TcpAddress, int, str]]:
    """Every address to listen on: its table, key and position, and who it belongs to."""
    for at, listener in draft.listeners.items():
        for element, address in enumerate(listener.bind):
            yield ("listener", at), "bind", address, element, f'listener "{listener.name}"'
    for element, address in enumerate(draft.acme.http_bind if draft.acme else ()):
        yield ("acme",), "http_bind", address, element, "http_bind of [acme]"


def _check_backends(raw: Raw, draft: Draft, findings: Findings) -> None:
    used = {listener.backend for listener in draft.listeners.values()}
    binds = [(address, owner) for _, _, address, _, owner in _binds(draft)]
    for at, backend in draft.backends.items():
        table = ("backend", at)
        if backend.name not in used and "listener" not in raw.broken:
            message = "no listener uses this backend"
            findings.warn(table, "name", message, "Name it in a listener, or take it out.")
        for element, server in enumerate(backend.servers):
            if not is_local(server) and not raw.backends[at].allow_remote_plaintext:
                findings.error(
                    table,
                    "servers",
                    f"{server} is beyond this host: mail and passwords would cross the network "
                    "unencrypted",
                    "Use a loopback address or a unix socket; behind a tunnel of your own, add "
                    "allow_remote_plaintext = true.",
                    element=element,
                )
            for address, owner in binds:
                if not isinstance(server, TcpAddress) or not is_local(server):
                    continue
                if address == server:
                    message = f"this is {owner}: the edge would connect to itself"
                    remedy = "Write the address of the mail server."
                    findings.error(table, "servers", message, remedy, element=element)
                elif covers(address, server):
                    findings.warn(
                        table,
                        "servers",
                        f"{server} is also where {owner} listens: one of both programs will find "
                        "the address in use",
                        "Bind to the public addresses of this host instead of all.",
                        element=element,
                    )
        if backend.proxy_protocol is not ProxyVersion.V2 and raw.backends[at].tlvs is not UNSET:
            message = f'proxy_protocol = "{backend.proxy_protocol.value}" has no TLVs'
            findings.error(table, "tlvs", message, 'Write proxy_protocol = "v2", or take it out.')


def _check_certificate_names(draft: Draft, findings: Findings) -> None:
    seen: set[str] = set()
    for at, certificate in draft.certificates.items():
        for element, name in enumerate(certificate.names):
            if name in seen:
                findings.error(
                    ("certificate", at),
                    "names",
                    f"{quoted(name)} has a certificate already",
                    "Take one out; for two kinds of key, write lists in cert and key of one table.",
                    element=element,
                )
            seen.add(name)


def _check_certificate(at: int, certificate: RawCertificate, findings: Findings) -> None:
    table = ("certificate", at)
    given = structs.asdict(certificate)
    for element, name in enumerate(certificate.names):
        if not is_dns_name(name.removeprefix("*.")) and not is_ip(name):
            findings.error(
                table,
                "names",
                f"{quoted(name)} is neither a DNS name nor an IP address",
                'Write "mail.example.org"; a wildcard stands only in front: "*.example.org".',
                element=element,
            )
    if certificate.source is not Source.ACME:
        for key in _ONLY_ACME:
            if given[key] is not UNSET:
                message = f'only source = "acme" has {key}'
                findings.error(table, key, message, f'Take {key} out, or write source = "acme".')
    if certificate.source is not Source.FILES:
        made = "makes" if certificate.source is Source.SELF_SIGNED else "obtains"
        for key in ("cert", "key"):
            if given[key] is not UNSET:
                message = f'source = "{certificate.source.value}" {made} its own {key}'
                findings.error(table, key, message, f'Take {key} out, or write source = "files".')
        return
    for key in ("cert", "key"):
        if given[key] is UNSET:
            message = f'source = "files" needs `{key}`'
            findings.error(table, None, message, f'Add {key} = "/path/to/{key}.pem".')
    if certificate.cert is not UNSET and certificate.key is not UNSET:
        certs = (certificate.cert,) if isinstance(certificate.cert, str) else certificate.cert
        keys = (certificate.key,) if isinstance(certificate.key, str) else certificate.key
        if len(certs) != len(keys):
            message = f"{len(certs)} certificates and {len(keys)} keys do not pair up"
            findings.error(table, "key", message, "Write one key for each cert, in their order.")


def _check_hostname(raw: Raw, draft: Draft, findings: Findings) -> None:
    if raw.edge is None:
        return
    if not is_dns_name(raw.edge.hostname):
        message = f"{quoted(raw.edge.hostname)} is not a DNS name"
        findings.error(("edge",), "hostname", message, 'Write one like "mail.example.org".')
        return
    if not draft.certificates or "certificate" in raw.broken:
        return
    names = [name for one in draft.certificates.values() for name in one.names]
    if not is_covered(raw.edge.hostname.lower(), names):
        findings.error(
            ("edge",),
            "hostname",
            f'no certificate is for "{raw.edge.hostname}"',
            "Add the name to `names` of the certificate that clients without SNI are to get.",
        )
