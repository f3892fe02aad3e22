"""Renewal information: the id of a certificate, and what a CA's answer may look like."""

import asyncio
import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certs.acme.ari import cert_id, cert_id_of, fetch
from certs.acme.problem import AcmeProblem, Kind
from certs.acme.reply import Reply
from certs.renewal.ari import RenewalInfo, Window
from tests.support.fakeca.authority import Authority
from tests.support.memory_ca import MemoryCa, MemorySession

START, END = "2026-01-02T04:00:00Z", "2026-01-03T04:00:00.5+01:00"
WINDOW = {"start": START, "end": END}


class Answering(MemorySession):
    """Gives one answer to whatever is asked."""

    def __init__(self, body: object, retry_after_s: float | None = None) -> None:
        super().__init__(MemoryCa(now=lambda: datetime.now(UTC)))
        self.body, self.retry_after_s = body, retry_after_s
        self.asked: list[str] = []

    async def get(self, url: str) -> Reply:
        self.asked.append(url)
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        return Reply(
            url=url,
            status=200,
            headers={},
            body=body,
            links={},
            retry_after_s=self.retry_after_s,
        )


def ask(session: Any) -> RenewalInfo | None:
    return asyncio.run(fetch(session, "aki.serial"))


def test_the_vector_of_the_rfc() -> None:
    key_identifier = bytes.fromhex("69885B6B87464041E1B37B847BA0AE2CDE01C8D4")
    assert cert_id(key_identifier, 0x87654321) == "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"
    assert cert_id(b"\0", 0x7F) == "AA.fw"


def test_a_certificate_that_does_not_name_its_issuers_key_has_no_id() -> None:
    authority = Authority(datetime.now(UTC))
    assert cert_id_of(authority.roots[0].certificate) is None
    assert cert_id_of(authority.intermediates[0]) is not None


def test_a_window() -> None:
    session = Answering(
        {"suggestedWindow": WINDOW, "explanationURL": "https://ca.invalid/why"}, 21600.0
    )
    assert ask(session) == RenewalInfo(
        window=Window(
            start=datetime(2026, 1, 2, 4, tzinfo=UTC),
            end=datetime(2026, 1, 3, 3, 0, 0, 500000, tzinfo=UTC),
        ),
        explanation_url="https://ca.invalid/why",
        retry_after_s=21600.0,
    )
    assert session.asked == ["https://ca.invalid/renewal-info/aki.serial"]


def test_a_ca_that_does_not_say() -> None:
    session = Answering({})
    session.renewal_info = None
    assert ask(session) is None
    assert session.asked == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        b"<html>",
        {"suggestedWindow": None},
        {"suggestedWindow": []},
        {"suggestedWindow": {"start": START}},
        {"suggestedWindow": {"start": START, "end": 7}},
        {"suggestedWindow": {"start": START, "end": "soon"}},
        {"suggestedWindow": {"start": START, "end": "2026-01-03T04:00:00"}},
        {"suggestedWindow": {"start": START, "end": "9999-99-99T04:00:00Z"}},
        {"suggestedWindow": {"start": START, "end": "0001-01-01T00:00:00+14:00"}},
    ],
)
def test_no_window(body: object) -> None:
    with pytest.raises(AcmeProblem, match="no window") as caught:
        ask(Answering(body))
    assert caught.value.kind is Kind.ORDER


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["start", "end"]), inner),
    )
)
def test_anything_is_a_window_or_a_problem(window: object) -> None:
    with contextlib.suppress(AcmeProblem):
        ask(Answering({"suggestedWindow": window}))


@pytest.mark.parametrize(
    "url",
    [
        7,
        "",
        "javascript:alert(1)",
        "https://ca.invalid/\u202e",
        "https://ca.invalid/\nnext",
        "https://" + 600 * "x",
    ],
)
def test_explanations_that_nobody_should_open(url: object) -> None:
    found = ask(Answering({"suggestedWindow": WINDOW, "explanationURL": url}))
    assert found is not None
    assert found.explanation_url is None
