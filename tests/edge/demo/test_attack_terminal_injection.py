"""Nothing from the network may act upon the terminal that shows it (CVE-2024-47252 in kind)."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.proxy.decode import Decoded
from edge.demo.header import describe_tlvs, unique_id
from edge.demo.journal import Opened, Received
from edge.demo.json_view import JsonView
from edge.demo.terminal import Style, printable
from edge.demo.text_view import TextView
from edge.demo.view import View
from tests.edge.demo.made import closed, established, received

HOSTILE = "\x1b]0;owned\x07\x1b[2J\r\n\x9b31m\x7f\u202egpj.exe\u2028\x00"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("mail.example.org", "mail.example.org"),
        ("\x1b[2J", r"\x1b[2J"),
        ("a\r\nb", r"a\r\nb"),
        ("\x9b31m", r"\x9b31m"),
        ("\u202e", r"\u202e"),
        ("\x7f\x00", r"\x7f\x00"),
        ("\ud800", r"\ud800"),
        ("grüße", "grüße"),
        (b"\xff\x1b", r"\xff\x1b"),
    ],
)
def test_escaped(text: str | bytes, shown: str) -> None:
    assert printable(text) == shown


@given(st.text() | st.binary())
def test_only_printable_characters_are_left(text: str | bytes) -> None:
    assert printable(text).isprintable()


def hostile_header() -> Received:
    """As a header would look that the decoder should never have let through."""
    text = HOSTILE.encode()
    tlvs = ((0x01, text), (0x02, text), (0x05, text), (0xEE, text))
    header = Decoded(
        version=2,
        command="proxy",
        source=("192.0.2.7", 1),
        destination=("192.0.2.1", 2),
        tlvs=tlvs,
        ssl=None,
        consumed=200,
    )
    return Received(service="imaps", raw=text, header=header)


@pytest.mark.parametrize("is_coloured", [True, False])
@pytest.mark.parametrize("kind", ["text", "json"])
def test_views_pass_nothing_on(kind: str, *, is_coloured: bool) -> None:
    out = io.StringIO()
    style = Style(is_coloured=is_coloured)
    view: View = TextView(out.write, style) if kind == "text" else JsonView(out.write)
    view.opened(
        Opened(id="1", established=established(HOSTILE, sni=HOSTILE), received=hostile_header())
    )
    view.closed(closed(HOSTILE, detail=HOSTILE))
    view.said(HOSTILE)
    text = out.getvalue()
    for sequence in ("\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[32m", "\x1b[33m"):
        text = text.replace(sequence, "")
    assert "owned" in text
    assert all(character.isprintable() for character in text.replace("\n", ""))
    assert ("\x1b[1m" in out.getvalue()) is (is_coloured and kind == "text")


def test_tlv_texts_are_escaped() -> None:
    header = hostile_header().header
    assert all(text.isprintable() for _, text in describe_tlvs(header))
    assert (unique_id(header) or "").isprintable()
    assert unique_id(received().header) == "0123456789-1"
