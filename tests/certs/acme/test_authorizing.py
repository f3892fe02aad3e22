"""Authorizations: which challenge is answered, what a crash has begun, whom we prove nothing to."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from certs.acme.authorizing import prove
from certs.acme.errand import DeadOrder, Errand
from certs.acme.journal import Journal
from certs.acme.memory import ChallengeMemory
from certs.acme.need import Need, NoTally
from certs.acme.problem import AcmeProblem, Kind
from certs.acme.wire import Order, Status, order_of
from certs.challenges.solver import PathError, Proof
from certs.spec import ChallengeType, KeyType, Lineage
from certs.store.memory import MemoryStore
from tests.support.memory_ca import BASE, MemoryCa, MemorySession
from tests.support.patient_clock import PatientClock
from tests.support.recording_solver import RecordingSolver, recording_solvers

TLS, HTTP, DNS = ChallengeType.TLS_ALPN_01, ChallengeType.HTTP_01, ChallengeType.DNS_01


async def nothing(proof: Proof) -> None:
    pass


class Hooked(RecordingSolver):
    """A solver that calls what a test gives."""

    __slots__ = ("hooks",)

    def __init__(self, type_: ChallengeType, **hooks: Callable[[Proof], Awaitable[None]]) -> None:
        super().__init__(type=type_)
        self.hooks = hooks

    async def present(self, proof: Proof) -> None:
        await self.hooks.get("present", nothing)(proof)

    async def wait(self, proof: Proof) -> None:
        await self.hooks.get("wait", nothing)(proof)

    async def clean_up(self, proof: Proof) -> None:
        await self.hooks.get("clean_up", nothing)(proof)


class Scene:
    """An order for some names, at a CA whose authorizations a test may change before `prove`."""

    def __init__(self, *names: str) -> None:
        self.clock, self.steps = PatientClock(), list[str]()
        self.ca = MemoryCa(now=self.clock.now)
        self.solvers: dict[ChallengeType, Any] = dict(recording_solvers())
        store = MemoryStore()
        lineage = Lineage(certificate=names[0], key_type=KeyType.ECDSA_P256)
        self.errand = Errand(
            session=MemorySession(self.ca),  # type: ignore[arg-type]
            need=Need(
                lineage=lineage,
                names=names,
                key_type=KeyType.ECDSA_P256,
                challenges=(TLS, HTTP, DNS),
            ),
            journal=Journal(store, lineage, "memory"),
            solvers=self.solvers,
            clock=self.clock,
            rng=random.Random(1),
            on_step=self.steps.append,
            memory=ChallengeMemory(store, self.clock),
            tally=NoTally(),
        )
        kinds = {name: "ip" if name[0].isdigit() else "dns" for name in names}
        wanted = [{"type": kind, "value": name} for name, kind in kinds.items()]
        self.order: Order = order_of(self.ca._new_order({"identifiers": wanted}))

    @property
    def authorization(self) -> dict[str, Any]:
        return self.ca.authorizations[f"{BASE}/authz/0"]

    @property
    def told(self) -> list[str]:
        """The challenges that the CA was told of."""
        return [line.split()[1] for line in self.ca.log if line.startswith("POST challenge")]

    def prove(self) -> None:
        asyncio.run(prove(self.errand, self.order))
        assert {one["status"] for one in self.ca.authorizations.values()} == {"valid"}


def test_each_name_by_what_can_prove_it() -> None:
    scene = Scene("example.org", "*.example.org", "192.0.2.7")
    scene.prove()
    assert sorted(scene.told) == [
        "challenge/0/tls-alpn-01",
        "challenge/1/dns-01",
        "challenge/2/tls-alpn-01",
    ]
    assert scene.solvers[DNS].presented == ["example.org"]
    assert all(solver.up == [] for solver in scene.solvers.values())


def test_everything_is_up_before_the_ca_is_told_of_anything() -> None:
    scene = Scene("b.example.org", "a.example.org")
    events = scene.ca.log

    def logged(what: str) -> Callable[[Proof], Awaitable[None]]:
        async def log(proof: Proof) -> None:
            events.append(f"{what} {proof.identifier}")

        return log

    hooks = {what: logged(what) for what in ("present", "wait", "clean_up")}
    scene.solvers[TLS] = Hooked(TLS, **hooks)
    scene.prove()
    kinds = [line.split()[0] for line in events if not line.startswith("GET")]
    assert kinds == ["present"] * 2 + ["wait"] * 2 + ["POST"] * 2 + ["clean_up"] * 2
    # In one order, whoever asks: so that two orders never wait for each other.
    assert [line for line in events if line.startswith("present")] == [
        "present a.example.org",
        "present b.example.org",
    ]


def test_what_is_valid_already_needs_nothing() -> None:
    scene = Scene("mail.example.org")
    scene.authorization["status"] = "valid"
    scene.prove()
    assert (scene.told, scene.solvers[TLS].presented) == ([], [])


def test_a_challenge_the_ca_is_looking_at_is_answered_but_not_told_again() -> None:
    scene = Scene("mail.example.org")
    challenge = scene.authorization["challenges"][0]
    assert challenge["type"] == "http-01"
    challenge["status"] = "processing"

    async def in_the_end(proof: Proof) -> None:
        scene.authorization["status"] = "valid"

    scene.solvers[HTTP] = Hooked(HTTP, wait=in_the_end)
    scene.prove()
    assert scene.told == []
    assert scene.solvers[TLS].presented == []


def test_a_challenge_that_was_told_of_in_the_meantime() -> None:
    scene = Scene("mail.example.org")

    async def validate(proof: Proof) -> None:
        scene.ca._validate(f"{BASE}/authz/0", "tls-alpn-01")

    scene.solvers[TLS] = Hooked(TLS, wait=validate)
    scene.prove()


@pytest.mark.parametrize("failing", ["present", "wait"])
def test_a_path_that_does_not_work_gives_way(failing: str) -> None:
    scene = Scene("mail.example.org", "imap.example.org")

    async def fail(proof: Proof) -> None:
        if proof.identifier == "mail.example.org":
            raise PathError("no listener", remedy="Add one.")

    scene.solvers[TLS] = Hooked(TLS, **{failing: fail})
    scene.prove()
    assert sorted(scene.told) == ["challenge/0/http-01", "challenge/1/tls-alpn-01"]
    assert any("no listener. Add one." in step for step in scene.steps)
    assert scene.solvers[HTTP].up == []


def test_what_is_up_is_taken_away_whatever_happens() -> None:
    scene = Scene("mail.example.org")
    scene.ca.bad = {"tls-alpn-01"}
    with pytest.raises(DeadOrder) as caught:
        scene.prove()
    assert caught.value.is_another_worthwhile
    assert scene.solvers[TLS].up == []


def test_a_name_that_nobody_ordered_is_not_proved() -> None:
    scene = Scene("mail.example.org")
    scene.authorization["identifier"] = {"type": "dns", "value": "bank.example"}
    with pytest.raises(DeadOrder, match="not ordered") as caught:
        scene.prove()
    assert caught.value.problem.kind is Kind.ORDER
    assert scene.told == []
    assert scene.solvers[TLS].presented == []


def test_no_challenge_that_we_know() -> None:
    scene = Scene("mail.example.org")
    for challenge in scene.authorization["challenges"]:
        challenge["type"] = "carrier-pigeon-01"
    with pytest.raises(AcmeProblem, match="offers no challenge that can be answered") as caught:
        scene.prove()
    assert caught.value.type == "path"


@pytest.mark.parametrize("status", ["expired", "deactivated", "revoked"])
def test_an_authorization_that_is_gone_asks_for_a_new_order(status: str) -> None:
    scene = Scene("mail.example.org", "imap.example.org")
    scene.authorization["status"] = status
    with pytest.raises(DeadOrder, match=status) as caught:
        scene.prove()
    assert caught.value.is_another_worthwhile
    assert scene.ca.authorizations[f"{BASE}/authz/1"]["status"] == "deactivated"


def test_a_status_that_nobody_knows_is_waited_out() -> None:
    scene = Scene("mail.example.org")
    scene.authorization["status"] = "hibernating"
    with pytest.raises(AcmeProblem, match=r"validation of mail\.example\.org") as caught:
        scene.prove()
    assert caught.value.kind is Kind.PASSING
    assert 200 < sum(scene.clock.slept) <= 300
    assert scene.order.status is Status.PENDING
