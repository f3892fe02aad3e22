"""SMTP replies, one line or many."""

import pytest

from edge.core.starttls.backendlines import BackendLines
from edge.core.starttls.smtpreply import Reply, ReplyReader
from edge.errors import NEED_MORE
from tests.edge.core.starttls.outcomes import assert_refused
from tests.edge.core.starttls.talk import each_byte


def read_all(*reads: bytes) -> list[Reply]:
    lines = BackendLines()
    reader = ReplyReader(lines)
    replies = []
    for read in reads:
        lines.push(read)
        while (reply := reader.next_reply()) is not NEED_MORE:
            replies.append(reply)
    return replies


@pytest.mark.parametrize(
    ("data", "codes", "texts"),
    [
        (b"250 ok\r\n", [b"250"], [(b"ok",)]),
        (b"250\r\n", [b"250"], [(b"",)]),
        (b"250-a\r\n250-\r\n250 c d\r\n", [b"250"], [(b"a", b"", b"c d")]),
        (b"250-a\r\n250\r\n550 no\r\n", [b"250", b"550"], [(b"a", b""), (b"no",)]),
        (b"250-a\r\n250-b\r\n", [], []),
        (b"250 a", [], []),
    ],
)
def test_replies(data: bytes, codes: list[bytes], texts: list[tuple[bytes, ...]]) -> None:
    whole = read_all(data)
    assert [reply.code for reply in whole] == codes
    assert [reply.texts for reply in whole] == texts
    assert read_all(*each_byte(data)) == whole
    assert data.startswith(b"".join(reply.wire for reply in whole))


@pytest.mark.parametrize(
    "data",
    [b"\r\n", b"25\r\n", b"2500 x\r\n", b"abc x\r\n", b"250_x\r\n", b"* OK\r\n", b"25a x\r\n"],
)
def test_what_is_no_reply(data: bytes) -> None:
    assert_refused(lambda: read_all(data), "no SMTP reply")


def test_one_reply_has_one_code() -> None:
    assert_refused(lambda: read_all(b"250-a\r\n550 b\r\n"), "changed the code")


@pytest.mark.parametrize(
    ("code", "is_positive"), [(b"220", True), (b"250", True), (b"354", False), (b"550", False)]
)
def test_only_2xx_is_positive(code: bytes, is_positive: bool) -> None:
    (reply,) = read_all(code + b" x\r\n")
    assert reply.is_positive is is_positive
