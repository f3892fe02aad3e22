"""The stand-in's POP3 (RFC 1939, 2449, 5034), with Stalwart's texts. The mailbox is read-only."""

from dataclasses import dataclass, field
from typing import Final

from edge.demo.standin.account import Account, Message, is_login, is_plain_login
from edge.demo.standin.wire import Wire

_CAPABILITIES: Final = (
    b"TOP",
    b"RESP-CODES",
    b"PIPELINING",
    b"EXPIRE NEVER",
    b"UIDL",
    b"UTF8",
    b"IMPLEMENTATION Stalwart Server",
)


@dataclass(slots=True, kw_only=True)
class _Session:
    account: Account
    wire: Wire
    user: str = ""
    # Numbers stay with their messages, whatever arrives meanwhile (RFC 1939 §4).
    messages: tuple[Message, ...] = ()
    is_authenticated: bool = field(default=False)


async def speak_pop3(wire: Wire, account: Account) -> None:
    """Serve one connection until QUIT or the end of the stream."""
    session = _Session(account=account, wire=wire)
    await wire.send(b"+OK Stalwart POP3 at your service.")
    while (line := await wire.line()) is not None:
        verb, _, rest = line.partition(b" ")
        match verb.upper():
            case b"QUIT":
                await wire.send(b"+OK Bye.")
                return
            case b"CAPA":
                await wire.send(b"+OK Capability list follows", *_capabilities(wire), b".")
            case b"STLS":
                await wire.send(b"-ERR TLS is not available.")
            case b"USER" | b"PASS" | b"AUTH" if not wire.is_tls:
                await wire.send(b"-ERR Cannot authenticate over plain-text.")
            case b"USER":
                session.user = rest.decode(errors="replace")
                await wire.send(b"+OK")
            case b"PASS":
                await _authenticate(session, is_login(session.user, rest.decode(errors="replace")))
            case b"AUTH":
                await _authenticate_plain(session, rest)
            case b"NOOP" | b"RSET":
                await wire.send(b"+OK")
            case _ if not session.is_authenticated:
                await wire.send(b"-ERR Authenticate first.")
            case known:
                await _transact(session, known, rest.split())


def _capabilities(wire: Wire) -> tuple[bytes, ...]:
    if wire.is_tls:
        return (b"USER", b"SASL PLAIN", *_CAPABILITIES)
    return (b"STLS", *_CAPABILITIES)


async def _authenticate_plain(session: _Session, rest: bytes) -> None:
    mechanism, _, response = rest.partition(b" ")
    if mechanism.upper() != b"PLAIN":
        await session.wire.send(b"-ERR Unsupported mechanism.")
        return
    if not response:
        await session.wire.send(b"+ ")
        response = await session.wire.line() or b""
    await _authenticate(session, is_plain_login(response))


async def _authenticate(session: _Session, is_granted: bool) -> None:
    if is_granted:
        session.is_authenticated = True
        session.messages = tuple(session.account.messages)
        await session.wire.send(b"+OK Authentication successful.")
    else:
        await session.wire.send(b"-ERR [AUTH] Authentication failed.")


async def _transact(session: _Session, verb: bytes, args: list[bytes]) -> None:
    send, messages = session.wire.send, session.messages
    if verb == b"STAT":
        await send(b"+OK %d %d" % (len(messages), sum(len(each.content) for each in messages)))
        return
    if verb in {b"LIST", b"UIDL"} and not args:
        lines = [_list_line(verb, number, each) for number, each in enumerate(messages, 1)]
        await send(b"+OK", *lines, b".")
        return
    number = int(args[0]) if args and args[0].isdigit() else 0
    if not 1 <= number <= len(messages):
        await send(b"-ERR No such message, or no such command.")
        return
    message = messages[number - 1]
    match verb:
        case b"LIST" | b"UIDL":
            await send(b"+OK " + _list_line(verb, number, message))
        case b"RETR":
            await send(b"+OK %d octets" % len(message.content), *_stuffed(message.content), b".")
        case b"TOP" if len(args) == 2 and args[1].isdigit():
            body = message.text.splitlines()[: int(args[1])]
            head = message.header.removesuffix(b"\r\n")
            await send(b"+OK", *_stuffed(head + b"\r\n" + b"\r\n".join(body)), b".")
        case _:
            await send(b"-ERR This mailbox is read-only.")


def _list_line(verb: bytes, number: int, message: Message) -> bytes:
    return b"%d %d" % (number, len(message.content) if verb == b"LIST" else message.uid)


def _stuffed(content: bytes) -> list[bytes]:
    """Lines with a dot doubled at their start (RFC 1939 §3)."""
    lines = content.removesuffix(b"\r\n").split(b"\r\n")
    return [b"." + line if line.startswith(b".") else line for line in lines]
