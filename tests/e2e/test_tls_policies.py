"""What each `tls_policy` accepts and refuses."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.edge import Edge, running_edge
from tests.support.edge_config import Backend, Listener, edge_toml
from tests.support.fake_backend import FakeBackend
from tests.support.pki import Pki
from tests.support.ports import Ports
from tests.support.s_client import s_client
from tests.support.scripts import echo


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    edge: Edge
    ports: dict[str, int]


@pytest.fixture(scope="module")
def host(ports: Ports, pki: Pki, server_directory: Path) -> Iterator[Host]:
    directory = server_directory / "policies"
    back = ports.take()
    fronts = {policy: ports.take() for policy in ("modern", "intermediate", "compatible")}
    listeners = [
        Listener(
            name=policy,
            port=port,
            backend="echo",
            mode="tls",
            protocol="raw",
            options={"tls_policy": policy},
        )
        for policy, port in fronts.items()
    ]
    configuration = edge_toml(pki, directory, *listeners, Backend(name="echo", server=back))
    with FakeBackend(echo, port=back), running_edge(configuration, directory) as edge:
        yield Host(edge=edge, ports=fronts)


AEAD_12 = ("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256")
CHACHA_12 = ("-tls1_2", "-cipher", "ECDHE-RSA-CHACHA20-POLY1305")
CBC_12 = ("-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA:@SECLEVEL=0")
RSA_KEY_EXCHANGE = ("-tls1_2", "-cipher", "AES128-SHA:@SECLEVEL=0")
ALL_1_3 = ("-tls1_3",)
NEVER = [
    ("-tls1", "-cipher", "ALL:@SECLEVEL=0"),
    ("-tls1_1", "-cipher", "ALL:@SECLEVEL=0"),
    ("-tls1_2", "-cipher", "NULL:aNULL:@SECLEVEL=0"),
]


@pytest.mark.parametrize(
    ("policy", "options"),
    [
        ("modern", ALL_1_3),
        ("intermediate", ALL_1_3),
        ("intermediate", AEAD_12),
        ("intermediate", CHACHA_12),
        ("compatible", ALL_1_3),
        ("compatible", AEAD_12),
        ("compatible", CBC_12),
    ],
)
def test_accepted(policy: str, options: tuple[str, ...], host: Host) -> None:
    finished = s_client(host.ports[policy], *options)
    assert finished.status == 0, finished.text
    # No compression, whoever asks (CRIME).
    assert "Compression: NONE" in finished.text
    record = finished.established(host.edge)
    if options[0] == "-tls1_2":
        assert str(options[2]).startswith(str(record["cipher"]))


@pytest.mark.parametrize(
    ("policy", "options"),
    [
        ("modern", AEAD_12),
        ("intermediate", CBC_12),
        ("intermediate", RSA_KEY_EXCHANGE),
        *[
            (policy, never)
            for policy in ("modern", "intermediate", "compatible")
            for never in NEVER
        ],
    ],
)
def test_refused(policy: str, options: tuple[str, ...], host: Host) -> None:
    finished = s_client(host.ports[policy], *options)
    assert finished.status != 0, finished.text
    # Some of what must be refused even our own OpenSSL no longer has.
    is_ours = any(words in finished.text for words in ("no ciphers available", "no cipher match"))
    assert "alert" in finished.text or is_ours
    if not is_ours:
        record = finished.closed(host.edge)
        assert (record["outcome"], record["tls"]) == ("handshake_failed", False)
