"""Port 80: challenges before everything, a redirect for the rest, nothing for who stalls."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from certs.challenges.http01 import Http01Answers
from certs.challenges.http01_server import HttpLimits, http01_application, serve_http01
from certs.challenges.solver import Proof
from tests.support.ports import Ports

PATH = "/.well-known/acme-challenge"
PROOF = Proof(
    identifier="mail.example.org",
    is_ip=False,
    is_wildcard=False,
    token="the-token",
    key_authorization="the-token.thumbprint",
)
ADDRESS_PROOF = Proof(
    identifier="2001:db8::1",
    is_ip=True,
    is_wildcard=False,
    token="of-address",
    key_authorization="of-address.thumbprint",
)


@asynccontextmanager
async def serving(
    ports: Ports, *, https_port: int = 443, limits: HttpLimits | None = None
) -> AsyncIterator[int]:
    answers = Http01Answers()
    answers.add(PROOF)
    answers.add(ADDRESS_PROOF)
    port = ports.take()
    listening = socket.create_server(("127.0.0.1", port))
    application = http01_application(answers, https_port=https_port)
    async with serve_http01(application, [listening], limits=limits):
        yield port


async def say(port: int, request: bytes) -> bytes:
    """All that the server answers until it ends the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


def ask(ports: Ports, request: str, *, https_port: int = 443) -> tuple[int, dict[str, str], str]:
    """Status, headers by lower-case name, and body."""

    async def dialogue() -> bytes:
        async with serving(ports, https_port=https_port) as port:
            return await say(port, request.replace("\n", "\r\n").encode("latin-1"))

    head, _, body = asyncio.run(dialogue()).decode("latin-1").partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return int(first.split()[1]), headers, body


@pytest.mark.parametrize(
    ("host", "token"),
    [
        ("mail.example.org", "the-token"),
        ("MAIL.example.org.", "the-token"),
        ("mail.example.org:80", "the-token"),
        ("[2001:db8::1]", "of-address"),
        ("[2001:DB8:0::1]:80", "of-address"),
    ],
)
def test_challenge(ports: Ports, host: str, token: str) -> None:
    status, headers, body = ask(ports, f"GET {PATH}/{token} HTTP/1.1\nHost: {host}\n\n")
    assert (status, body) == (200, f"{token}.thumbprint")
    assert headers["content-type"] == "application/octet-stream"
    assert headers["cache-control"] == "no-store"
    assert headers["connection"] == "close"
    assert "server" not in headers


@pytest.mark.parametrize(
    ("target", "host"),
    [
        (f"{PATH}/the-token", "attacker.example.net"),
        (f"{PATH}/of-address", "mail.example.org"),
        (f"{PATH}/other", "mail.example.org"),
        (f"{PATH}/", "mail.example.org"),
        (f"{PATH}/the-token/", "mail.example.org"),
        (f"{PATH}/the-token?x=1", "mail.example.org"),
        (f"{PATH}/the%2dtoken", "mail.example.org"),
        (f"{PATH}/../acme-challenge/the-token", "mail.example.org"),
    ],
)
def test_no_challenge_and_no_redirect(ports: Ports, target: str, host: str) -> None:
    status, headers, _ = ask(ports, f"GET {target} HTTP/1.1\nHost: {host}\n\n")
    assert status == 404
    assert "location" not in headers


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "OPTIONS"])
def test_a_challenge_is_only_got(ports: Ports, method: str) -> None:
    request = f"{method} {PATH}/the-token HTTP/1.1\nHost: mail.example.org\nContent-Length: 0\n\n"
    status, headers, body = ask(ports, request)
    assert (status, headers["allow"]) == (405, "get")
    assert "thumbprint" not in body


@pytest.mark.parametrize(
    ("target", "host", "location"),
    [
        ("/", "mail.example.org", "https://mail.example.org/"),
        (
            "/a/b%20c?d=e&f=%0d%0aX",
            "mail.example.org:80",
            "https://mail.example.org/a/b%20c?d=e&f=",
        ),
        ("/", "[2001:db8::1]:80", "https://[2001:db8::1]/"),
        ("/", "192.0.2.1", "https://192.0.2.1/"),
        ("//attacker.example.net/", "mail.example.org", "https://mail.example.org//attacker."),
        ("/.well-known/acme-challenge", "a.example.org", "https://a.example.org/.well-known/"),
        ("/.well-known/autoconfig", "a.example.org", "https://a.example.org/.well-known/auto"),
    ],
)
def test_redirect(ports: Ports, target: str, host: str, location: str) -> None:
    status, headers, _ = ask(ports, f"GET {target} HTTP/1.1\nHost: {host}\n\n")
    assert status == 308
    assert headers["location"].startswith(location)


def test_redirect_keeps_path_and_query_as_they_came(ports: Ports) -> None:
    target = "/a%2Fb/../c?x=%0d%0a&y=a+b"
    _, headers, _ = ask(ports, f"GET {target} HTTP/1.1\nHost: mail.example.org\n\n")
    assert headers["location"] == f"https://mail.example.org{target}".lower()


def test_redirect_to_another_port(ports: Ports) -> None:
    request = "GET /x HTTP/1.1\nHost: mail.example.org:8080\n\n"
    assert ask(ports, request, https_port=8443)[1]["location"] == "https://mail.example.org:8443/x"


@pytest.mark.parametrize(
    "head",
    [
        "GET / HTTP/1.0\n",
        "GET / HTTP/1.1\nHost:\n",
        "GET / HTTP/1.1\nHost: good.example.org@attacker.example.net\n",
        "GET / HTTP/1.1\nHost: attacker.example.net/\n",
        "GET / HTTP/1.1\nHost: attacker.example.net?\n",
        "GET / HTTP/1.1\nHost: a b\n",
        "GET / HTTP/1.1\nHost: [::1\n",
        "GET / HTTP/1.1\nHost: [zz::1]\n",
        "GET / HTTP/1.1\nHost: mail.example.org:80:80\n",
        "GET / HTTP/1.1\nHost: a.example.org\nHost: b.example.org\n",
        "GET / HTTP/1.1\nHost: mäil.example.org\n",
        f"GET / HTTP/1.1\nHost: {'a' * 254}\n",
        "GET @attacker.example.net HTTP/1.1\nHost: mail.example.org\n",
        "OPTIONS * HTTP/1.1\nHost: mail.example.org\n",
        "GET http://attacker.example.net/ HTTP/1.1\nHost: mail.example.org\n",
        "CONNECT attacker.example.net:443 HTTP/1.1\nHost: mail.example.org\n",
        "GET / HTTP/1.1\nHost: mail.example.org\nX: " + "a" * 5000 + "\n",
        "GET /" + "a" * 5000 + " HTTP/1.1\nHost: mail.example.org\n",
        "GET / HTTP/1.1\nHost: mail.example.org\n" + "X: a\n" * 100,
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n",
    ],
)
def test_refused(ports: Ports, head: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        status, headers, _ = ask(ports, f"{head}\n")
    assert status in {400, 404}
    assert "location" not in headers
    assert not [record for record in caplog.records if record.name != "asyncio"]


def test_one_request_a_connection(ports: Ports) -> None:
    request = b"GET / HTTP/1.1\r\nHost: mail.example.org\r\nConnection: keep-alive\r\n\r\n"

    async def dialogue() -> bytes:
        async with serving(ports) as port:
            return await say(port, request * 3)

    assert asyncio.run(dialogue()).count(b"HTTP/1.1 308") == 1


@pytest.mark.parametrize(
    "beginning",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: mail.exam",
        b"POST / HTTP/1.1\r\nHost: a.example.org\r\nContent-Length: 1000\r\n",
    ],
)
def test_a_client_that_stalls_is_cut_off(ports: Ports, beginning: bytes) -> None:
    async def dialogue() -> bytes:
        async with serving(ports, limits=HttpLimits(connection_deadline_s=0.2)) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(beginning)
            try:
                async with asyncio.timeout(5):
                    return await reader.read()
            except ConnectionResetError:
                return b""
            finally:
                writer.close()

    assert asyncio.run(dialogue()) == b""


def test_a_body_that_does_not_come_is_not_waited_for(ports: Ports) -> None:
    request = b"POST /a HTTP/1.1\r\nHost: a.example.org\r\nContent-Length: 1000000\r\n\r\nbegin"

    async def dialogue() -> bytes:
        async with serving(ports) as port, asyncio.timeout(5):
            return await say(port, request)

    assert asyncio.run(dialogue()).startswith(b"HTTP/1.1 308")


def test_a_dribbling_client_gets_no_more_time(ports: Ports) -> None:
    async def dialogue() -> None:
        loop = asyncio.get_running_loop()
        async with serving(ports, limits=HttpLimits(connection_deadline_s=0.3)) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            began = loop.time()
            reading = asyncio.ensure_future(reader.read())
            writer.write(b"GET / HTTP/1.1\r\nX: ")
            while not reading.done():
                writer.write(b"a")
                await asyncio.wait([reading], timeout=0.02)
            assert loop.time() - began < 3
            assert reading.exception() is not None or reading.result() == b""
            writer.close()

    asyncio.run(dialogue())


def test_too_many_connections(ports: Ports) -> None:
    request = b"GET / HTTP/1.1\r\nHost: mail.example.org\r\n\r\n"

    async def dialogue() -> None:
        limits = HttpLimits(max_connections=2, connection_deadline_s=5)
        async with serving(ports, limits=limits) as port:
            idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
            with suppress(ConnectionError):
                assert await say(port, request) == b""
            for reader, writer in idle:
                writer.write(request)
                assert (await reader.read()).startswith(b"HTTP/1.1 308")
                writer.close()
            assert (await say(port, request)).startswith(b"HTTP/1.1 308")

    asyncio.run(dialogue())


def test_several_sockets_and_all_are_closed(ports: Ports) -> None:
    async def dialogue() -> list[int]:
        sockets = [socket.create_server(("127.0.0.1", ports.take())) for _ in range(2)]
        numbers = [one.getsockname()[1] for one in sockets]
        async with serve_http01(http01_application(Http01Answers()), sockets):
            for port in numbers:
                assert await say(port, b"GET / HTTP/1.1\r\nHost: a.example.org\r\n\r\n")
        return numbers

    for port in asyncio.run(dialogue()):
        socket.create_server(("127.0.0.1", port)).close()
