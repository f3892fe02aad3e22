"""What a CA cannot do to us: keep us waiting, flood us, send us elsewhere, be somebody else."""

import asyncio
import ssl
from pathlib import Path

import pytest
from trustme import CA

from certs.acme.exchange import MAX_BODY_BYTES
from certs.acme.problem import AcmeProblem, Kind
from certs.acme.transport import Transport
from certs.spec import Issuer
from tests.certs.acme.conftest import Paired
from tests.support.patient_clock import PatientClock
from tests.support.ports import Ports
from tests.support.scripted_ca import Answer, running_scripted_ca


def test_headers_that_every_request_has(paired: Paired) -> None:
    async def dialogue() -> None:
        async with paired() as pair:
            await pair.transport.post(pair.ca.url("/x"), b"", signer=pair.signer)
            for seen in pair.ca.seen:
                assert seen.headers["User-Agent"] == "stalwart-edge/test"
                assert "Cookie" not in seen.headers
            (post,) = pair.ca.requests("/x")
            assert post.headers["Content-Type"] == "application/jose+json"
            assert post.payload == b""

    asyncio.run(dialogue())


@pytest.mark.parametrize("path", ["/a%7Eb", "/a?b=%2F&c", "/a//b/"])
def test_the_address_signed_is_the_address_asked(paired: Paired, path: str) -> None:
    async def dialogue() -> None:
        async with paired() as pair:
            await pair.transport.post(pair.ca.url(path), b"", signer=pair.signer)
            (post,) = pair.ca.requests(path)
            assert post.protected["url"] == pair.ca.url(path)

    asyncio.run(dialogue())


def test_a_reply_keeps_everything(paired: Paired) -> None:
    async def dialogue() -> None:
        async with paired() as pair:
            links = [("Link", '</1>;rel="alternate"'), ("Link", '</2>;rel="alternate"')]
            pair.ca.answer(
                "/x", Answer(status=201, body=b"pem", headers=[("Location", "/o/1"), *links])
            )
            reply = await pair.transport.post(pair.ca.url("/x"), b"{}", signer=pair.signer)
            assert (reply.status, reply.body) == (201, b"pem")
            assert reply.location == pair.ca.url("/o/1")
            assert reply.links["alternate"] == (pair.ca.url("/1"), pair.ca.url("/2"))

    asyncio.run(dialogue())


def test_no_answer_in_time(paired: Paired) -> None:
    async def dialogue() -> None:
        async with paired(request_timeout_s=0.1) as pair:
            never = asyncio.Event()
            pair.ca.answer("/x", *[Answer(until=never)] * 3)
            with pytest.raises(AcmeProblem) as caught:
                await pair.transport.get(pair.ca.url("/x"))
            never.set()
            assert (caught.value.type, caught.value.kind) == ("timeout", Kind.PASSING)
            assert len(pair.ca.requests("/x")) == 3

    asyncio.run(dialogue())


def test_a_callers_own_deadline_stays_its_own(paired: Paired) -> None:
    async def dialogue() -> None:
        async with paired() as pair:
            never = asyncio.Event()
            pair.ca.answer("/x", Answer(until=never))
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await pair.transport.get(pair.ca.url("/x"))
            never.set()

    asyncio.run(dialogue())


def test_a_body_without_end(paired: Paired) -> None:
    async def dialogue() -> None:
        async with paired() as pair:
            whole, more = b"x" * MAX_BODY_BYTES, b"x" * (MAX_BODY_BYTES + 1)
            pair.ca.answer(
                "/x", Answer(body=whole), Answer(body=more), Answer(status=500, body=more)
            )
            assert len((await pair.transport.get(pair.ca.url("/x"))).body) == MAX_BODY_BYTES
            for _ in range(2):
                with pytest.raises(AcmeProblem, match="more than") as caught:
                    await pair.transport.get(pair.ca.url("/x"))
                assert caught.value.type == "protocol"

    asyncio.run(dialogue())


def test_get_follows_a_few_redirects(paired: Paired) -> None:
    async def dialogue() -> None:
        async with paired() as pair:
            pair.ca.answer("/x", Answer(status=307, headers=[("Location", "/y")]))
            reply = await pair.transport.get(pair.ca.url("/x"))
            assert reply.url == pair.ca.url("/y")
            pair.ca.answer("/x", *[Answer(status=302, headers=[("Location", "/x")])] * 9)
            with pytest.raises(AcmeProblem, match="too many redirects"):
                await pair.transport.get(pair.ca.url("/x"))

    asyncio.run(dialogue())


@pytest.mark.parametrize("target", ["http://ca.example/x", "ftp://127.0.0.1/", "//ca.example/"])
def test_get_is_not_led_away_from_https(paired: Paired, target: str) -> None:
    async def dialogue() -> None:
        async with paired() as pair:
            pair.ca.answer("/x", Answer(status=301, headers=[("Location", target)]))
            with pytest.raises(AcmeProblem, match="not an https address"):
                await pair.transport.get(pair.ca.url("/x"))

    asyncio.run(dialogue())


@pytest.mark.parametrize("status", [300, 302, 304, 308])
def test_post_is_never_led_anywhere(paired: Paired, status: int) -> None:
    async def dialogue() -> None:
        async with paired() as pair:
            pair.ca.answer("/x", Answer(status=status, headers=[("Location", "/y")]))
            with pytest.raises(AcmeProblem, match=f"unexpected HTTP status {status}"):
                await pair.transport.post(pair.ca.url("/x"), b"", signer=pair.signer)
            assert pair.ca.requests("/y") == []

    asyncio.run(dialogue())


def test_http_unless_allowed(paired: Paired) -> None:
    async def dialogue() -> None:
        async with paired() as pair:
            issuer = Issuer(name="x", directory=pair.ca.url("/dir"))
            async with Transport(issuer=issuer, user_agent="x", clock=pair.clock) as strict:
                with pytest.raises(AcmeProblem) as caught:
                    await strict.directory()
                assert caught.value.kind is Kind.CONFIGURATION
            assert pair.ca.seen == []

    asyncio.run(dialogue())


def test_the_ca_is_verified_with_its_bundle(ports: Ports, tmp_path: Path) -> None:
    authority = CA()
    bundle = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    async def dialogue() -> None:
        async with running_scripted_ca(ports.take(), context) as ca:
            trusting = Issuer(name="x", directory=ca.url("/dir"), ca_bundle=bundle)
            async with Transport(
                issuer=trusting, user_agent="x", clock=PatientClock()
            ) as transport:
                assert (await transport.directory()).new_order == ca.url("/new-order")
            doubting = Issuer(name="x", directory=ca.url("/dir"))
            async with Transport(
                issuer=doubting, user_agent="x", clock=PatientClock()
            ) as transport:
                with pytest.raises(AcmeProblem, match=r"(?i)certificate") as caught:
                    await transport.directory()
                assert caught.value.type == "untrusted"
            assert len(ca.seen) == 1

    asyncio.run(dialogue())


@pytest.mark.parametrize("content", [None, b"", b"not a certificate"])
def test_an_unusable_bundle(tmp_path: Path, content: bytes | None) -> None:
    bundle = tmp_path / "ca.pem"
    if content is not None:
        bundle.write_bytes(content)

    async def dialogue() -> None:
        issuer = Issuer(name="x", directory="https://127.0.0.1/", ca_bundle=bundle)
        with pytest.raises(AcmeProblem, match=r"ca\.pem") as caught:
            async with Transport(issuer=issuer, user_agent="x", clock=PatientClock()):
                raise AssertionError("opened")
        assert caught.value.kind is Kind.CONFIGURATION

    asyncio.run(dialogue())
