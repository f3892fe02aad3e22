"""The real process: `stalwart-edge run` on a configuration of the test, observed by its log."""

import json
import os
import signal
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.support.addresses import Address
from tests.support.daemon import Daemon
from tests.support.journal import DEFAULT_TIMEOUT_S

START_TIMEOUT_S = 30.0

Record = dict[str, object]


class Edge:
    """A running edge. Every line it writes must be one JSON object."""

    def __init__(self, configuration: str, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        config = directory / "edge.toml"
        config.write_text(configuration)
        self._daemon = Daemon(
            "stalwart-edge",
            [Path(sysconfig.get_path("scripts")) / "stalwart-edge", "run", "--config", config],
            # A warning of the interpreter becomes a line that is not JSON, and fails the test.
            env={"PYTHONWARNINGS": "default"},
        )
        try:
            self.ready = self.wait_for("edge.ready", timeout_s=START_TIMEOUT_S)
        except BaseException:
            self.kill()
            raise

    @property
    def workers(self) -> tuple[int, ...]:
        """The pids of the workers it started with."""
        pids = self.ready["workers"]
        assert isinstance(pids, list)
        return tuple(pids)

    @property
    def pid(self) -> int:
        """Of the master."""
        return self._daemon.pid

    def mark(self) -> int:
        """A place in the log to search from."""
        return self._daemon.lines.mark()

    def wait_for(
        self, event: str, *, since: int = 0, timeout_s: float = DEFAULT_TIMEOUT_S, **fields: object
    ) -> Record:
        """The first record of `event` whose fields are as given."""

        def is_wanted(line: str) -> bool:
            record = _parsed(line)
            return record.get("event") == event and all(
                record.get(key) == value for key, value in fields.items()
            )

        line = self._daemon.lines.wait_for(
            is_wanted, f"{event} with {fields}", since=since, timeout_s=timeout_s
        )
        return _parsed(line)

    def established(self, client: Address) -> Record:
        """The handshake record of the connection from `client`."""
        ip, port = client
        return self.wait_for("tls.established", client_ip=ip, client_port=port)

    def closed(self, client: Address) -> Record:
        """The closing record of the connection from `client`."""
        ip, port = client
        return self.wait_for("connection.closed", client_ip=ip, client_port=port)

    def records(self, event: str | None = None, *, since: int = 0) -> list[Record]:
        """All records so far, of one event or of all."""
        parsed = [_parsed(line) for line in self._daemon.lines.items(since)]
        return [record for record in parsed if event in {None, record.get("event")}]

    def descriptors(self) -> int:
        """Open file descriptors of all workers together."""
        return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in self.workers)  # noqa: PTH208

    def resident_bytes(self) -> int:
        """Resident memory of all workers together."""
        total = 0
        for pid in self.workers:
            status = Path(f"/proc/{pid}/status").read_text()
            line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
            total += int(line.split()[1]) * 1024
        return total

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the master."""
        self._daemon.signal(number)

    def wait(self, timeout_s: float = 15.0) -> int:
        """The master's exit status."""
        return self._daemon.wait(timeout_s)

    def stop(self) -> None:
        """SIGTERM; exit status 0, no worker left, and a log without a blemish."""
        status = self._daemon.stop()
        log = "\n".join(self._daemon.lines.items())
        assert status == 0, f"exit status {status}:\n{log}"
        left = [pid for pid in self.workers if Path(f"/proc/{pid}").exists()]
        assert not left, f"workers outlived the master: {left}"
        self.assert_log_is_clean()

    def kill(self) -> None:
        """Best effort, after a test has failed already."""
        if self._daemon.is_running:
            self._daemon.stop()

    def assert_log_is_clean(self) -> None:
        """Only JSON lines, each connection closed exactly once, no internal error."""
        lines = self._daemon.lines.items()
        stray = [line for line in lines if "event" not in _parsed(line)]
        assert not stray, "not a record:\n" + "\n".join(stray)
        closed = [record["id"] for record in self.records("connection.closed")]
        assert len(closed) == len(set(closed)), "a connection was closed twice"
        unclosed = {record["id"] for record in self.records("tls.established")} - set(closed)
        assert not unclosed, f"established but never closed: {unclosed}"
        broken = [r for r in self.records("connection.closed") if r["outcome"] == "internal_error"]
        bugs = [record for record in self.records() if record.get("level") == "error"]
        assert not broken + bugs, f"internal errors: {broken + bugs}"


@contextmanager
def running_edge(configuration: str, directory: Path) -> Iterator[Edge]:
    """An edge around a block; after a block that succeeded, its stop is part of the test."""
    edge = Edge(configuration, directory)
    try:
        yield edge
    except BaseException:
        edge.kill()
        raise
    edge.stop()


def _parsed(line: str) -> Record:
    try:
        record = json.loads(line)
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}


def fields_of(record: Mapping[str, object], *names: str) -> dict[str, object]:
    """A part of a record, for one comparison that shows all differences."""
    return {name: record[name] for name in names}
