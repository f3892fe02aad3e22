"""The one account of the stand-in: its login, its mailbox and its Sieve scripts, all in memory."""

import base64
import binascii
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final

USER: Final = "demo"
PASSWORD: Final = "demo"  # noqa: S105  # shown on the start screen
HOSTNAME: Final = "mail.demo.test"
ADDRESS: Final = f"{USER}@demo.test"

MESSAGE_LIMIT_BYTES: Final = 1024 * 1024
SCRIPT_LIMIT_BYTES: Final = 64 * 1024
_MESSAGES: Final = 100
_SCRIPTS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message, with CRLF line ends. `uid` never changes and never comes back."""

    uid: int
    content: bytes

    @property
    def header(self) -> bytes:
        """The header with the empty line that ends it."""
        head, mark, _ = self.content.partition(b"\r\n\r\n")
        return head + mark

    @property
    def text(self) -> bytes:
        """All that follows the empty line."""
        return self.content.partition(b"\r\n\r\n")[2]


@dataclass(slots=True)
class Account:
    """Mail and scripts of the demo user. Bounded: the oldest message makes room for a new one."""

    messages: list[Message] = field(default_factory=list)
    scripts: dict[str, bytes] = field(default_factory=dict)
    active_script: str | None = None
    next_uid: int = 1

    def deliver(self, content: bytes) -> None:
        """Add one message to the mailbox."""
        self.messages.append(Message(uid=self.next_uid, content=content))
        self.next_uid += 1
        del self.messages[:-_MESSAGES]

    def put_script(self, name: str, script: bytes) -> bool:
        """Store a script; False when there are too many."""
        if name not in self.scripts and len(self.scripts) >= _SCRIPTS:
            return False
        self.scripts[name] = script
        return True


def is_login(user: str, password: str) -> bool:
    """Whether these are the demo's credentials."""
    return (user, password) == (USER, PASSWORD)


def is_plain_login(response: bytes) -> bool:
    """Whether a base64 SASL PLAIN response (RFC 4616) holds the demo's credentials."""
    try:
        parts = base64.b64decode(response, validate=True).decode().split("\0")
    except (binascii.Error, UnicodeDecodeError):
        return False
    return len(parts) == 3 and is_login(parts[1], parts[2])


def first_account() -> Account:
    """The account as the demo starts: one message, one active script."""
    message = EmailMessage(policy=SMTP)
    message["From"] = f"stalwart-edge demo <postmaster@{HOSTNAME}>"
    message["To"] = ADDRESS
    message["Subject"] = "Hello from behind the edge"
    message["Date"] = "Thu, 01 Jan 2026 00:00:00 +0000"
    message["Message-ID"] = f"<hello@{HOSTNAME}>"
    message.set_content(
        "The server that keeps this message has no certificate and speaks no TLS.\n"
        "The edge does that for it, and tells it in a PROXY header who you are.\n"
    )
    account = Account()
    account.deliver(message.as_bytes())
    account.put_script("hello", b'require ["fileinto"];\r\nkeep;\r\n')
    account.active_script = "hello"
    return account
