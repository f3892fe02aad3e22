"""What there is to tell of one certificate that is looked after."""

from datetime import datetime, timedelta
from typing import Final

from certs.acme.problem import AcmeProblem
from certs.events import (
    Defect,
    Due,
    Expired,
    Expiring,
    Failed,
    IssuerChanged,
    RateLimited,
    StoreTrouble,
    defect_of,
)
from certs.manager.kit import ManagerKit
from certs.renewal.plan import Plan
from certs.renewal.state import LineageState
from certs.renewal.thresholds import EXPIRED, Warned
from certs.renewal.validity import Validity
from certs.spec import Issuer, Lineage
from certs.store.protocol import StoreError

_SAME_MOMENT: Final = timedelta(minutes=1)


class Teller:
    """Speaks of lineages, to the kit's sink."""

    def __init__(self, kit: ManagerKit) -> None:
        self._sink = kit.sink

    def due(self, lineage: Lineage, state: LineageState, planned: Plan, first: Issuer) -> None:
        """An attempt begins; `first` is the preferred issuer."""
        certificate, key_type = lineage.certificate, lineage.key_type.value
        before = state.issuer or first.name
        self._sink(Due(certificate=certificate, key_type=key_type, reason=planned.reason))
        if planned.is_second_choice and before != planned.issuer:
            self._sink(
                IssuerChanged(
                    certificate=certificate,
                    key_type=key_type,
                    issuer=planned.issuer,
                    before=before,
                    reason=state.last_error.detail if state.last_error else planned.reason,
                )
            )

    def limited(self, lineage: Lineage, state: LineageState, planned: Plan) -> None:
        """A budget of ours, or a CA's wish, holds it up; told once for each such wait."""
        known_at = state.next_attempt_at
        is_known = known_at is not None and abs(known_at - planned.attempt_at) < _SAME_MOMENT
        if planned.limited is not None and not is_known:
            self._sink(
                RateLimited(
                    certificate=lineage.certificate,
                    key_type=lineage.key_type.value,
                    issuer=planned.issuer,
                    reason=planned.limited,
                    until=planned.attempt_at,
                )
            )

    def refused(
        self, lineage: Lineage, issuer: Issuer, problem: AcmeProblem, until: datetime
    ) -> None:
        """A CA has had enough of us."""
        self._sink(
            RateLimited(
                certificate=lineage.certificate,
                key_type=lineage.key_type.value,
                issuer=issuer.name,
                reason=str(problem)[:500],
                until=until,
            )
        )

    def failed(
        self,
        lineage: Lineage,
        issuer: Issuer,
        problem: AcmeProblem,
        *,
        failures: int,
        next_attempt_at: datetime,
    ) -> None:
        """An attempt has failed, the latest of some."""
        self._sink(
            Failed(
                certificate=lineage.certificate,
                key_type=lineage.key_type.value,
                issuer=issuer.name,
                kind=problem.kind.value,
                reason=_with_subproblems(problem),
                failures=failures,
                next_attempt_at=next_attempt_at,
            )
        )

    def store_trouble(self, lineage: Lineage, error: StoreError) -> None:
        """The store cannot do it."""
        self._sink(
            StoreTrouble(
                certificate=lineage.certificate,
                key_type=lineage.key_type.value,
                place=error.place,
                reason=f"{error.message}. {error.remedy}",
            )
        )

    def defect(self, lineage: Lineage, what: str, error: BaseException) -> None:
        """A bug of ours."""
        self._sink(
            Defect(
                certificate=lineage.certificate,
                key_type=lineage.key_type.value,
                what=what,
                error=defect_of(error),
            )
        )

    def warn(self, lineage: Lineage, life: Validity, step: Warned, now: datetime) -> None:
        """It comes to its end without a renewal."""
        self._sink(expiry(lineage.certificate, lineage.key_type.value, life, step, now))


def expiry(
    certificate: str, key_type: str | None, life: Validity, step: Warned, now: datetime
) -> Expired | Expiring:
    """The event for a step down."""
    if step.fraction == EXPIRED:
        return Expired(certificate=certificate, key_type=key_type, not_after=life.not_after)
    return Expiring(
        certificate=certificate,
        key_type=key_type,
        not_after=life.not_after,
        fraction_left=round(life.fraction_left(now), 3),
    )


def _with_subproblems(problem: AcmeProblem) -> str:
    details = [f"{one.identifier or '-'}: {one.detail}" for one in problem.subproblems]
    text = "; ".join([str(problem), *details])
    if problem.retry_after_s is not None:
        text += f"; not before {problem.retry_after_s:.0f} s from then"
    return text[:500]
