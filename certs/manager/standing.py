"""How things stand with a lineage: what is known, what is decided, what is planned."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from certs.manager.books import wanted_digest
from certs.manager.issuing import life_of
from certs.manager.parts import Parts
from certs.manager.revocations import Revocation
from certs.renewal.decide import Decision, decide, obtain
from certs.renewal.plan import Plan, plan
from certs.renewal.state import LineageState, adopt
from certs.renewal.thresholds import FRACTIONS
from certs.renewal.validity import Validity
from certs.spec import Lineage, Managed
from certs.store.unit import Version

_FAR: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How things stand with one lineage, all of it as it was at one moment."""

    state: LineageState
    current: Version | None
    decision: Decision
    renewable: Validity | None
    """Of `current`; None: it is to be obtained anew, or there is none."""
    is_revoked: bool = False
    """`current` was: it is to be served no longer than need be."""

    @property
    def state_with_pick(self) -> LineageState:
        """The state with the moment that was picked in the CA's window, if one was."""
        ari = self.decision.ari
        return self.state if ari is None else replace(self.state, ari=ari)


class Standings:
    """Of the lineages of one certificate. Asks nobody, changes nothing."""

    def __init__(self, parts: Parts, managed: Managed) -> None:
        self._parts = parts
        self._kit = parts.kit
        self._managed = managed
        self._issuers = tuple(parts.kit.settings.issuers)
        self._wanted = wanted_digest(managed, parts.kit.settings)

    def at(self, lineage: Lineage) -> Standing:
        """Read it all. Raises StoreError."""
        state = adopt(self._parts.books.state(lineage), self._wanted)
        current = self._parts.versions.current(lineage)
        reason = self._why_anew(lineage, current)
        now = self._kit.clock.now()
        if reason is not None or current is None:
            decision = obtain(reason or "there is none yet", now)
            return Standing(
                state=state,
                current=current,
                decision=decision,
                renewable=None,
                is_revoked=self._revocation(lineage, current) is not None,
            )
        life = life_of(current)
        decision = decide(life, state.ari, now, self._kit.rng)
        return Standing(state=state, current=current, decision=decision, renewable=life)

    def _why_anew(self, lineage: Lineage, current: Version | None) -> str | None:
        """Why the current version is to be replaced whatever its age; None: it is not."""
        if current is None:
            return "there is none yet"
        revoked = self._revocation(lineage, current)
        if revoked is not None:
            return f"it was revoked ({revoked.reason})"
        if set(current.certificate.names) != set(self._managed.names):
            return "it is for other names than are wanted now"
        if current.meta.is_staging and current.meta.directory != self._issuers[0].directory:
            return "it is from the CA's test system"
        return None

    def _revocation(self, lineage: Lineage, current: Version | None) -> Revocation | None:
        return self._parts.revocations.of(lineage, current.id) if current is not None else None

    def plan(self, standing: Standing, *, is_forced: bool) -> Plan:
        ari, current = standing.state.ari, standing.current
        # An order can only say what it replaces where the CA has renewal information on it.
        can_replace = (
            ari is not None
            and ari.window is not None
            and standing.renewable is not None
            and ari.cert_id == standing.renewable.cert_id
        )
        by = self._parts.info.issuer_of(current) if can_replace and current is not None else None
        return plan(
            standing.decision,
            certificate=standing.renewable,
            state=standing.state,
            budgets=self._parts.books.budgets(self._issuers),
            issuers=[one.name for one in self._issuers],
            names=self._managed.names,
            replaceable_by=by.name if by is not None else None,
            now=self._kit.clock.now(),
            is_forced=is_forced,
            is_urgent=standing.is_revoked,
        )

    def next_look(self, standing: Standing, planned: Plan) -> datetime:
        now = self._kit.clock.now()
        moments = [planned.look_again_at, now + _FAR]
        if standing.current is not None:
            life = life_of(standing.current)
            moments += [at for one in FRACTIONS if (at := life.moment(one)) > now]
            if standing.renewable is not None:
                asked_at = self._parts.info.next_at(standing.state.ari, standing.current, life)
                moments += [asked_at] if asked_at is not None else []
        return min(moments)
