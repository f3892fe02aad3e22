"""Signed dynamic updates at a real server."""

import asyncio
import socket
from pathlib import Path

import pytest

from certs.challenges.dns.rfc2136 import Rfc2136Provider, TsigKey, read_tsig_secret
from certs.challenges.solver import PathError
from tests.support.knot import KEY_ALGORITHM, KEY_NAME, OTHER_ZONE, ZONE, Knots
from tests.support.ports import Ports


def provider_with(
    knots: Knots,
    *,
    server: str | None = None,
    name: str = KEY_NAME,
    algorithm: str = KEY_ALGORITHM,
    secret: bytes | None = None,
    zone: str | None = None,
) -> Rfc2136Provider:
    key = TsigKey(name=name, algorithm=algorithm, secret=secret or knots.secret)
    return Rfc2136Provider(
        server=server or knots.primary.address, port=knots.port, key=key, zone=zone, deadline_s=5
    )


def test_only_the_one_value_is_touched(knots: Knots, provider: Rfc2136Provider) -> None:
    name = f"_acme-challenge.several.{ZONE}."

    async def add(*values: str) -> None:
        for value in values:
            await provider.present(name, value)

    async def remove(*values: str) -> None:
        for value in values:
            await provider.clean_up(name, value)

    asyncio.run(add("one", "two", "two", "three"))
    assert knots.primary.texts(name) == {"one", "two", "three"}
    asyncio.run(remove("two", "two", "never"))
    assert knots.primary.texts(name) == {"one", "three"}
    asyncio.run(remove("one", "three"))
    assert knots.primary.texts(name) == set()


@pytest.mark.parametrize("zone", [None, OTHER_ZONE, f"{OTHER_ZONE}."])
def test_another_zone(knots: Knots, zone: str | None) -> None:
    name = f"a.{OTHER_ZONE}."
    provider = provider_with(knots, zone=zone)
    asyncio.run(provider.present(name, "value"))
    assert knots.primary.texts(name) == {"value"}
    asyncio.run(provider.clean_up(name, "value"))


@pytest.mark.parametrize("algorithm", ["hmac-sha512", "hmac-sha224"])
def test_another_algorithm(knots: Knots, algorithm: str) -> None:
    provider = provider_with(knots, algorithm=algorithm)
    with pytest.raises(PathError, match="TSIG key"):
        asyncio.run(provider.present(f"a.{ZONE}.", "value"))


def test_another_key(knots: Knots) -> None:
    with pytest.raises(PathError, match="does not know the TSIG key"):
        asyncio.run(provider_with(knots, name="other").present(f"a.{ZONE}.", "value"))


def test_another_secret(knots: Knots) -> None:
    with pytest.raises(PathError, match="has another secret for this TSIG key") as caught:
        asyncio.run(provider_with(knots, secret=b"guessed").present(f"a.{ZONE}.", "value"))
    assert "guessed" not in str(caught.value)


def test_no_key(knots: Knots) -> None:
    provider = Rfc2136Provider(server=knots.primary.address, port=knots.port, key=None)
    with pytest.raises(PathError, match=r"refuses the update of a\.example\.test\. .*: NOTAUTH"):
        asyncio.run(provider.present(f"a.{ZONE}.", "value"))


def test_a_zone_that_the_server_has_not(knots: Knots) -> None:
    provider = provider_with(knots, zone="unknown.test")
    with pytest.raises(
        PathError, match=r"refuses the update.*\. Name the primary server of the zone"
    ):
        asyncio.run(provider.present("a.unknown.test.", "value"))


def test_a_server_without_the_zone(knots: Knots) -> None:
    with pytest.raises(PathError, match=r"the zone of a\.example\.org\. cannot be found"):
        asyncio.run(provider_with(knots).present("a.example.org.", "value"))


def test_nobody_there(knots: Knots, ports: Ports) -> None:
    provider = Rfc2136Provider(server="127.0.0.1", port=ports.take(), key=None, zone=ZONE)
    with pytest.raises(PathError, match=r"127\.0\.0\.1 cannot be reached: connection refused"):
        asyncio.run(provider.present(f"a.{ZONE}.", "value"))


def test_a_server_that_says_nothing(ports: Ports) -> None:
    port = ports.take()
    with socket.create_server(("127.0.0.1", port)):
        provider = Rfc2136Provider(
            server="127.0.0.1", port=port, key=None, zone=ZONE, deadline_s=0.2
        )
        with pytest.raises(PathError, match=r"does not answer in 0\.2 s"):
            asyncio.run(provider.present(f"a.{ZONE}.", "value"))


def test_secret_file(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("c2Vj\ncmV0\n")
    assert read_tsig_secret(path) == b"secret"
    assert "secret'" not in repr(TsigKey(name="k", algorithm=KEY_ALGORITHM, secret=b"secret'"))


@pytest.mark.parametrize("content", ["", "\n", 'key "k" { secret "c2VjcmV0"; };', "not base64!"])
def test_no_secret_in_the_file(tmp_path: Path, content: str) -> None:
    path = tmp_path / "secret"
    path.write_text(content)
    with pytest.raises(PathError, match="holds no TSIG secret") as caught:
        read_tsig_secret(path)
    assert "c2Vj" not in str(caught.value)


def test_no_secret_file(tmp_path: Path) -> None:
    with pytest.raises(PathError, match="cannot be read: no such file"):
        read_tsig_secret(tmp_path / "secret")
