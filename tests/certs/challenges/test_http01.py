"""http-01: several answers at once, and rehearsals through the real server."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from certs.challenges.http01 import Http01Answers, Http01Solver
from certs.challenges.http01_server import http01_application, serve_http01
from certs.challenges.solver import PathError, Proof
from tests.support.ports import Ports

NAME = "mail.example.org"


def proof(token: str, identifier: str = NAME) -> Proof:
    return Proof(
        identifier=identifier,
        is_ip=False,
        is_wildcard=False,
        token=token,
        key_authorization=f"{token}.thumbprint",
    )


def test_several_at_once() -> None:
    answers = Http01Answers()
    solver = Http01Solver(answers=answers, own_addresses=list)

    async def dialogue() -> None:
        await solver.present(proof("a"))
        await solver.present(proof("b"))
        await solver.present(proof("b"))
        await solver.wait(proof("a"))
        assert answers.answer("a", NAME) == "a.thumbprint"
        assert answers.answer("b", "imap.example.org") is None
        await solver.clean_up(proof("a"))
        await solver.clean_up(proof("a"))
        await solver.clean_up(proof("b"))
        assert answers.answer("a", NAME) is None
        assert answers.answer("b", NAME) == "b.thumbprint"
        await solver.clean_up(proof("b"))
        assert answers.answer("b", NAME) is None

    asyncio.run(dialogue())


def test_what_it_can_prove() -> None:
    solver = Http01Solver(answers=Http01Answers(), own_addresses=list)
    assert solver.can_solve("192.0.2.1", is_ip=True, is_wildcard=False)
    assert not solver.can_solve(NAME, is_ip=False, is_wildcard=True)


@pytest.mark.parametrize(
    ("identifier", "is_ip"), [(NAME, False), ("192.0.2.1", True), ("2001:db8::1", True)]
)
def test_rehearsal(ports: Ports, identifier: str, is_ip: bool) -> None:
    async def dialogue() -> None:
        answers = Http01Answers()
        port = ports.take()
        listening = socket.create_server(("127.0.0.1", port))
        async with serve_http01(http01_application(answers), [listening]):
            solver = Http01Solver(answers=answers, own_addresses=lambda: [("127.0.0.1", port)])
            await solver.rehearse(identifier, is_ip=is_ip)

    asyncio.run(dialogue())


def test_rehearsal_without_listener() -> None:
    solver = Http01Solver(answers=Http01Answers(), own_addresses=list)
    with pytest.raises(PathError, match=r"needs port 80, .* Set acme\.http_bind"):
        asyncio.run(solver.rehearse(NAME, is_ip=False))


def test_rehearsal_where_nothing_listens(ports: Ports) -> None:
    port = ports.take()
    solver = Http01Solver(answers=Http01Answers(), own_addresses=lambda: [("127.0.0.1", port)])
    with pytest.raises(PathError) as caught:
        asyncio.run(solver.rehearse(NAME, is_ip=False))
    assert caught.value.message == (
        "http-01 for mail.example.org does not work at our own listeners: "
        f"127.0.0.1:{port} cannot be reached: connection refused"
    )


def reply(status: str, body: str) -> Callable[[bytes], bytes]:
    text = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}"
    return lambda _: text.encode()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (reply("404 Not Found", ""), "answers 404, not 200"),
        (reply("301 Moved\r\nLocation: https://mail.example.org/", ""), "answers 301, not 200"),
        (reply("200 OK", "It works!"), "answers with another text: is it another program?"),
        (lambda _: b"220 mail ESMTP\r\n", "does not answer as HTTP does: "),
        (lambda _: b"", "does not answer as HTTP does: "),
        (lambda _: None, "does not answer in 0.2 s"),
    ],
    ids=["404", "redirect", "another text", "another protocol", "closes", "silent"],
)
def test_rehearsal_with_another_server(
    ports: Ports, answer: Callable[[bytes], bytes | None], words: str
) -> None:
    async def dialogue() -> None:
        async with strange_server(ports, answer) as port:
            solver = Http01Solver(
                answers=Http01Answers(),
                own_addresses=lambda: [("127.0.0.1", port)],
                fetch_deadline_s=0.2 if answer(b"") is None else 5,
            )
            with pytest.raises(PathError, match=re.escape(words)):
                await solver.rehearse(NAME, is_ip=False)

    asyncio.run(dialogue())


@asynccontextmanager
async def strange_server(
    ports: Ports, answer: Callable[[bytes], bytes | None]
) -> AsyncIterator[int]:
    """It answers one connection; None: not at all."""
    closed = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = answer(await reader.read(4096))
        if said is None:
            await reader.read()
        else:
            writer.write(said)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        closed.set()

    port = ports.take()
    async with await asyncio.start_server(serve, "127.0.0.1", port):
        yield port
        await closed.wait()
