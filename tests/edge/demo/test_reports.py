"""Lines of the two processes, as events."""

import msgspec
import pytest

from edge.demo.events import Ready, Said
from edge.demo.reports import edge_event, standin_event
from edge.demo.standin.reports import HeaderReport
from tests.edge.demo.made import closed, established, received


@pytest.mark.parametrize("record", [established(), closed(), closed(server=None)])
def test_records_of_the_edge(record: msgspec.Struct) -> None:
    assert edge_event(msgspec.json.encode(record)) == record


@pytest.mark.parametrize(
    ("line", "event"),
    [
        (b'{"event":"edge.ready","workers":[1]}', Ready(who="edge")),
        (b'{"event":"backend.learnt","level":"info","backend":"mx"}', None),
        (b'{"event":"a","level":"error"}', Said(text='{"event":"a","level":"error"}')),
        (b"Traceback (most recent call last):", Said(text="Traceback (most recent call last):")),
        (b'{"event":"tls.established"}', Said(text='{"event":"tls.established"}')),
        (b"\xff", Said(text="\\xff")),
        (b"", Said(text="")),
        (b"[]", Said(text="[]")),
    ],
)
def test_other_lines_of_the_edge(line: bytes, event: object) -> None:
    assert edge_event(line) == event


@pytest.mark.parametrize("tls", [True, False])
def test_a_header_is_decoded(tls: bool) -> None:
    report = HeaderReport(service="imaps", header=received(tls=tls).raw.hex())
    assert standin_event(msgspec.json.encode(report)) == received(tls=tls)


@pytest.mark.parametrize(
    ("line", "event"),
    [
        (b'{"event":"ready"}', Ready(who="stand-in")),
        (b"oops", Said(text="oops")),
        (b'{"event":"other"}', Said(text='{"event":"other"}')),
    ],
)
def test_other_lines_of_the_standin(line: bytes, event: object) -> None:
    assert standin_event(line) == event


def test_a_probe_is_not_shown_and_a_bad_header_is() -> None:
    probe = HeaderReport(service="mx", header="0d0a0d0a000d0a515549540a20000000")
    assert standin_event(msgspec.json.encode(probe)) is None
    bad = HeaderReport(service="mx", header=received().raw[:-1].hex() + "00")
    said = standin_event(msgspec.json.encode(bad))
    assert said == Said(text="the stand-in got a bad header: the header's CRC32C is wrong")
