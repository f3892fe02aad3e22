"""What is said when there is no session to give: before a greeting, before TLS, inside TLS."""

from enum import Enum
from typing import assert_never

from edge.core.protocol import Protocol


class Farewell(Enum):
    """Why the edge closes. The value is the text that the client's log will show."""

    UNAVAILABLE = "Service unavailable, try again later"
    """The backend is unknown, unreachable, or refused."""
    TIMEOUT = "Timeout"
    SHUTDOWN = "Shutting down, try again later"
    LIMIT = "Too many connections, try again later"


def farewell(protocol: Protocol, kind: Farewell, hostname: str) -> bytes:
    """One complete refusal, to be written before a close; empty when the protocol has none.

    RFC 5321 section 3.8 and RFC 3463 (SMTP), RFC 9051 section 7.1.5 and RFC 5530 (IMAP), RFC 3206
    (POP3), RFC 5804 section 1.3 (ManageSieve), RFC 9110 section 15.6.4 (HTTP).
    """
    is_temporary = kind is not Farewell.TIMEOUT
    match protocol:
        case Protocol.SMTP:
            reply = f"421 {_enhanced_code(kind)} {hostname} {kind.value}"
        case Protocol.IMAP:
            reply = f"* BYE {'[UNAVAILABLE] ' if is_temporary else ''}{kind.value}"
        case Protocol.POP3:
            reply = f"-ERR {'[SYS/TEMP] ' if is_temporary else ''}{kind.value}"
        case Protocol.SIEVE:
            reply = f'BYE {"(TRYLATER) " if is_temporary else ""}"{kind.value}"'
        case Protocol.HTTP:
            reply = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n"
        case Protocol.RAW:
            return b""
        case _:
            assert_never(protocol)
    return f"{reply}\r\n".encode()


def _enhanced_code(kind: Farewell) -> str:
    match kind:
        case Farewell.UNAVAILABLE | Farewell.SHUTDOWN:
            return "4.3.2"
        case Farewell.TIMEOUT:
            return "4.4.2"
        case Farewell.LIMIT:
            return "4.7.0"
        case _:
            assert_never(kind)
