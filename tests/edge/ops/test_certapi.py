"""The API of `cert` commands: answers, errors as words, and readers that go away."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

import certs
from certs.events import AccountChanged, Due
from edge.ops.certapi import MAX_BODY_BYTES, NDJSON
from tests.support.admin import DUE, NAME, OBTAINED, FakeOperations, application

BASE = "http://edge/v1"
Talk = Callable[[aiohttp.ClientSession], Awaitable[None]]


def talk(operations: FakeOperations, path: Path, client: Talk, bugs: list[object]) -> None:
    """Serve at a unix socket and let the client talk to it."""

    async def run() -> None:
        runner = web.AppRunner(application(operations, bugs.append), access_log=None)
        await runner.setup()
        await web.UnixSite(runner, str(path)).start()
        connector = aiohttp.UnixConnector(str(path))
        async with aiohttp.ClientSession(connector=connector) as session:
            await client(session)
        await runner.cleanup()
        assert operations.gate is None or operations.gate.is_set()

    asyncio.run(run())


@pytest.fixture
def socket_path(tmp_path: Path) -> Path:
    return tmp_path / "admin.sock"


def test_a_long_operation_is_told_line_by_line(socket_path: Path) -> None:
    operations = FakeOperations(events=(DUE, OBTAINED))

    async def client(session: aiohttp.ClientSession) -> None:
        operations.gate = asyncio.Event()
        async with session.post(f"{BASE}/certificates/{NAME}/renew", json={"force": True}) as got:
            assert (got.status, got.content_type) == (200, NDJSON)
            assert json.loads(await got.content.readline()) == {
                "event": "certificate.due",
                "level": "info",
                "certificate": NAME,
                "key_type": "ecdsa-p256",
                "reason": DUE.reason,
            }
            assert json.loads(await got.content.readline())["event"] == "certificate.obtained"
            # Both came while it was still at work.
            assert operations.asked == []
            operations.gate.set()
            last = json.loads(await got.content.readline())
            assert last["result"][0]["certificate"] == NAME
            assert await got.content.read() == b""
        assert operations.asked == [("renew", NAME, True)]

    talk(operations, socket_path, client, [])


def test_who_goes_away_does_not_stop_an_order(socket_path: Path) -> None:
    operations = FakeOperations(events=(DUE,))

    async def client(session: aiohttp.ClientSession) -> None:
        operations.gate = asyncio.Event()
        got = await session.post(f"{BASE}/certificates/{NAME}/renew")
        await got.content.readline()
        got.close()
        await asyncio.sleep(0.05)
        operations.gate.set()
        async with session.get(f"{BASE}/certificates"):
            pass
        assert operations.asked == [("renew", NAME, False), ("list",)]

    talk(operations, socket_path, client, [])


@pytest.mark.parametrize(
    ("error", "status", "message", "remedy"),
    [
        (
            certs.AcmeProblem(
                type="urn:ietf:params:acme:error:rateLimited",
                detail="too many certificates",
                kind=certs.Kind.RATE_LIMITED,
                retry_after_s=90.0,
            ),
            429,
            "rateLimited: too many certificates; not before 90 s from now",
            "Wait: trying more often makes it longer.",
        ),
        (
            certs.AcmeProblem(type="timeout", detail="no answer", kind=certs.Kind.PASSING),
            502,
            "timeout: no answer",
            "Nothing is wrong here: it is tried again by itself.",
        ),
        (
            certs.PathError("port 80 is closed", remedy="Open it."),
            502,
            "port 80 is closed",
            "Open it.",
        ),
        (
            certs.StoreError("cannot be read", place="/x", remedy="Check."),
            500,
            "/x: cannot be read",
            "Check.",
        ),
        (
            certs.UnknownCertificate("no certificate is called x"),
            404,
            "no certificate is called x",
            "`stalwart-edge cert list` shows all there are.",
        ),
    ],
)
def test_errors_are_words(
    socket_path: Path, error: Exception, status: int, message: str, remedy: str
) -> None:
    operations = FakeOperations(error=error)
    bugs: list[object] = []

    async def client(session: aiohttp.ClientSession) -> None:
        for method, path in (("GET", ""), ("POST", "/renew")):
            async with session.request(method, f"{BASE}/certificates/x{path}") as got:
                assert got.status == status
                assert await got.json() == {"message": message, "remedy": remedy}

    talk(operations, socket_path, client, bugs)
    assert bugs == []


def test_an_error_behind_events_is_the_last_line(socket_path: Path) -> None:
    operations = FakeOperations(events=(DUE,), error=certs.PathError("no", remedy="Do."))

    async def client(session: aiohttp.ClientSession) -> None:
        async with session.post(f"{BASE}/certificates/x/dry-run") as got:
            lines = (await got.text()).splitlines()
        assert len(lines) == 2
        assert json.loads(lines[1]) == {"error": {"message": "no", "remedy": "Do."}}

    talk(operations, socket_path, client, [])


def test_a_defect_is_reported_and_its_text_is_not_repeated(socket_path: Path) -> None:
    bug = RuntimeError("holds a secret")
    bugs: list[object] = []

    async def client(session: aiohttp.ClientSession) -> None:
        async with session.get(f"{BASE}/certificates") as got:
            assert got.status == 500
            text = await got.text()
        assert "RuntimeError" in text
        assert "secret" not in text

    talk(FakeOperations(error=bug), socket_path, client, bugs)
    assert bugs == [bug]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (f"/certificates/{NAME}/renew", b"not JSON", 400),
        (f"/certificates/{NAME}/renew", b"[]", 400),
        (f"/certificates/{NAME}/renew", b'{"force": "yes"}', 400),
        (f"/certificates/{NAME}/renew", b'{"froce": true}', 400),
        (f"/certificates/{NAME}/renew", b'{"name": "other"}', 400),
        (f"/certificates/{NAME}/revoke", b"", 400),
        (f"/certificates/{NAME}/revoke", b'{"reason": "cACompromise"}', 400),
        (f"/certificates/{NAME}/import", b'{"key_pem": "x"}', 400),
        (f"/certificates/{NAME}/import", b'{"key_pem": 5, "chain_pem": "x"}', 400),
        (f"/certificates/{NAME}/import", b"x" * (MAX_BODY_BYTES + 1), 413),
        (f"/certificates/{'x' * 254}/renew", b"", 400),
        ("/accounts/rollover", b'{"issuer": ""}', 400),
    ],
)
def test_bad_requests_do_nothing(socket_path: Path, path: str, body: bytes, status: int) -> None:
    operations = FakeOperations()

    async def client(session: aiohttp.ClientSession) -> None:
        async with session.post(f"{BASE}{path}", data=body) as got:
            assert got.status == status
            problem = await got.json()
        assert problem.keys() == {"message", "remedy"}
        assert all(problem.values())

    talk(operations, socket_path, client, [])
    assert operations.asked == []


def test_export_by_key_type(socket_path: Path) -> None:
    operations = FakeOperations()

    async def client(session: aiohttp.ClientSession) -> None:
        export = f"{BASE}/certificates/{NAME}/export"
        async with session.get(f"{export}?key_type=rsa-2048") as got:
            assert (await got.json()).keys() == {"chain_pem", "key_pem"}
        async with session.get(f"{export}?key_type=dsa") as got:
            assert got.status == 400
        async with session.get(f"{export}?name=other") as got:
            assert got.status == 200

    talk(operations, socket_path, client, [])
    asked = [("export", NAME, certs.KeyType.RSA_2048), ("export", NAME, None)]
    assert operations.asked == asked


def test_progress_is_that_of_the_certificate_asked_for(socket_path: Path) -> None:
    other = Due(certificate="other.example.org", reason="not asked for")
    account = AccountChanged(issuer="letsencrypt", change="created")
    operations = FakeOperations(events=(other, account, DUE))

    async def client(session: aiohttp.ClientSession) -> None:
        # By another of its names.
        async with session.post(f"{BASE}/certificates/Autoconfig.example.org/renew") as got:
            lines = [json.loads(line) for line in (await got.text()).splitlines()]
        assert [line.get("event") for line in lines] == [
            "acme.account_changed",
            "certificate.due",
            None,
        ]

    talk(operations, socket_path, client, [])
