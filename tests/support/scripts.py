"""Scripts for `FakeBackend`: small mail servers, as polite as a probe needs them."""

from collections.abc import Callable, Mapping

from tests.support.fake_backend import Conversation, Script

GREETINGS: Mapping[str, bytes] = {
    "smtp": b"220 fake.example.org ESMTP ready\r\n",
    "imap": b"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN STARTTLS] fake ready\r\n",
    "pop3": b"+OK fake POP3 ready\r\n",
    "sieve": b'"IMPLEMENTATION" "fake"\r\n"SASL" "PLAIN"\r\n"SIEVE" "fileinto"\r\n"STARTTLS"\r\n'
    b'"VERSION" "1.0"\r\nOK "fake ready"\r\n',
}

SIEVE_BEHIND_STARTTLS = GREETINGS["sieve"].replace(b'"STARTTLS"\r\n', b"")
"""What a client is to see of the capabilities once TLS is on (RFC 5804 section 2.2)."""

Answer = Callable[[bytes], bytes | None]
"""The reply to one line (without CRLF); None ends the conversation."""


def smtp(line: bytes) -> bytes:
    match line.split(b" ")[0].upper():
        case b"EHLO":
            keywords = [b"PIPELINING", b"SIZE 1000000", b"STARTTLS", b"AUTH PLAIN", b"8BITMIME"]
            return b"".join(
                b"250-" + word + b"\r\n" for word in [b"fake.example.org", *keywords[:-1]]
            ) + (b"250 8BITMIME\r\n")
        case b"QUIT":
            return b"221 2.0.0 bye\r\n"
        case b"DATA":
            return b"354 go on\r\n"
        case _:
            return b"250 2.0.0 fine\r\n"


def imap(line: bytes) -> bytes:
    tag, _, command = line.partition(b" ")
    match command.split(b" ")[0].upper():
        case b"CAPABILITY":
            return b"* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN STARTTLS\r\n" + tag + b" OK done\r\n"
        case b"LOGOUT":
            return b"* BYE bye\r\n" + tag + b" OK done\r\n"
        case _:
            return tag + b" OK done\r\n"


def pop3(line: bytes) -> bytes:
    match line.split(b" ")[0].upper():
        case b"CAPA":
            return b"+OK list\r\nUSER\r\nSASL PLAIN\r\nSTLS\r\nUIDL\r\nTOP\r\n.\r\n"
        case _:
            return b"+OK fine\r\n"


def sieve(line: bytes) -> bytes:
    match line.split(b" ")[0].upper():
        case b"CAPABILITY":
            return GREETINGS["sieve"]
        case _:
            return b'OK "fine"\r\n'


ANSWERS: Mapping[str, Callable[[bytes], bytes]] = {
    "smtp": smtp,
    "imap": imap,
    "pop3": pop3,
    "sieve": sieve,
}


def polite(protocol: str, *, greeting: bytes | None = None) -> Script:
    """Greets, answers each line, closes after QUIT or LOGOUT."""
    answer = ANSWERS[protocol]

    def script(one: Conversation) -> None:
        one.send(GREETINGS[protocol] if greeting is None else greeting)
        while line := one.line():
            one.send(answer(line.rstrip(b"\r\n")))
            if b"QUIT" in line.upper() or b"LOGOUT" in line.upper():
                return

    return script


def mailbox(delivered: list[bytes]) -> Script:
    """SMTP that appends each complete message (to CRLF . CRLF) to `delivered`."""

    def script(one: Conversation) -> None:
        one.send(GREETINGS["smtp"])
        while line := one.line():
            one.send(smtp(line.rstrip(b"\r\n")))
            if line.upper() == b"DATA\r\n":
                message = b""
                while not message.endswith(b"\r\n.\r\n"):
                    part = one.line()
                    if not part:
                        return
                    message += part
                delivered.append(message)
                one.send(b"250 2.0.0 queued\r\n")
            elif line.upper() == b"QUIT\r\n":
                return

    return script


def greet_and(protocol: str, rest: Script) -> Script:
    """The good greeting, then `rest`."""

    def script(one: Conversation) -> None:
        one.send(GREETINGS[protocol])
        rest(one)

    return script


def echo(one: Conversation) -> None:
    """Send back every byte, then the end of the stream."""
    while data := one.sock.recv(65536):
        one.received += data
        one.sock.sendall(data)
    one.end = "eof"
