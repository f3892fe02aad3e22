"""Lines are whole JSON objects; what does not fit into a worker's pipe is counted, and said."""

import json
import os
from collections.abc import Callable

import pytest

from edge.ops.log import DirectWriter, Level, Log, PipeWriter


class Lines:
    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def write(self, line: bytes) -> None:
        self.lines.append(line)


def test_hostile_text_stays_on_its_line() -> None:
    lines = Lines()
    log = Log(lines, process="test")
    log.info("event.name", text='a"b\r\n{"event":"forged"}\x1b[2J\u2028', number=3)
    (line,) = lines.lines
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert b"\x1b" not in line
    record = json.loads(line)
    assert (record["event"], record["level"], record["number"]) == ("event.name", "info", 3)
    assert record["text"].startswith('a"b\r\n')


def test_levels() -> None:
    lines = Lines()
    log = Log(lines, process="test", level=Level.WARNING)
    log.debug("a")
    log.info("b")
    log.warning("c")
    log.error("d")
    assert [json.loads(line)["event"] for line in lines.lines] == ["c", "d"]


def test_an_exception_names_its_place() -> None:
    lines = Lines()
    try:
        raise KeyError("gone")
    except KeyError as error:
        Log(lines, process="test").exception("worker.bug", error)
    assert "test_log.py" in json.loads(lines.lines[0])["error"]


def test_a_full_pipe_drops_whole_lines_and_says_how_many() -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        pipe = PipeWriter(writer, None)
        line = b'{"event":"x","pad":"' + b"y" * 1000 + b'"}\n'
        for _ in range(200):
            pipe.write(line)
        taken = os.read(reader, 1 << 20)
        assert taken.count(b"\n") * len(line) == len(taken)
        pipe.write(line)
        gap, again = os.read(reader, 1 << 20).splitlines()
        assert json.loads(gap) == {
            "event": "log.dropped",
            "level": "warning",
            "lines": 200 - len(taken) // len(line),
        }
        assert again + b"\n" == line
    finally:
        os.close(reader)
        os.close(writer)


def test_a_line_that_could_be_torn_is_not_written() -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    os.set_blocking(reader, False)
    try:
        pipe = PipeWriter(writer, None)
        pipe.write(b"z" * 5000 + b"\n")
        pipe.write(b"{}\n")
        assert os.read(reader, 1 << 20).splitlines()[1:] == [b"{}"]
    finally:
        os.close(reader)
        os.close(writer)


def test_a_reader_that_is_gone_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    DirectWriter(writer).write(b"{}\n")
    os.close(writer)


def test_lines_of_one_pass_share_a_write_and_keep_their_order() -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    os.set_blocking(reader, False)
    later: list[Callable[[], None]] = []
    try:
        pipe = PipeWriter(writer, later.append)
        pipe.write(b"1\n")
        pipe.write(b"2\n")
        assert len(later) == 1
        with pytest.raises(BlockingIOError):
            os.read(reader, 100)
        later.pop()()
        assert os.read(reader, 100) == b"1\n2\n"
        # More than one atomic write may hold does not wait.
        for _ in range(5):
            pipe.write(b"x" * 999 + b"\n")
        assert len(os.read(reader, 10_000)) == 4000
        pipe.flush()
        assert len(os.read(reader, 10_000)) == 1000
    finally:
        os.close(reader)
        os.close(writer)
