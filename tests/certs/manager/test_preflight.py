"""Challenge paths tried against ourselves, and which types are ordered with after that."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from certs.acme.memory import ChallengeMemory
from certs.acme.problem import AcmeProblem, Kind
from certs.challenges.solver import PathError
from certs.clock import SystemClock
from certs.events import Event, PathFailed
from certs.manager.preflight import Preflight
from certs.spec import ChallengeType
from certs.store.memory import MemoryStore
from certs.store.protocol import StoreError
from tests.support.manager_world import managed
from tests.support.recording_solver import RecordingSolver

ALPN, HTTP, DNS = ChallengeType.TLS_ALPN_01, ChallengeType.HTTP_01, ChallengeType.DNS_01


@dataclass(slots=True, kw_only=True)
class Path(RecordingSolver):
    """A way of proving that is closed for some names."""

    closed_for: tuple[str, ...] = ()
    rehearsed: list[str] = field(default_factory=list)

    async def rehearse(self, identifier: str, *, is_ip: bool) -> None:
        self.rehearsed.append(identifier)
        if identifier in self.closed_for or "*" in self.closed_for:
            raise PathError(f"{self.type.value} is closed for {identifier}", remedy="Open it.")


def paths(**closed_for: str) -> Mapping[ChallengeType, Path]:
    """All types; `http="a.example.org"` is closed for that name."""
    names = {"alpn": ALPN, "http": HTTP, "dns": DNS}
    return {
        type_: Path(type=type_, closed_for=tuple(closed_for.get(name, "").split()))
        for name, type_ in names.items()
    }


def choose(
    solvers: Mapping[ChallengeType, Path],
    *names: str,
    order: tuple[ChallengeType, ...] = (ALPN, HTTP, DNS),
    events: list[Event] | None = None,
    store: MemoryStore | None = None,
) -> tuple[ChallengeType, ...]:
    store = store or MemoryStore()
    preflight = Preflight(
        store=store,
        solvers=solvers,
        memory=ChallengeMemory(store, SystemClock()),
        sink=(events if events is not None else []).append,
    )
    return asyncio.run(preflight.challenges(managed(*names, challenges=order)))


A, B, WILD = "a.example.org", "b.example.org", "*.b.example.org"


@pytest.mark.parametrize(
    ("closed", "names", "order", "wanted"),
    [
        ({}, (A,), (ALPN, HTTP), (ALPN, HTTP)),
        ({"alpn": A}, (A,), (ALPN, HTTP), (HTTP,)),
        ({"alpn": "*"}, (A, B), (ALPN, HTTP, DNS), (HTTP, DNS)),
        # One that works for some names only comes last, and is not lost: a wildcard has no other.
        ({"dns": A}, (WILD, A), (DNS, HTTP), (HTTP, DNS)),
        ({"dns": A}, (A, WILD), (DNS, HTTP), (HTTP, DNS)),
        ({"http": B}, (A, B), (HTTP, ALPN), (ALPN, HTTP)),
        ({}, (A, WILD), (HTTP, DNS), (HTTP, DNS)),
        ({}, ("192.0.2.7",), (DNS, HTTP), (HTTP, DNS)),
    ],
)
def test_types(
    closed: dict[str, str],
    names: tuple[str, ...],
    order: tuple[ChallengeType, ...],
    wanted: tuple[ChallengeType, ...],
) -> None:
    assert choose(paths(**closed), *names, order=order) == wanted


def test_a_name_that_cannot_be_proved_is_explained() -> None:
    events: list[Event] = []
    with pytest.raises(AcmeProblem) as caught:
        choose(paths(alpn="*", http="*"), A, order=(ALPN, HTTP), events=events)
    assert caught.value.kind is Kind.ORDER
    for words in (A, "tls-alpn-01 is closed", "http-01 is closed", "Open it."):
        assert words in caught.value.detail
    assert [type(one) for one in events] == [PathFailed, PathFailed]


def test_a_wildcard_without_dns() -> None:
    with pytest.raises(AcmeProblem, match="none of its challenges"):
        choose(paths(), WILD, order=(ALPN, HTTP))


def test_a_listener_that_is_closed_is_tried_once_for_all_names() -> None:
    solvers = paths(alpn="*")
    choose(solvers, A, B, "c.example.org")
    assert solvers[ALPN].rehearsed == [A]
    assert solvers[HTTP].rehearsed == [A, B, "c.example.org"]


def test_without_room_no_path_is_tried() -> None:
    class Full(MemoryStore):
        def probe(self, size_bytes: int) -> None:
            raise StoreError("full", place="store", remedy="Free some.")

    solvers = paths()
    with pytest.raises(StoreError):
        choose(solvers, A, store=Full())
    assert all(one.rehearsed == [] for one in solvers.values())
