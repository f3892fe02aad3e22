"""What a person sees."""

import io
from pathlib import Path

import pytest

from edge.demo.commands import commands
from edge.demo.events import Visited
from edge.demo.journal import Opened
from edge.demo.places import SERVICES, Place
from edge.demo.terminal import Style, style_of_stdout
from edge.demo.text_view import TextView
from edge.demo.view import Start
from tests.edge.demo.made import CLIENT, ID, closed, established, received

PLACES = tuple(Place(service=each, port=each.port, binds=()) for each in SERVICES)


def shown(*calls: tuple[str, tuple[object, ...]]) -> list[str]:
    out = io.StringIO()
    view = TextView(out.write, Style(is_coloured=False))
    for name, args in calls:
        getattr(view, name)(*args)
    return out.getvalue().splitlines()


def test_a_block_has_both_sides_of_a_tls_connection() -> None:
    opened = Opened(id=ID, established=established(), received=received())
    lines = [line.strip() for line in shown(("opened", (opened,)))]
    assert lines[1].endswith(f"imaps       {ID}  TLSv1.3")
    assert f"client    {CLIENT}, imap with implicit TLS" in lines
    assert "TLS       TLSv1.3 TLS_AES_128_GCM_SHA256 X25519MLKEM768" in lines
    assert "SNI       localhost  ALPN imap" in lines
    assert "JA4       t13d1516h2_8daaf6152771_b0da82dd1658" in lines
    header = received()
    assert f"PROXY v2  {CLIENT} -> 192.0.2.10:993, {len(header.raw)} bytes" in lines
    assert "SSL          client=0x01 verify=1" in lines
    assert "SSL_VERSION  TLSv1.3" in lines
    assert "SSL_CIPHER   TLS_AES_128_GCM_SHA256" in lines
    assert f"UNIQUE_ID    {ID}" in lines
    # The bytes themselves, whole and last.
    assert "".join(lines).endswith(header.raw.hex())


def test_a_block_of_a_plaintext_connection_says_so() -> None:
    opened = Opened(id=ID, established=None, received=received(tls=False, service="mx"))
    lines = shown(("opened", (opened,)))
    assert lines[1].endswith(f"mx          {ID}  plaintext")
    assert not any("SSL" in line for line in lines)


def test_a_block_without_a_header_when_no_backend_was_reached() -> None:
    opened = Opened(id=ID, established=established(), received=None)
    assert not any("PROXY" in line for line in shown(("opened", (opened,))))


def test_the_closing_line() -> None:
    (line,) = shown(("closed", (closed(detail="because"),)))
    assert line.endswith(
        f"imaps       {ID}  client_closed (because): 10 bytes in, 20 bytes out, 1.234 s"
    )


def test_the_start_screen_has_every_listener_and_every_command() -> None:
    start = Start(
        places=PLACES,
        commands=commands(PLACES, Path("/somewhere/ca.pem")),
        config=Path("/somewhere/edge.toml"),
        ca=Path("/somewhere/ca.pem"),
    )
    lines = shown(("start", (start,)))
    for place in PLACES:
        row = next(line for line in lines if line.strip().startswith(f"{place.service.name} "))
        assert {f"127.0.0.1:{place.port}", place.backend} <= set(row.split())
    assert next(line for line in lines if " mx " in line).count("or plaintext") == 1
    for command in start.commands:
        assert f"  {command.line}" in lines


def test_the_end_is_not_written_behind_the_terminals_echo() -> None:
    assert shown(("ending", ())) == ["", "Ending."]


def test_only_a_visit_that_failed_is_told() -> None:
    good = Visited(listener="imaps", is_tls=True, problem=None)
    bad = Visited(listener="mx", is_tls=False, problem="TimeoutError: timed out")
    lines = shown(("visited", (good,)), ("visited", (bad,)), ("finished", (1, 2)))
    assert [line for line in lines if line] == [
        "! the demo's own session with mx in plaintext failed: TimeoutError: timed out",
        "1 of 2 sessions through the edge worked.",
    ]


@pytest.mark.parametrize(
    ("is_tty", "no_color", "is_coloured"),
    [(True, None, True), (True, "", True), (True, "1", False), (False, None, False)],
)
def test_colours(
    monkeypatch: pytest.MonkeyPatch, *, is_tty: bool, no_color: str | None, is_coloured: bool
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: is_tty, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_color is not None:
        monkeypatch.setenv("NO_COLOR", no_color)
    assert style_of_stdout().is_coloured is is_coloured
