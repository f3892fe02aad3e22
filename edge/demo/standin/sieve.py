"""The stand-in's ManageSieve (RFC 5804), with Stalwart's texts: scripts in memory."""

import re
from dataclasses import dataclass
from typing import Final

from edge.demo.standin.account import SCRIPT_LIMIT_BYTES, Account, is_plain_login
from edge.demo.standin.wire import Wire

_QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)"|([^\s"]+)')
_LITERAL = re.compile(rb"\{(\d{1,9})\+?\}$")
_BEFORE_LOGIN: Final = frozenset({b"CAPABILITY", b"NOOP", b"LOGOUT", b"STARTTLS", b"AUTHENTICATE"})


@dataclass(slots=True, kw_only=True)
class _Session:
    account: Account
    wire: Wire
    is_authenticated: bool = False


async def speak_sieve(wire: Wire, account: Account) -> None:
    """Serve one connection until LOGOUT or the end of the stream."""
    session = _Session(account=account, wire=wire)
    await wire.send(*_capabilities(wire), b'OK "Stalwart ManageSieve at your service."')
    while (words := await _command(wire)) is not None:
        verb = words[0].upper() if words else b""
        await wire.send(await _answer(session, verb, words[1:]))
        if verb == b"LOGOUT":
            return


def _capabilities(wire: Wire) -> list[bytes]:
    return [
        b'"IMPLEMENTATION" "Stalwart ManageSieve"',
        b'"VERSION" "1.0"',
        *([b'"SASL" "PLAIN"'] if wire.is_tls else [b'"STARTTLS"', b'"SASL" ""']),
        b'"SIEVE" "fileinto envelope imap4flags variables vacation"',
        b'"NOTIFY" "mailto"',
        b'"MAXREDIRECTS" "1"',
    ]


async def _command(wire: Wire) -> list[bytes] | None:
    """The words of one command, literals among them; None at the end, or at one too long."""
    words: list[bytes] = []
    while (line := await wire.line()) is not None:
        literal = _LITERAL.search(line)
        text = line[: literal.start()] if literal else line
        words += [
            re.sub(rb"\\(.)", rb"\1", quoted) or atom for quoted, atom in _QUOTED.findall(text)
        ]
        if literal is None:
            return words
        size = int(literal[1])
        value = await wire.exactly(size) if size <= SCRIPT_LIMIT_BYTES else None
        if value is None:
            return None
        words.append(value)
    return None


async def _answer(session: _Session, verb: bytes, args: list[bytes]) -> bytes:
    wire, account = session.wire, session.account
    if verb not in _BEFORE_LOGIN and not session.is_authenticated:
        return b'NO "Authenticate first."'
    match verb, args:
        case (b"LOGOUT" | b"NOOP", _):
            return b'OK "Done."'
        case (b"CAPABILITY", _):
            await wire.send(*_capabilities(wire))
        case (b"STARTTLS", _):
            return b'NO "TLS is not available."'
        case (b"AUTHENTICATE", _) if not wire.is_tls:
            return b'NO (ENCRYPT-NEEDED) "Cannot authenticate over plain-text."'
        case (b"AUTHENTICATE", [mechanism, *response]) if mechanism.upper() == b"PLAIN":
            return await _authenticate(session, response)
        case (b"LISTSCRIPTS", []):
            for name in account.scripts:
                mark = b" ACTIVE" if name == account.active_script else b""
                await wire.send(_quote(name) + mark)
        case (b"GETSCRIPT", [name]) if (script := account.scripts.get(_text(name))) is not None:
            await wire.send(b"{%d}\r\n%s" % (len(script), script))
        case (b"PUTSCRIPT", [name, script]):
            if not account.put_script(_text(name), script):
                return b'NO (QUOTA/MAXSCRIPTS) "Too many scripts."'
        case (b"CHECKSCRIPT", [_]) | (b"HAVESPACE", [_, _]):
            pass
        case (b"SETACTIVE", [name]) if not name or _text(name) in account.scripts:
            account.active_script = _text(name) or None
        case (b"DELETESCRIPT", [name]) if _text(name) in account.scripts:
            if _text(name) == account.active_script:
                return b'NO (ACTIVE) "The active script cannot be deleted."'
            del account.scripts[_text(name)]
        case (b"GETSCRIPT" | b"SETACTIVE" | b"DELETESCRIPT", [_]):
            return b'NO (NONEXISTENT) "There is no such script."'
        case _:
            return b'NO "Unknown command."'
    return b'OK "Done."'


async def _authenticate(session: _Session, response: list[bytes]) -> bytes:
    if not response:
        await session.wire.send(b'""')
        response = await _command(session.wire) or [b""]
    session.is_authenticated = is_plain_login(response[0])
    return b'OK "Authenticated."' if session.is_authenticated else b'NO "Authentication failed."'


def _text(name: bytes) -> str:
    return name.decode(errors="replace")


def _quote(name: str) -> bytes:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'.encode()
