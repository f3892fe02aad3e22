"""What a CA sends: what is odd is left out or called unknown, and costs nothing else."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certs.acme.problem import AcmeProblem, Kind
from certs.acme.reply import Reply
from certs.acme.wire import Identifier, Status, authorization_of, challenge_of, order_of
from certs.spec import ChallengeType
from tests.support.scripted_ca import problem

TOKEN = "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0"
URL = "https://ca.example/order/1"


def reply(body: object) -> Reply:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(url=URL, status=200, headers={}, body=content, links={}, retry_after_s=None)


def order(**members: Any) -> dict[str, Any]:
    return {
        "status": "pending",
        "expires": "2026-03-08T12:00:00Z",
        "identifiers": [{"type": "dns", "value": "a.example"}, {"type": "ip", "value": "::1"}],
        "authorizations": ["https://ca.example/authz/1", "https://ca.example/authz/2"],
        "finalize": "https://ca.example/order/1/finalize",
    } | members


def challenge(type_: str = "http-01", **members: Any) -> dict[str, Any]:
    whole = {"type": type_, "url": f"https://ca.example/{type_}", "token": TOKEN} | members
    return whole | {"status": members.get("status", "pending")}


def authorization(*challenges: object, **members: Any) -> dict[str, Any]:
    return {
        "status": "pending",
        "identifier": {"type": "dns", "value": "a.example"},
        "challenges": list(challenges),
    } | members


def test_an_order() -> None:
    found = order_of(
        reply(order(profile="shortlived", replaces="aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"))
    )
    assert found.status is Status.PENDING
    assert found.identifiers == (Identifier("dns", "a.example"), Identifier("ip", "::1"))
    assert found.authorizations[1] == "https://ca.example/authz/2"
    assert found.finalize == "https://ca.example/order/1/finalize"
    assert found.expires_at == datetime(2026, 3, 8, 12, tzinfo=UTC)
    assert found.profile == "shortlived"
    assert found.replaces == "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"
    assert found.certificate is None
    assert found.error is None


@pytest.mark.parametrize("status", ["paused", None, 5, [], {}])
def test_a_status_that_nobody_knows(status: object) -> None:
    assert order_of(reply(order(status=status))).status is Status.UNKNOWN
    body = authorization(challenge(status=status), status=status)
    found = authorization_of(reply(body))
    assert found.status is Status.UNKNOWN
    assert [one.status for one in found.challenges] == [Status.UNKNOWN]


@pytest.mark.parametrize("status", sorted(set(Status)))
def test_each_status_that_is_known(status: str) -> None:
    assert authorization_of(reply(authorization(status=status))).status == status


@pytest.mark.parametrize("expires", ["soon", "2026-03-08T12:00:00", "", 5, "9999-99-99T00:00:00Z"])
def test_an_order_is_not_lost_for_its_date(expires: object) -> None:
    assert order_of(reply(order(expires=expires))).expires_at is None


def test_the_echo_is_whole() -> None:
    made_up = [{"type": "dns", "value": "a.example"}, {"type": "email", "value": "a@b.example"}]
    found = order_of(reply(order(identifiers=made_up)))
    assert found.identifiers[1] == Identifier("email", "a@b.example")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"[" * 100_000,
        order(identifiers=[{"type": "dns"}]),
        order(identifiers=["a.example"]),
    ],
)
def test_not_an_order(body: object) -> None:
    with pytest.raises(AcmeProblem) as caught:
        order_of(reply(body))
    assert (caught.value.type, caught.value.kind) == ("protocol", Kind.PASSING)
    assert caught.value.url == URL


def test_the_error_of_an_order() -> None:
    found = order_of(reply(order(status="invalid", error=problem("badCSR", "weak"))))
    assert found.error is not None
    assert (found.error.name, found.error.detail) == ("badCSR", "weak")


def test_an_authorization() -> None:
    body = authorization(
        challenge("dns-01"),
        challenge("tls-alpn-01", status="invalid", error=problem("tls", "no handshake")),
        challenge("http-01", status="valid", validated="2026-03-01T12:00:00Z"),
        wildcard=True,
    )
    found = authorization_of(reply(body))
    assert found.is_wildcard
    assert found.identifier == Identifier("dns", "a.example")
    assert [(one.type, one.status) for one in found.challenges] == [
        (ChallengeType.DNS_01, Status.PENDING),
        (ChallengeType.TLS_ALPN_01, Status.INVALID),
        (ChallengeType.HTTP_01, Status.VALID),
    ]
    error = found.challenges[1].error
    assert error is not None
    assert error.detail == "no handshake"
    assert found.challenges[0].url == "https://ca.example/dns-01"


@pytest.mark.parametrize(
    "odd",
    [
        challenge("dns-persist-01"),
        challenge("dns-account-01"),
        challenge("sk-ecdsa-attest-01", token=None),
        challenge(token="short"),
        challenge(token="../../etc/passwd" * 4),
        challenge(token=f"{TOKEN}\r\n"),
        challenge(token=7),
        challenge(url=None),
        challenge(type_="http-01") | {"type": []},
        "http-01",
        None,
    ],
)
def test_an_odd_challenge_costs_nothing_else(odd: object) -> None:
    found = authorization_of(reply(authorization(odd, challenge("dns-01"))))
    assert [one.type for one in found.challenges] == [ChallengeType.DNS_01]


def test_a_token_is_verbatim() -> None:
    # Its last character has bits that decoding forgets.
    loose = "abcdefghijklmnopqrstuvwxyB"
    found = challenge_of(reply(challenge(token=loose)))
    assert found is not None
    assert found.token == loose
    assert loose not in repr(found)


def test_the_answer_to_a_challenge() -> None:
    assert challenge_of(reply(challenge("new-01"))) is None
    found = challenge_of(reply(challenge("tls-alpn-01", status="processing")))
    assert found is not None
    assert found.status is Status.PROCESSING


ODD = (
    st.none()
    | st.integers()
    | st.text(max_size=5)
    | st.lists(st.none() | st.text(), max_size=2)
    | st.dictionaries(st.text(max_size=5), st.none(), max_size=2)
)


@given(
    st.sampled_from([*order(), "error", "profile", "certificate", "challenges", "identifier"]),
    ODD,
)
def test_one_odd_member_is_understood_or_a_problem(member: str, value: object) -> None:
    for body, read in (
        (order(), order_of),
        (authorization(challenge()), authorization_of),
        (challenge(), challenge_of),
    ):
        with suppress(AcmeProblem):
            read(reply(body | {member: value}))
