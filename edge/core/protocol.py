"""The protocols the edge can stand in front of, and what a probe learns of a backend."""

from dataclasses import dataclass
from enum import StrEnum


class Protocol(StrEnum):
    """What is spoken behind TLS on a listener, once `auto` has been resolved."""

    SMTP = "smtp"
    IMAP = "imap"
    POP3 = "pop3"
    SIEVE = "sieve"
    HTTP = "http"
    RAW = "raw"

    is_mail: bool
    """Whether the server speaks first and a clear phase with STARTTLS exists."""

    def __init__(self, name: str) -> None:
        self.is_mail = name not in {"http", "raw"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """What a probe saw of a backend in the clear: enough to greet clients in its name.

    `banner` is the greeting's text without status word, code or CRLF (for ManageSieve: the text of
    the final OK, without quotes). `capabilities` are the capabilities as the backend wrote them,
    one item each, without framing: an EHLO keyword line (`b"SIZE 104857600"`), an IMAP capability
    atom (`b"SASL-IR"`), a CAPA line, a ManageSieve capability line (`b'"SIEVE" "fileinto"'`).
    `ehlo` is the text of the first line of the EHLO reply (SMTP only, else empty).
    All are bounded, printable US-ASCII: the probe refuses anything else.
    """

    protocol: Protocol
    banner: bytes
    capabilities: tuple[bytes, ...]
    ehlo: bytes = b""
