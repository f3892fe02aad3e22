"""Asking the CA when it would like a certificate to be renewed (RFC 9773)."""

from collections import defaultdict
from datetime import datetime
from typing import Final

from certs.acme import ari as acme_ari
from certs.acme.problem import AcmeProblem, Kind
from certs.events import Revoked, WindowMoved
from certs.manager.kit import ManagerKit
from certs.manager.sessions import Sessions
from certs.renewal.ari import (
    AriState,
    Merged,
    after_error,
    after_reply,
    ask_at,
    is_called_back,
)
from certs.renewal.validity import Validity
from certs.spec import Issuer, Lineage
from certs.store.unit import Version

_PACE_S: Final = 1.0
"""Between two questions to one CA: after a start all certificates have one to ask."""


class RenewalInformation:
    """Asks about versions that came from a configured issuer."""

    def __init__(self, kit: ManagerKit, sessions: Sessions) -> None:
        self._kit = kit
        self._sessions = sessions
        self._next_slot: defaultdict[str, float] = defaultdict(float)
        """By issuer: when the next question may be asked, monotonic."""

    def issuer_of(self, version: Version) -> Issuer | None:
        """Whom to ask; None: the certificate is not from any CA that is configured now."""
        issuer = self._kit.issuer(version.meta.issuer)
        if issuer is None or issuer.directory != version.meta.directory:
            return None
        return issuer if version.meta.cert_id is not None else None

    def next_at(self, known: AriState | None, version: Version, life: Validity) -> datetime | None:
        """When the CA is to be asked; None: never."""
        if self.issuer_of(version) is None:
            return None
        return ask_at(known, life, self._kit.clock.now())

    async def refresh(
        self, lineage: Lineage, known: AriState | None, version: Version, life: Validity
    ) -> AriState | None:
        """Ask, when it is time. What is known stays when there is no answer. Raises StoreError."""
        issuer = self.issuer_of(version)
        at = self.next_at(known, version, life)
        clock, rng = self._kit.clock, self._kit.rng
        if issuer is None or at is None or at > clock.now():
            return known
        try:
            session = await self._sessions.of(issuer)
            await self._take_turn(issuer)
            reply = await acme_ari.fetch(session, life.cert_id)
        except AcmeProblem as problem:
            return after_error(
                known,
                life,
                # Configuration, too, may be mended at any time; but it is not asked for hourly.
                is_passing=problem.kind in {Kind.PASSING, Kind.RATE_LIMITED},
                retry_after_s=problem.retry_after_s,
                now=clock.now(),
                rng=rng,
            )
        now = clock.now()
        if reply is None:
            return after_error(known, life, is_passing=False, retry_after_s=None, now=now, rng=rng)
        merged = after_reply(known, reply, life, now=now, rng=rng)
        self._tell(lineage, known, merged, now)
        return merged.state

    def _tell(
        self, lineage: Lineage, known: AriState | None, merged: Merged, now: datetime
    ) -> None:
        certificate, key_type = lineage.certificate, lineage.key_type.value
        state = merged.state
        if merged.is_moved and state.window is not None:
            self._kit.sink(
                WindowMoved(
                    certificate=certificate,
                    key_type=key_type,
                    start=state.window.start,
                    end=state.window.end,
                    explanation_url=state.explanation_url,
                )
            )
        # What was said of the certificate before says nothing of this one.
        is_same = known is not None and known.cert_id == state.cert_id
        was_called_back = is_same and known is not None and is_called_back(known, now)
        if is_called_back(state, now) and not was_called_back:
            self._kit.sink(
                Revoked(
                    certificate=certificate,
                    key_type=key_type,
                    reason=f"the CA calls it back, see {state.explanation_url}",
                )
            )

    async def _take_turn(self, issuer: Issuer) -> None:
        clock = self._kit.clock
        now = clock.monotonic()
        turn = max(now, self._next_slot[issuer.name])
        self._next_slot[issuer.name] = turn + _PACE_S
        if turn > now:
            await clock.sleep(turn - now)
