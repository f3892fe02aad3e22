"""Which challenge types have worked for a name, and which have not: kept over restarts."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

import msgspec

from certs.clock import Clock
from certs.renewal.validity import Moment
from certs.spec import ChallengeType
from certs.store.keys import segment
from certs.store.protocol import Store

_FORGOTTEN_AFTER: Final = timedelta(days=90)
"""Longer than from one renewal to the next, so that none of them fails first by habit."""


class Remembered(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`challenges/<identifier>.json`. Times are aware and UTC."""

    worked: str | None = None
    """The type that worked last."""
    worked_at: Moment | None = None
    failed: dict[str, Moment] = {}
    """Types that failed since they last worked."""


class ChallengeMemory:
    """Kept in a store, by DNS name (without `*.`) or IP address. To lose it costs one failure."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def ordered(
        self, identifier: str, preference: Iterable[ChallengeType]
    ) -> tuple[ChallengeType, ...]:
        """`preference` with the types that failed lately at its end, the latest failure last."""
        oldest_at = self._clock.now() - _FORGOTTEN_AFTER
        failed = self.recall(identifier).failed
        failed = {type_: at for type_, at in failed.items() if at > oldest_at}
        types = tuple(preference)
        good = [type_ for type_ in types if type_.value not in failed]
        bad = [type_ for type_ in types if type_.value in failed]
        return (*good, *sorted(bad, key=lambda type_: failed[type_.value]))

    def worked(self, identifier: str, type_: ChallengeType) -> None:
        """Remember that the CA was convinced."""
        before = self.recall(identifier)
        failed = {name: at for name, at in before.failed.items() if name != type_.value}
        self._keep(
            identifier,
            Remembered(worked=type_.value, worked_at=self._clock.now(), failed=failed),
        )

    def failed(self, identifier: str, type_: ChallengeType) -> None:
        """Remember that the CA was not."""
        before = self.recall(identifier)
        failed = {**before.failed, type_.value: self._clock.now()}
        self._keep(identifier, msgspec.structs.replace(before, failed=failed))

    def recall(self, identifier: str) -> Remembered:
        """What is known; nothing is where it cannot be understood."""
        raw = self._store.get(_key(identifier))
        try:
            return Remembered() if raw is None else msgspec.json.decode(raw, type=Remembered)
        except msgspec.DecodeError:
            return Remembered()

    def _keep(self, identifier: str, remembered: Remembered) -> None:
        self._store.put(_key(identifier), msgspec.json.encode(remembered))


def _key(identifier: str) -> str:
    return f"challenges/{segment(identifier)}.json"
