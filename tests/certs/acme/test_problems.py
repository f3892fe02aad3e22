"""Problem documents: nothing is lost, nothing raises, nothing secret or wild gets out."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certs.acme.problem import AcmeProblem, Kind, Subproblem
from certs.acme.problems import MAX_TEXT, plain_text, problem_of_json, problem_of_reply
from tests.support.scripted_ca import problem

URL = "https://ca.example/x"
THUMBPRINT = "9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI"


def parsed(
    body: object, *, status: int = 400, headers: dict[str, str] | None = None
) -> AcmeProblem:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return problem_of_reply(
        url=URL, status=status, headers=headers or {}, body=content, retry_after_s=5.0
    )


def test_everything_is_kept() -> None:
    found = parsed(
        problem(
            "rejectedIdentifier",
            "two names",
            status=418,
            instance="https://ca.example/why",
            subproblems=[
                problem("rateLimited", "a", identifier={"type": "dns", "value": "a.example"}),
                problem("caa", "b", identifier={"type": "from-the-future", "value": "b"}),
                problem("dns", "c"),
            ],
        ),
        status=403,
        headers={"retry-after": "5"},
    )
    assert (found.status, found.url, found.retry_after_s) == (403, URL, 5.0)
    assert found.headers == {"retry-after": "5"}
    assert (found.name, found.detail, found.kind) == ("rejectedIdentifier", "two names", Kind.ORDER)
    assert found.subproblems == (
        Subproblem(
            type="urn:ietf:params:acme:error:rateLimited", detail="a", identifier="a.example"
        ),
        Subproblem(type="urn:ietf:params:acme:error:caa", detail="b", identifier="b"),
        Subproblem(type="urn:ietf:params:acme:error:dns", detail="c", identifier=None),
    )
    assert found.raw["status"] == 418
    assert found.raw["instance"] == "https://ca.example/why"


@pytest.mark.parametrize(
    ("name", "status", "kind"),
    [
        ("accountDoesNotExist", 400, Kind.CONFIGURATION),
        ("userActionRequired", 403, Kind.CONFIGURATION),
        ("externalAccountRequired", 403, Kind.CONFIGURATION),
        ("caa", 403, Kind.ORDER),
        ("malformed", 400, Kind.ORDER),
        # `acme.messages.Error.code` knows none of these.
        ("alreadyReplaced", 409, Kind.ORDER),
        ("invalidProfile", 400, Kind.ORDER),
        ("conflict", 409, Kind.ORDER),
        ("rateLimited", 429, Kind.RATE_LIMITED),
        ("badNonce", 400, Kind.PASSING),
        ("serverInternal", 500, Kind.PASSING),
        ("neverHeardOf", 400, Kind.ORDER),
        ("neverHeardOf", 429, Kind.RATE_LIMITED),
        ("neverHeardOf", 503, Kind.PASSING),
    ],
)
def test_kinds(name: str, status: int, kind: Kind) -> None:
    assert parsed(problem(name), status=status).kind is kind


@pytest.mark.parametrize(
    ("parts", "kind"),
    [
        (["rateLimited", "rateLimited"], Kind.RATE_LIMITED),
        (["rateLimited", "caa"], Kind.ORDER),
        ([], Kind.ORDER),
    ],
)
def test_a_compound_is_what_its_parts_agree_on(parts: list[str], kind: Kind) -> None:
    assert parsed(problem("compound", subproblems=list(map(problem, parts)))).kind is kind


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"<html>Bad Gateway", 502, Kind.PASSING),
        (b"", 404, Kind.PASSING),
        (b"Too many", 429, Kind.RATE_LIMITED),
        (b"[1]", 400, Kind.PASSING),
        (b"[" * 100_000, 400, Kind.PASSING),
        (b"\xff\xfe", 400, Kind.PASSING),
    ],
)
def test_no_document_at_all(body: bytes, status: int, kind: Kind) -> None:
    found = parsed(body, status=status)
    assert found.kind is kind
    assert str(status) in found.detail
    assert found.type == "about:blank"


def test_the_address_that_a_person_has_to_open_is_shown() -> None:
    found = parsed(problem("userActionRequired", "new terms", instance="https://ca.example/tos"))
    assert found.detail == "new terms (see https://ca.example/tos)"


def test_texts_are_one_bounded_line() -> None:
    found = parsed(problem("caa", "a\r\nb\x1b[31m\u202ec" + "x" * 5000, **{"ti\ntle": "a\nb"}))
    assert found.detail.startswith("a b [31m c")
    assert len(found.detail) == MAX_TEXT
    assert found.detail.isprintable()
    assert found.raw["detail"] == found.detail


@pytest.mark.parametrize(
    "text",
    [
        f'expected "{"t" * 43}.{THUMBPRINT}" != "x"',
        f"http://a.example/.well-known/acme-challenge/{'t' * 43}: 404",
        f"http://a.example/.well-known/acme-challenge/{'t' * 43}.{THUMBPRINT}",
    ],
)
def test_tokens_and_key_authorizations_are_left_out(text: str) -> None:
    assert "ttttt" not in plain_text(text)
    assert THUMBPRINT not in plain_text(text)
    found = problem_of_json(problem("unauthorized", text, deep=[{"er": text}]))
    assert THUMBPRINT not in f"{found} {found!r} {vars(found)}"
    assert "ttttt" not in f"{found} {found!r} {vars(found)}"


@pytest.mark.parametrize("raw", [None, [], "x", 1])
def test_an_error_member_of_another_kind(raw: object) -> None:
    assert problem_of_json(raw).detail == "the CA does not say why"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(
    st.dictionaries(
        st.sampled_from(
            ["type", "detail", "title", "instance", "status", "subproblems", "identifier"]
        ),
        JSON,
    ),
    st.integers(400, 599),
)
def test_nothing_raises(raw: dict[str, Any], status: int) -> None:
    found = parsed(raw, status=status)
    assert found.detail.isprintable()
    assert len(found.detail) <= MAX_TEXT
