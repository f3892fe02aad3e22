"""`stalwart-edge demo`, as a newcomer runs it: every session, every printed command, its end."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge.demo.places import SERVICES
from tests.support.daemon import Daemon
from tests.support.tools import program

Record = dict[str, object]

MAIL_LISTENERS = [each.name for each in SERVICES if each.protocol.is_mail]
LISTENERS = [each.name for each in SERVICES]
READY_S = 40.0


class RunningDemo:
    """The process, with its files in a folder of its own."""

    def __init__(self, folder: Path, *args: str) -> None:
        self.folder = folder
        # Two demos that start at the same moment would find the same ports free.
        with Path(tempfile.gettempdir(), "stalwart-edge-demo-tests.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.daemon = Daemon(
                "demo",
                [sys.executable, "-m", "edge", "demo", *args],
                env={"TMPDIR": str(folder)},
            )
            self.daemon.wait_for_line("ca.pem", timeout_s=READY_S)

    @property
    def records(self) -> list[Record]:
        """Its lines with `--json`; a line that is not JSON fails the test."""
        return [json.loads(line) for line in self.daemon.lines.items()]

    def events(self, name: str) -> list[Record]:
        return [record for record in self.records if record["event"] == name]

    def children(self) -> list[int]:
        """The processes it has started."""
        task = Path(f"/proc/{self.daemon.pid}/task/{self.daemon.pid}/children")
        return [int(pid) for pid in task.read_text().split()]


@contextmanager
def running_demo(folder: Path, *args: str) -> Iterator[RunningDemo]:
    demo = RunningDemo(folder, *args)
    try:
        yield demo
    finally:
        demo.daemon.stop()


def get(record: Record, *path: str) -> object:
    value: object = record
    for key in path:
        assert isinstance(value, dict), path
        value = value[key]
    return value


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """A demo that visited every listener and ended."""
    with running_demo(tmp_path_factory.mktemp("demo"), "--once", "--json") as demo:
        assert demo.daemon.wait(60) == 0, demo.daemon.lines.items()
        yield demo


def test_every_session_worked(once: RunningDemo) -> None:
    visited = [
        (each["listener"], each["tls"], each["problem"]) for each in once.events("demo.visited")
    ]
    expected = [(name, True, None) for name in LISTENERS] + [("mx", False, None)]
    assert sorted(visited, key=str) == sorted(expected, key=str)
    assert once.records[-1] == {
        "event": "demo.finished",
        "worked": len(expected),
        "visits": len(expected),
    }
    assert once.events("demo.note") == []


@pytest.mark.parametrize("listener", LISTENERS)
def test_the_header_says_what_the_edge_recorded(once: RunningDemo, listener: str) -> None:
    (opened,) = [
        each
        for each in once.events("connection.opened")
        if each["established"] and get(each, "established", "listener") == listener
    ]
    (closed,) = [each for each in once.events("connection.closed") if each["id"] == opened["id"]]
    tlvs = get(opened, "header", "tlvs")
    assert isinstance(tlvs, dict)
    assert tlvs["UNIQUE_ID"] == opened["id"]
    assert tlvs["SSL"] == "client=0x01 verify=1"
    assert tlvs["SSL_VERSION"] == get(opened, "established", "tls_version")
    assert tlvs["SSL_CIPHER"] == get(opened, "established", "cipher")
    assert tlvs["SSL_GROUP"] == get(opened, "established", "group")
    assert tlvs["AUTHORITY"] == get(opened, "established", "sni") == "localhost"
    assert get(opened, "header", "service") == listener
    assert str(get(opened, "header", "source")).endswith(
        f":{get(opened, 'established', 'client_port')}"
    )
    assert (closed["listener"], closed["tls"]) == (listener, True)


def test_a_plaintext_session_of_the_mx_has_no_ssl_tlv(once: RunningDemo) -> None:
    (opened,) = [each for each in once.events("connection.opened") if not each["established"]]
    assert get(opened, "header", "service") == "mx"
    assert "SSL" not in str(get(opened, "header", "tlvs"))


def test_nothing_is_left_behind(once: RunningDemo) -> None:
    assert list(once.folder.iterdir()) == []


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """A demo that goes on."""
    with running_demo(tmp_path_factory.mktemp("demo"), "--json") as running:
        yield running


def test_every_printed_command_works(demo: RunningDemo) -> None:
    (ready,) = demo.events("demo.ready")
    commands = ready["commands"]
    assert isinstance(commands, list)
    assert {line.split()[0] for line in commands} == {"curl", "openssl", "printf", "swaks"}
    for line in commands:
        for name in ("curl", "openssl", "swaks"):
            if f"{name} " in line:
                program(name)
        since = demo.daemon.lines.mark()
        done = subprocess.run(
            ["sh", "-c", line],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 0, (line, done)
        demo.daemon.wait_for_line('"event": "connection.closed"', since=since)


def test_ctrl_c_ends_everything_in_order(tmp_path: Path) -> None:
    with running_demo(tmp_path) as demo:
        children = demo.children()
        assert len(children) == 2
        demo.daemon.wait_for_line("bytes out")
        demo.daemon.signal(signal.SIGINT)
        assert demo.daemon.wait() == 0
    assert [pid for pid in children if Path(f"/proc/{pid}").exists()] == []
    assert list(tmp_path.iterdir()) == []
    text = "\n".join(demo.daemon.lines.items())
    assert "Traceback" not in text
    assert "\x1b" not in text, "no colours into a pipe"
    for label in ("client ", "TLS ", "SNI ", "JA4 ", "PROXY v2 ", "UNIQUE_ID "):
        assert label in text


def test_a_reader_that_went_away_ends_it_too(tmp_path: Path) -> None:
    demo = subprocess.Popen(
        [sys.executable, "-m", "edge", "demo"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert demo.stdout is not None
    assert demo.stderr is not None
    demo.stdout.readline()
    demo.stdout.close()
    with demo.stderr as errors:
        assert demo.wait(READY_S) == 0, errors.read()
        assert errors.read() == b""
    assert list(tmp_path.iterdir()) == []
