"""The stand-in's SMTP, by aiosmtpd: an MX without AUTH, and a submission port that insists on it.

Texts are Stalwart's; so is the rule that AUTH exists only off port 25 and only with TLS.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aiosmtpd.proxy_protocol import ProxyData
from aiosmtpd.smtp import MISSING, SMTP, AuthResult, Envelope, LoginPassword, Session

from edge.core.proxy.decode import decode
from edge.demo.standin.account import HOSTNAME, MESSAGE_LIMIT_BYTES, Account, is_login
from edge.demo.standin.wire import is_tls
from edge.errors import NEED_MORE, ProtocolError

_SESSION_S: Final = 300.0
_HEADER_S: Final = 5.0


@dataclass(kw_only=True)
class _Hooks:
    """What aiosmtpd calls, by name, during one connection.

    Without slots: aiosmtpd finds the hooks by `inspect.getmembers`, which fails on a slotted
    dataclass in Python before 3.11.3.
    """

    account: Account
    on_header: Callable[[bytes], None]
    is_submission: bool
    is_tls: bool = False

    @property
    def offers_auth(self) -> bool:
        return self.is_submission and self.is_tls

    async def handle_PROXY(  # noqa: N802
        self, _smtp: SMTP, _session: Session, _envelope: Envelope, proxy: ProxyData
    ) -> bool:
        raw = bytes(proxy.whole_raw)
        try:
            header = decode(raw)
        except ProtocolError:
            return False
        if header is NEED_MORE:
            return False
        self.is_tls = is_tls(header)
        self.on_header(raw)
        return True

    async def handle_EHLO(  # noqa: N802
        self, _smtp: SMTP, session: Session, _envelope: Envelope, host: str, _lines: list[str]
    ) -> list[str]:
        session.host_name = host
        return [
            f"250-{HOSTNAME} you had me at EHLO",
            "250-SMTPUTF8",
            f"250-SIZE {MESSAGE_LIMIT_BYTES}",
            "250-PIPELINING",
            "250-ENHANCEDSTATUSCODES",
            *(["250-AUTH PLAIN LOGIN"] if self.offers_auth else []),
            "250 8BITMIME",
        ]

    async def handle_HELO(  # noqa: N802
        self, _smtp: SMTP, session: Session, _envelope: Envelope, host: str
    ) -> str:
        session.host_name = host
        return f"250 {HOSTNAME} you had me at HELO"

    async def handle_AUTH(  # noqa: N802
        self, _smtp: SMTP, _session: Session, _envelope: Envelope, _args: list[str]
    ) -> object:
        # MISSING is aiosmtpd's "not decided here": it runs the mechanism itself then.
        return MISSING if self.offers_auth else "503 5.5.1 AUTH not allowed."

    async def handle_MAIL(  # noqa: N802
        self, _smtp: SMTP, session: Session, envelope: Envelope, sender: str, options: list[str]
    ) -> str:
        if self.is_submission and not session.authenticated:
            return "503 5.5.1 You must authenticate first."
        envelope.mail_from = sender
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_DATA(  # noqa: N802
        self, _smtp: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        self.account.deliver(envelope.original_content or b"")
        return "250 2.0.0 Message queued."


def smtp_protocol(
    account: Account, on_header: Callable[[bytes], None], *, is_submission: bool
) -> asyncio.Protocol:
    """The protocol of one new connection; call it in a running loop."""
    return SMTP(
        _Hooks(account=account, on_header=on_header, is_submission=is_submission),
        hostname=HOSTNAME,
        ident="Stalwart ESMTP at your service",
        data_size_limit=MESSAGE_LIMIT_BYTES,
        enable_SMTPUTF8=True,
        auth_require_tls=False,  # aiosmtpd knows only its own TLS: the hooks above decide
        auth_exclude_mechanism=(),
        authenticator=_authenticate,
        proxy_protocol_timeout=_HEADER_S,
        timeout=_SESSION_S,
        loop=asyncio.get_running_loop(),
    )


def _authenticate(
    _smtp: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, login: object
) -> AuthResult:
    granted = isinstance(login, LoginPassword) and is_login(
        login.login.decode(errors="replace"), login.password.decode(errors="replace")
    )
    return AuthResult(success=granted, handled=False)
