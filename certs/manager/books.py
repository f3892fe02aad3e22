"""What is remembered over restarts: the state of each lineage, and what each issuer was asked for.

Every change is in the store before anything is done that depends on it: a restart is no way around
a back-off or a limit.
"""

import hashlib
from collections.abc import Mapping

from certs.clock import Clock
from certs.renewal import budget as budgets
from certs.renewal import state as states
from certs.renewal.budget import IssuerBudget
from certs.renewal.state import LineageState
from certs.spec import Issuer, Lineage, Managed
from certs.store.protocol import Store


class Books:
    """Over any store. Raises StoreError like it; what cannot be understood begins anew."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def state(self, lineage: Lineage) -> LineageState:
        """What is known of a lineage, brought to the present."""
        raw = self._store.get(states.state_key(lineage))
        known = None if raw is None else states.decode_lineage(raw)
        return states.settled(known or LineageState(), self._clock.now())

    def keep(self, lineage: Lineage, state: LineageState) -> None:
        """Remember it."""
        raw = states.encode_lineage(state)
        if self._store.get(states.state_key(lineage)) != raw:
            self._store.put(states.state_key(lineage), raw)

    def budget(self, issuer: Issuer) -> IssuerBudget:
        """What was spent with an issuer, brought to the present."""
        raw = self._store.get(budgets.budget_key(issuer.name))
        known = (None if raw is None else budgets.decode_budget(raw)) or IssuerBudget()
        settled = budgets.settled(known, self._clock.now())
        if settled != known:
            # Else what was spent in a future that the clock has left would never begin to leak.
            self.keep_budget(issuer, settled)
        return settled

    def budgets(self, issuers: tuple[Issuer, ...]) -> Mapping[str, IssuerBudget]:
        """Of all of them, by name."""
        return {issuer.name: self.budget(issuer) for issuer in issuers}

    def keep_budget(self, issuer: Issuer, budget: IssuerBudget) -> None:
        """Remember it."""
        self._store.put(budgets.budget_key(issuer.name), budgets.encode_budget(budget))


class IssuerTally:
    """A `certs.acme.need.Tally` that counts in the books, before the CA does."""

    def __init__(self, books: Books, issuer: Issuer, clock: Clock) -> None:
        self._books = books
        self._issuer = issuer
        self._clock = clock
        self.is_exempt = False
        """Whether the last order said what it replaces."""

    def ordered(self, *, is_exempt: bool) -> None:
        """An order is about to be asked for."""
        self.is_exempt = is_exempt
        budget = self._books.budget(self._issuer)
        spent = budgets.after_order(budget, now=self._clock.now(), is_exempt=is_exempt)
        if spent != budget:
            self._books.keep_budget(self._issuer, spent)

    def validation_failed(self, identifier: str) -> None:
        """The CA has tried in vain."""
        self._books.keep_budget(
            self._issuer,
            budgets.after_failed_authorizations(
                self._books.budget(self._issuer), [identifier], now=self._clock.now()
            ),
        )


def wanted_digest(managed: Managed, issuers: tuple[Issuer, ...]) -> str:
    """What `LineageState.wanted` holds: another one means that the operator changed something."""
    parts = [*sorted(managed.names), *managed.challenges]
    for issuer in issuers:
        parts += [issuer.name, issuer.directory, issuer.profile or "", issuer.eab_kid or ""]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
