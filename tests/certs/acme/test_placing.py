"""newOrder: what is asked for, what is left out at the second try, and what is not accepted."""

import asyncio
import dataclasses
import json
import random
from typing import Any

import pytest

from certs.acme.beginning import begin, is_of
from certs.acme.errand import Errand
from certs.acme.finding import found_again
from certs.acme.journal import Journal
from certs.acme.memory import ChallengeMemory
from certs.acme.need import Need, NoTally
from certs.acme.placing import place
from certs.acme.problem import AcmeProblem, Kind
from certs.spec import ChallengeType, KeyType, Lineage
from certs.store.memory import MemoryStore
from tests.support.memory_ca import MemoryCa, MemorySession, refusal
from tests.support.patient_clock import PatientClock

NEED = Need(
    lineage=Lineage(certificate="mail.example.org", key_type=KeyType.ECDSA_P256),
    names=("mail.example.org", "2001:db8::7"),
    key_type=KeyType.ECDSA_P256,
    challenges=(ChallengeType.HTTP_01,),
    replaces="aki.serial",
)
PROFILES = {"tlsserver": "…", "shortlived": "…"}


def errand(
    *,
    need: Need = NEED,
    profiles: dict[str, str] | None = None,
    renewal_info: str | None = "https://ca.invalid/ari",
    **issuer: Any,
) -> tuple[Errand, MemoryCa]:
    clock, store = PatientClock(), MemoryStore()
    ca = MemoryCa(now=clock.now)
    session = MemorySession(ca)
    session.profiles, session.renewal_info = profiles, renewal_info
    session.issuer = dataclasses.replace(session.issuer, **issuer)
    made = Errand(
        session=session,  # type: ignore[arg-type]
        need=need,
        journal=Journal(store, need.lineage, "memory"),
        solvers={},
        clock=clock,
        rng=random.Random(1),
        on_step=lambda step: None,
        memory=ChallengeMemory(store, clock),
        tally=NoTally(),
    )
    return made, ca


def order(made: Errand, ca: MemoryCa) -> list[dict[str, Any]]:
    """Place one; what was sent, at each try."""

    async def run() -> None:
        await place(made, await begin(made))

    asyncio.run(run())
    asked = [line.split(" ", 2) for line in ca.log]
    return [json.loads(body) for _, path, body in asked if path == "new-order"]


def test_what_is_asked_for() -> None:
    made, ca = errand(profiles=PROFILES, profile="tlsserver")
    assert order(made, ca) == [
        {
            "identifiers": [
                {"type": "dns", "value": "mail.example.org"},
                {"type": "ip", "value": "2001:db8::7"},
            ],
            "profile": "tlsserver",
            "replaces": "aki.serial",
        }
    ]
    pending = made.journal.load()
    assert pending is not None
    assert pending.url == "https://ca.invalid/order/0"
    assert is_of(pending, made)


def test_the_account_that_the_order_is_of_in_the_end() -> None:
    made, ca = errand()
    answer = ca.answer

    def register_anew(url: str, payload: bytes) -> Any:
        made.session.account_url = "https://ca.invalid/account/2"  # type: ignore[misc]
        return answer(url, payload)

    ca.answer = register_anew  # type: ignore[method-assign]
    order(made, ca)
    pending = made.journal.load()
    assert pending is not None
    assert is_of(pending, made)


def test_a_ca_without_renewal_information_is_not_told_what_is_replaced() -> None:
    (asked,) = order(*errand(renewal_info=None))
    assert "replaces" not in asked


@pytest.mark.parametrize(
    "problem",
    [
        refusal("alreadyReplaced", status=409),
        refusal("conflict", status=409),
        refusal("somethingElse", status=409),
        refusal("malformed"),
        refusal("unauthorized", status=403),
        refusal("serverInternal", status=500),
    ],
    ids=lambda problem: f"{problem.name}-{problem.status}",
)
def test_once_more_without_replaces(problem: AcmeProblem) -> None:
    made, ca = errand()
    ca.refusals = [problem]
    asked = order(made, ca)
    assert ["replaces" in one for one in asked] == [True, False]
    pending = made.journal.load()
    assert pending is not None
    assert pending.replaces is None


@pytest.mark.parametrize(
    ("problem", "is_kept"),
    [
        (refusal("rateLimited", status=429), False),
        (refusal("rejectedIdentifier"), False),
        (refusal("accountDoesNotExist"), False),
        (refusal("serverInternal", status=503), True),
        (AcmeProblem(type="transport", detail="gone", kind=Kind.PASSING), True),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_what_is_not_about_replaces_is_told(problem: AcmeProblem, is_kept: bool) -> None:
    """Where the CA may have placed the order all the same, the journal goes on to say so."""
    made, ca = errand()
    ca.refusals = [problem]
    with pytest.raises(AcmeProblem) as caught:
        order(made, ca)
    assert caught.value is problem
    assert len(ca.log) == 1
    assert (made.journal.load() is not None) == is_kept


def test_at_most_once_more() -> None:
    made, ca = errand()
    ca.refusals = [refusal("conflict", status=409)] * 2
    with pytest.raises(AcmeProblem):
        order(made, ca)
    assert len(ca.log) == 2


@pytest.mark.parametrize("profiles", [None, {}, PROFILES])
def test_a_preferred_profile_that_is_not_offered_is_left_out(profiles: Any) -> None:
    (asked,) = order(*errand(profiles=profiles, profile="classic"))
    assert "profile" not in asked


@pytest.mark.parametrize("profiles", [None, PROFILES])
def test_a_required_profile_that_is_not_offered(profiles: Any) -> None:
    made, ca = errand(profiles=profiles, profile="classic", is_profile_required=True)
    with pytest.raises(AcmeProblem, match="no profile classic") as caught:
        order(made, ca)
    assert caught.value.kind is Kind.CONFIGURATION
    assert ca.log == []


@pytest.mark.parametrize("is_required", [False, True])
def test_a_profile_that_is_offered_and_then_refused(is_required: bool) -> None:
    made, ca = errand(profiles=PROFILES, profile="shortlived", is_profile_required=is_required)
    ca.refusals = [refusal("invalidProfile")]
    if is_required:
        with pytest.raises(AcmeProblem):
            order(made, ca)
    else:
        assert ["profile" in one for one in order(made, ca)] == [True, False]


def test_an_order_that_was_lost_is_found_in_the_list() -> None:
    made, _ = errand()

    async def scene() -> None:
        pending = await begin(made)
        assert await found_again(made, pending) is None
        placed, _ = await place(made, pending)
        found = await found_again(made, pending)
        assert found is not None
        assert found[0].url == placed.url
        other = dataclasses.replace(NEED, names=("imap.example.org",))
        another = await begin(dataclasses.replace(made, need=other))
        assert await found_again(made, another) is None

    asyncio.run(scene())


def test_an_order_that_another_lineage_knows_is_not_taken() -> None:
    made, _ = errand()

    async def scene() -> None:
        pending = await begin(made)
        await place(made, pending)
        journal = Journal(
            made.journal._store,
            Lineage(certificate="mail.example.org", key_type=KeyType.RSA_2048),
            "memory",
        )
        assert await found_again(dataclasses.replace(made, journal=journal), pending) is None

    asyncio.run(scene())


@pytest.mark.parametrize(
    "changes",
    [
        {"need": dataclasses.replace(NEED, names=("other.example.org",))},
        {"need": dataclasses.replace(NEED, done_order_url="https://ca.invalid/order/0")},
        {"profile": "tlsserver"},
        {"directory": "https://other.invalid/directory"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_an_order_for_something_else_does_not_count(changes: dict[str, Any]) -> None:
    made, ca = errand()
    order(made, ca)
    pending = made.journal.load()
    assert pending is not None
    other, _ = errand(profiles=PROFILES, **changes)
    assert not is_of(pending, other)
