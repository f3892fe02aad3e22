"""Which edge is asked, and what is said when none can be."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.edge.cli.cert.conftest import TEXT, Command
from tests.support.admin import NAME, FakeOperations, serving


def test_the_socket_of_the_configuration(cert: Command, operations: FakeOperations) -> None:
    assert cert("list").stderr == ""


def test_a_socket_named_by_hand_needs_no_configuration(
    cert: Command, edge_toml: Path, tmp_path: Path
) -> None:
    edge_toml.write_text("not TOML")
    with serving(FakeOperations(), tmp_path / "other.sock"):
        assert cert("list", "--socket", tmp_path / "other.sock").exit_code == 0
    result = cert("list", "--socket", tmp_path / "absent.sock")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: no edge listens at {tmp_path}/absent.sock\n")


def test_the_default_place_beside_the_state(cert: Command, edge_toml: Path, tmp_path: Path) -> None:
    edge_toml.write_text(TEXT.replace('[admin]\nsocket = "admin.sock"\n', ""))
    (tmp_path / "state").mkdir()
    with serving(FakeOperations(), tmp_path / "state" / "admin.sock"):
        assert (cert("list").exit_code, cert("list").stderr) == (0, "")


def test_a_broken_configuration(cert: Command, edge_toml: Path) -> None:
    edge_toml.write_text(TEXT.replace("agree_to_terms = true", "agree_to_terms = false"))
    result = cert("list")
    assert result.exit_code == 1
    assert "without your consent" in result.stderr
    assert "--socket" in result.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open every socket")
def test_a_socket_of_somebody_else(
    cert: Command, operations: FakeOperations, edge_toml: Path
) -> None:
    edge_toml.with_name("admin.sock").chmod(0)
    result = cert("list")
    assert result.exit_code == 1
    assert "permission denied\n    Use sudo" in result.stderr


def test_something_else_at_the_socket(cert: Command, edge_toml: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(edge_toml.with_name("admin.sock")))
        listening.listen()
        with answering(listening, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"):
            result = cert("list")
    assert result.exit_code == 1
    assert "answers 404" in result.stderr


@pytest.mark.parametrize(
    "answer",
    [
        b"220 mail.example.org ESMTP\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n\r\nnot JSON\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n\r\n{}\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n[",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nxx",
        b'HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n[{"a":1',
        b"",
    ],
)
def test_no_answer_of_any_kind_is_a_traceback(
    cert: Command, edge_toml: Path, answer: bytes
) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(edge_toml.with_name("admin.sock")))
        listening.listen()
        with answering(listening, answer):
            result = cert("renew", NAME)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert "error: " in result.stderr


@contextmanager
def answering(listening: socket.socket, answer: bytes) -> Iterator[None]:
    """One connection, answered in bytes."""

    def serve() -> None:
        peer, _ = listening.accept()
        with peer:
            peer.recv(65536)
            peer.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        thread.join(10)
