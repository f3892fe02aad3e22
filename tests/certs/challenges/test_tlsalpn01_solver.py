"""tls-alpn-01: what listeners are told, and what a rehearsal makes of their answers."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress

import pytest

from certs.challenges.solver import PathError, Proof
from certs.challenges.tlsalpn01 import (
    ChallengeCertificate,
    challenge_certificate,
    sni_of,
)
from certs.challenges.tlsalpn01_solver import TlsAlpn01Solver
from certs.clock import SystemClock
from tests.support.acme_tls import AcmeTlsListener, acme_tls_listener
from tests.support.pki import Pki
from tests.support.ports import Ports, has_ipv6

NAME = "mail.example.org"


def proof(identifier: str = NAME, token: str = "token") -> Proof:
    return Proof(
        identifier=identifier,
        is_ip=False,
        is_wildcard=False,
        token=token,
        key_authorization=f"{token}.thumbprint",
    )


class Published:
    """What all listeners would answer with."""

    def __init__(self) -> None:
        self.mappings: list[Mapping[str, ChallengeCertificate]] = []
        self.failures: list[Exception] = []

    async def __call__(self, mapping: Mapping[str, ChallengeCertificate]) -> None:
        await asyncio.sleep(0)
        if self.failures:
            raise self.failures.pop()
        self.mappings.append(mapping)

    @property
    def names(self) -> list[set[str]]:
        return [set(mapping) for mapping in self.mappings]


def solver_for(published: Published, *, turn_deadline_s: float = 5) -> TlsAlpn01Solver:
    return TlsAlpn01Solver(
        publish=published,
        own_addresses=list,
        clock=SystemClock(),
        turn_deadline_s=turn_deadline_s,
    )


def test_what_it_can_prove() -> None:
    solver = solver_for(Published())
    assert solver.can_solve(NAME, is_ip=False, is_wildcard=False)
    assert solver.can_solve("192.0.2.1", is_ip=True, is_wildcard=False)
    assert not solver.can_solve(NAME, is_ip=False, is_wildcard=True)


def test_the_whole_mapping_at_each_change() -> None:
    published = Published()

    async def dialogue() -> None:
        solver = solver_for(published)
        address = "192.0.2.1"
        await solver.present(proof())
        await solver.present(proof(address))
        await solver.wait(proof(address))
        await solver.clean_up(proof())
        await solver.clean_up(proof())
        await solver.clean_up(proof("never.example.org"))
        await solver.clean_up(proof(address))

    asyncio.run(dialogue())
    reverse = "1.2.0.192.in-addr.arpa"
    assert published.names == [{NAME}, {NAME, reverse}, {reverse}, set()]
    first, second = published.mappings[0][NAME], published.mappings[1][NAME]
    assert first == second, "made once, the same for every probe"


def test_one_authorization_of_two_orders() -> None:
    published = Published()

    async def dialogue() -> None:
        solver = solver_for(published)
        await solver.present(proof())
        await solver.present(proof())
        await solver.clean_up(proof())
        assert published.names[-1] == {NAME}
        await solver.clean_up(proof())

    asyncio.run(dialogue())
    assert published.names[-1] == set()


def test_a_second_token_of_a_name_waits_its_turn() -> None:
    published = Published()

    async def dialogue() -> None:
        solver = solver_for(published)
        await solver.present(proof())
        async with asyncio.TaskGroup() as group:
            second = group.create_task(solver.present(proof(token="other")))
            await solver.present(proof("imap.example.org"))
            assert not second.done()
            await solver.clean_up(proof(token="other"))
            assert not second.done()
            await solver.clean_up(proof())
        await solver.clean_up(proof(token="other"))

    asyncio.run(dialogue())
    assert published.names[-1] == {"imap.example.org"}


def test_a_turn_that_never_comes() -> None:
    async def dialogue() -> None:
        solver = solver_for(Published(), turn_deadline_s=0.05)
        await solver.present(proof())
        with pytest.raises(PathError, match=r"another validation of mail\.example\.org"):
            await solver.present(proof(token="other"))

    asyncio.run(dialogue())


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (BrokenPipeError(32, "Broken pipe"), "cannot be told .* broken pipe"),
        (PathError("a worker is gone", remedy="Wait."), "a worker is gone"),
        (RuntimeError("a mistake"), "a mistake"),
    ],
)
def test_listeners_that_cannot_be_told(error: Exception, words: str) -> None:
    published = Published()
    wanted = PathError if isinstance(error, OSError) else type(error)

    async def dialogue() -> None:
        solver = solver_for(published)
        published.failures.append(error)
        with pytest.raises(wanted, match=words):
            await solver.present(proof())
        await solver.present(proof(token="other"))
        published.failures.append(OSError(32, "Broken pipe"))
        await solver.clean_up(proof(token="other"))
        await solver.present(proof("imap.example.org"))

    asyncio.run(dialogue())
    assert published.names == [{NAME}, {"imap.example.org"}]


@asynccontextmanager
async def rehearsing(
    ports: Ports, pki: Pki, *protocols: str
) -> AsyncIterator[tuple[TlsAlpn01Solver, AcmeTlsListener]]:
    ordinary = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ordinary.load_cert_chain(pki.ecdsa.cert, pki.ecdsa.key)
    if protocols:
        ordinary.set_alpn_protocols(protocols)
    async with acme_tls_listener(ports, ordinary) as listener:
        solver = TlsAlpn01Solver(
            publish=listener.publish,
            own_addresses=lambda: [("127.0.0.1", listener.port)],
            clock=SystemClock(),
            probe_deadline_s=2,
        )
        yield solver, listener


@pytest.mark.parametrize(
    ("identifier", "is_ip"), [(NAME, False), ("127.0.0.1", True), ("::1", True)]
)
def test_rehearsal(ports: Ports, pki: Pki, identifier: str, is_ip: bool) -> None:
    async def dialogue() -> None:
        async with rehearsing(ports, pki) as (solver, listener):
            await solver.rehearse(identifier, is_ip=is_ip)
            shown, gone = listener.published
            assert set(shown) == {sni_of(identifier)}
            assert gone == {}

    asyncio.run(dialogue())


def test_rehearsals_and_validations_at_once(ports: Ports, pki: Pki) -> None:
    async def dialogue() -> None:
        async with rehearsing(ports, pki) as (solver, listener):
            await solver.present(proof())
            async with asyncio.TaskGroup() as group:
                for number in range(8):
                    group.create_task(solver.rehearse(f"{number}.example.org", is_ip=False))
            assert set(listener.published[-1]) == {NAME}

    asyncio.run(dialogue())


def test_rehearsal_without_listener() -> None:
    with pytest.raises(PathError, match="needs a TLS listener at port 443, and there is none"):
        asyncio.run(solver_for(Published()).rehearse(NAME, is_ip=False))


def test_rehearsal_where_the_ordinary_certificate_is_shown(ports: Ports, pki: Pki) -> None:
    async def dialogue() -> None:
        async with rehearsing(ports, pki) as (solver, listener):
            listener.refused.add(NAME)
            with pytest.raises(PathError) as caught:
                await solver.rehearse(NAME, is_ip=False)
            assert caught.value.message == (
                "tls-alpn-01 for mail.example.org does not work at our own listeners: "
                f"127.0.0.1:{listener.port} shows its ordinary certificate, not the one of the "
                "challenge"
            )
            assert listener.published[-1] == {}

    asyncio.run(dialogue())


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (("imap.example.org", "t.x"), r"another name \(imap.example.org\)"),
        ((NAME, "t.x"), "another account or token"),
    ],
)
def test_rehearsal_that_finds_another_challenge(
    ports: Ports, pki: Pki, shown: tuple[str, str], words: str
) -> None:
    async def dialogue() -> None:
        async with rehearsing(ports, pki) as (_, listener):
            other = challenge_certificate(*shown, now=SystemClock().now())

            async def publish(_: Mapping[str, ChallengeCertificate]) -> None:
                await listener.publish({NAME: other})

            solver = TlsAlpn01Solver(
                publish=publish,
                own_addresses=lambda: [("127.0.0.1", listener.port)],
                clock=SystemClock(),
            )
            with pytest.raises(PathError, match=words):
                await solver.rehearse(NAME, is_ip=False)

    asyncio.run(dialogue())


def silent(_: bytes) -> bytes | None:
    return None


def alert(code: int) -> Callable[[bytes], bytes]:
    return lambda _: bytes([21, 3, 3, 0, 2, 2, code])


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (silent, r"does not finish a TLS handshake in 0\.2 s"),
        (lambda _: b"", "ends the connection during the TLS handshake"),
        (lambda _: b"HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak TLS"),
        (alert(120), "refuses the protocol acme-tls/1"),
        (alert(112), "does not know the name"),
        (alert(40), "refuses the TLS handshake: .*handshake failure"),
    ],
    ids=["silent", "closes", "no TLS", "no_application_protocol", "unrecognized_name", "failure"],
)
def test_rehearsal_with_strange_servers(
    ports: Ports, answer: Callable[[bytes], bytes | None], words: str
) -> None:
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

    closed = asyncio.Event()

    async def dialogue() -> None:
        port = ports.take()
        server = await asyncio.start_server(serve, "127.0.0.1", port)
        solver = TlsAlpn01Solver(
            publish=Published(),
            own_addresses=lambda: [("127.0.0.1", port)],
            clock=SystemClock(),
            probe_deadline_s=0.2 if answer is silent else 5,
        )
        async with server:
            with pytest.raises(PathError, match=words):
                await solver.rehearse(NAME, is_ip=False)
            await closed.wait()

    asyncio.run(dialogue())


def test_rehearsal_names_each_listener_that_fails(ports: Ports, pki: Pki) -> None:
    async def dialogue() -> None:
        closed = ports.take()
        host = "::1" if has_ipv6() else "127.0.0.1"
        async with rehearsing(ports, pki) as (_, listener):
            solver = TlsAlpn01Solver(
                publish=listener.publish,
                own_addresses=lambda: [("127.0.0.1", listener.port), (host, closed)],
                clock=SystemClock(),
            )
            with pytest.raises(PathError) as caught:
                await solver.rehearse(NAME, is_ip=False)
            shown = f"[{host}]" if ":" in host else host
            assert caught.value.message.endswith(
                f"listeners: {shown}:{closed} cannot be reached: connection refused"
            )

    asyncio.run(dialogue())
