"""How a connection ended: the closed list that records, metrics and tests share."""

from enum import StrEnum


class Outcome(StrEnum):
    """One value per connection, in its closing record. Names are an interface: never rename one."""

    # The session was relayed and ended by …
    CLIENT_CLOSED = "client_closed"
    BACKEND_CLOSED = "backend_closed"
    CLIENT_ABORTED = "client_aborted"
    """Reset, or end of stream without close_notify: the relay was aborted, not finished."""
    BACKEND_ABORTED = "backend_aborted"
    IDLE_TIMEOUT = "idle_timeout"
    LIFETIME_EXCEEDED = "lifetime_exceeded"
    HALF_CLOSED_TIMEOUT = "half_closed_timeout"

    # It ended before the relay because the client …
    CHALLENGE_ANSWERED = "challenge_answered"
    """Was a CA that validates a name by tls-alpn-01."""
    CLIENT_QUIT = "client_quit"
    """Said QUIT or LOGOUT in the clear phase."""
    CLIENT_GONE = "client_gone"
    """Closed or reset before the relay began."""
    SETUP_TIMEOUT = "setup_timeout"
    HELLO_TIMEOUT = "hello_timeout"
    HANDSHAKE_TIMEOUT = "handshake_timeout"
    HELLO_INVALID = "hello_invalid"
    HELLO_TOO_LARGE = "hello_too_large"
    ALPN_MISMATCH = "alpn_mismatch"
    SNI_UNKNOWN = "sni_unknown"
    HANDSHAKE_FAILED = "handshake_failed"
    CLIENT_CERTIFICATE_FAILED = "client_certificate_failed"
    STARTTLS_INJECTION = "starttls_injection"
    WRONG_PROTOCOL = "wrong_protocol"
    """TLS, HTTP, RDP or SSH bytes on a port that speaks mail in the clear."""
    MALFORMED_LINE = "malformed_line"
    """Bare CR or LF, NUL, 8-bit, or a literal in the clear phase."""
    LINE_TOO_LONG = "line_too_long"
    TOO_MANY_COMMANDS = "too_many_commands"
    TOO_MUCH_CLEARTEXT = "too_much_cleartext"

    # … or because the backend …
    BACKEND_UNKNOWN = "backend_unknown"
    """No probe has learnt its greeting yet."""
    BACKEND_UNREACHABLE = "backend_unreachable"
    BACKEND_TIMEOUT = "backend_timeout"
    BACKEND_REFUSED = "backend_refused"
    """Its greeting was a refusal, or no greeting of the expected protocol."""
    BACKEND_EOF = "backend_eof"
    """It closed without a greeting: a banned client, or a limit of the backend."""

    # … or because the edge …
    SHUTDOWN = "shutdown"
    INTERNAL_ERROR = "internal_error"
