"""A backend that greets with `* PREAUTH` or with nonsense is never stood in for.

PREAUTH in the clear would skip STARTTLS altogether (https://nostarttls.secvuln.info).
"""

from pathlib import Path

import pytest

from tests.support.clear import REFUSAL, ClearClient
from tests.support.edge import running_edge
from tests.support.edge_config import Backend, Listener, edge_toml
from tests.support.fake_backend import Conversation, FakeBackend
from tests.support.pki import Pki
from tests.support.ports import Ports

GREETINGS = [
    ("imap", b"* PREAUTH welcome back\r\n"),
    ("imap", b"* BYE overloaded\r\n"),
    ("smtp", b"421 4.3.2 overloaded\r\n"),
    ("smtp", b"554 5.3.0 no\r\n"),
    ("pop3", b"-ERR overloaded\r\n"),
    ("sieve", b"SSH-2.0-OpenSSH_9.2\r\n"),
]


@pytest.mark.parametrize(("protocol", "greeting"), GREETINGS)
def test_not_guessed(
    protocol: str, greeting: bytes, ports: Ports, pki: Pki, tmp_path: Path
) -> None:
    def greet(one: Conversation) -> None:
        one.send(greeting)
        one.drain()

    front, back = ports.take(), ports.take()
    configuration = edge_toml(
        pki,
        tmp_path,
        Listener(port=front, backend="odd", protocol=protocol),
        Backend(name="odd", server=back),
    )
    with FakeBackend(greet, port=back) as backend, running_edge(configuration, tmp_path) as edge:
        edge.wait_for("backend.unavailable", backend="odd")
        with ClearClient(front) as client:
            said = client.rest()
            assert said.startswith(REFUSAL[protocol])
            assert said.count(b"\n") == 1
        assert edge.closed(client.address)["outcome"] == "backend_unknown"
        assert backend.clients() == []
