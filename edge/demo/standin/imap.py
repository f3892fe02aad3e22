"""The stand-in's IMAP4rev1 (RFC 3501), with Stalwart's texts: enough for curl, imaplib, openssl."""

import re
from dataclasses import dataclass
from typing import Final

from edge.demo.standin.account import Account, is_login, is_plain_login
from edge.demo.standin.fetch import fetch_line, numbers_of
from edge.demo.standin.wire import Wire

_ASTRING = re.compile(rb'"((?:[^"\\]|\\.)*)"|([^\s"]+)')
_CAPABILITIES: Final = b"IMAP4rev1 ENABLE SASL-IR ID IDLE AUTH=PLAIN"


@dataclass(slots=True, kw_only=True)
class _Session:
    account: Account
    wire: Wire
    is_authenticated: bool = False
    is_selected: bool = False


async def speak_imap(wire: Wire, account: Account) -> None:
    """Serve one connection until LOGOUT or the end of the stream."""
    session = _Session(account=account, wire=wire)
    await wire.send(b"* OK [CAPABILITY %s] Stalwart IMAP4rev1 at your service." % _CAPABILITIES)
    while (line := await wire.line()) is not None:
        tag, _, command = line.partition(b" ")
        verb, _, rest = command.partition(b" ")
        verb = verb.upper()
        if verb == b"LOGOUT":
            await wire.send(b"* BYE Stalwart IMAP4rev1 bids you farewell.", tag + b" OK Bye.")
            return
        await wire.send(tag + b" " + await _answer(session, verb, rest))


async def _answer(session: _Session, verb: bytes, rest: bytes) -> bytes:
    """The tagged reply, without the tag; untagged ones have been sent."""
    wire = session.wire
    match verb:
        case b"CAPABILITY":
            await wire.send(b"* CAPABILITY " + _CAPABILITIES)
        case b"ID":
            await wire.send(b'* ID ("name" "Stalwart stand-in")')
        case b"NOOP" | b"ENABLE" | b"CHECK":
            pass
        case b"STARTTLS":
            return b"NO TLS is not available."
        case b"LOGIN" | b"AUTHENTICATE" if not wire.is_tls:
            return b"NO LOGIN is disabled on the clear-text port."
        case b"LOGIN":
            words = _astrings(rest)
            return _granted(session, len(words) == 2 and is_login(words[0], words[1]))
        case b"AUTHENTICATE":
            return await _authenticate(session, rest)
        case _ if not session.is_authenticated:
            return b"NO Authenticate first."
        case _:
            return await _authenticated(session, verb, rest)
    return b"OK Completed."


async def _authenticate(session: _Session, rest: bytes) -> bytes:
    mechanism, _, response = rest.partition(b" ")
    if mechanism.upper() != b"PLAIN":
        return b"NO Unsupported mechanism."
    if not response:
        await session.wire.send(b"+ ")
        response = await session.wire.line() or b""
    return _granted(session, is_plain_login(response))


def _granted(session: _Session, is_granted: bool) -> bytes:
    session.is_authenticated = is_granted
    return b"OK Authenticated." if is_granted else b"NO [AUTHENTICATIONFAILED] No."


async def _authenticated(session: _Session, verb: bytes, rest: bytes) -> bytes:
    wire, messages = session.wire, session.account.messages
    is_inbox = [word.upper() for word in _astrings(rest)[:1]] == ["INBOX"]
    match verb:
        case b"LIST" | b"LSUB":
            await wire.send(b'* %s () "/" INBOX' % verb)
        case b"NAMESPACE":
            await wire.send(b'* NAMESPACE (("" "/")) NIL NIL')
        case b"STATUS" if is_inbox:
            await wire.send(
                b"* STATUS INBOX (MESSAGES %d RECENT 0 UNSEEN 0 UIDVALIDITY 1 UIDNEXT %d)"
                % (len(messages), session.account.next_uid)
            )
        case b"SELECT" | b"EXAMINE" if is_inbox:
            session.is_selected = True
            await wire.send(
                rb"* FLAGS (\Seen)",
                b"* %d EXISTS" % len(messages),
                b"* 0 RECENT",
                b"* OK [UIDVALIDITY 1] UIDs are valid.",
                b"* OK [UIDNEXT %d] Predicted next UID." % session.account.next_uid,
            )
            return b"OK [READ-ONLY] Selected."
        case b"SELECT" | b"EXAMINE" | b"STATUS":
            return b"NO [NONEXISTENT] There is only INBOX."
        case b"CLOSE" | b"UNSELECT":
            session.is_selected = False
        case b"IDLE":
            await wire.send(b"+ Idling.")
            await wire.line()
        case _ if not session.is_selected:
            return b"BAD Unknown command, or no mailbox selected."
        case _:
            return await _selected(session, verb, rest)
    return b"OK Completed."


async def _selected(session: _Session, verb: bytes, rest: bytes) -> bytes:
    wire, messages = session.wire, session.account.messages
    by_uid = verb == b"UID"
    if by_uid:
        verb, _, rest = rest.partition(b" ")
        verb = verb.upper()
    match verb:
        case b"SEARCH":
            found = [each.uid if by_uid else number for number, each in enumerate(messages, 1)]
            await wire.send(b" ".join([b"* SEARCH", *(b"%d" % each for each in found)]))
        case b"FETCH":
            wanted, _, items = rest.partition(b" ")
            numbers = numbers_of(wanted, messages, by_uid=by_uid)
            for number in numbers:
                line = fetch_line(number, messages[number - 1], items, by_uid=by_uid)
                if line is None:
                    return b"BAD Unknown FETCH item."
                await wire.send(line)
        case _:
            return b"NO This mailbox is read-only."
    return b"OK Completed."


def _astrings(text: bytes) -> list[str]:
    """Quoted strings and atoms of a line, unquoted; no literals."""
    return [
        (re.sub(rb"\\(.)", rb"\1", quoted) if quoted or not atom else atom).decode(errors="replace")
        for quoted, atom in _ASTRING.findall(text)
    ]
