"""What is remembered over restarts: the state of each lineage, and what each issuer was asked for.

Every change is in the store before anything is done that depends on it: a restart is no way around
a back-off or a limit. While the store cannot be written, the process itself is none either: what
could not be stored holds until somebody else has stored something newer.
"""

import contextlib
import hashlib
from collections.abc import Mapping

from certs.clock import Clock
from certs.renewal import budget as budgets
from certs.renewal import state as states
from certs.renewal.budget import IssuerBudget
from certs.renewal.state import LineageState
from certs.spec import AcmeSettings, Issuer, Lineage, Managed
from certs.store.protocol import Store, StoreError


class Books:
    """Over any store. Raises StoreError like it; what cannot be understood begins anew."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._unsaved: dict[str, tuple[bytes | None, bytes]] = {}
        """By key: what the store has, and what it should have instead."""

    def state(self, lineage: Lineage) -> LineageState:
        """What is known of a lineage, brought to the present."""
        raw = self._read(states.state_key(lineage))
        known = None if raw is None else states.decode_lineage(raw)
        return states.settled(known or LineageState(), self._clock.now())

    def keep(self, lineage: Lineage, state: LineageState) -> None:
        """Remember it."""
        self._write(states.state_key(lineage), states.encode_lineage(state))

    def budget(self, issuer: Issuer) -> IssuerBudget:
        """What was spent with an issuer, brought to the present."""
        raw = self._read(budgets.budget_key(issuer.name))
        known = None if raw is None else budgets.decode_budget(raw)
        return budgets.settled(known or IssuerBudget(), self._clock.now())

    def budgets(self, issuers: tuple[Issuer, ...]) -> Mapping[str, IssuerBudget]:
        """Of all of them, by name."""
        return {issuer.name: self.budget(issuer) for issuer in issuers}

    def keep_budget(self, issuer: Issuer, budget: IssuerBudget) -> None:
        """Remember it."""
        self._write(budgets.budget_key(issuer.name), budgets.encode_budget(budget))

    def _read(self, key: str) -> bytes | None:
        stored = self._store.get(key)
        before, unsaved = self._unsaved.get(key, (None, None))
        if unsaved is None:
            return stored
        if stored != before:
            del self._unsaved[key]
            return stored
        return unsaved

    def _write(self, key: str, raw: bytes) -> None:
        stored = self._store.get(key)
        if stored != raw:
            self._unsaved[key] = (stored, raw)
            self._store.put(key, raw)
        self._unsaved.pop(key, None)


class IssuerTally:
    """A `certs.acme.need.Tally` that counts in the books, before the CA does."""

    def __init__(self, books: Books, issuer: Issuer, clock: Clock) -> None:
        self._books = books
        self._issuer = issuer
        self._clock = clock

    def ordered(self, *, is_exempt: bool) -> None:
        """An order is about to be asked for. Raises StoreError: what is not counted is not asked.

        Otherwise a disk that is full would be a way around the limits.
        """
        budget = self._books.budget(self._issuer)
        spent = budgets.after_order(budget, now=self._clock.now(), is_exempt=is_exempt)
        if spent != budget:
            self._books.keep_budget(self._issuer, spent)

    def validation_failed(self, identifier: str) -> None:
        """The CA has tried in vain. The books count it even when it cannot be stored."""
        with contextlib.suppress(StoreError):
            self._books.keep_budget(
                self._issuer,
                budgets.after_failed_authorizations(
                    self._books.budget(self._issuer), [identifier], now=self._clock.now()
                ),
            )


def wanted_digest(managed: Managed, settings: AcmeSettings) -> str:
    """What `LineageState.wanted` holds: another one means that the operator changed something."""
    parts = [*sorted(managed.names), *managed.challenges]
    parts += [settings.email or "", str(settings.agree_to_terms)]
    for issuer in settings.issuers:
        parts += [issuer.name, issuer.directory, issuer.profile or ""]
        parts += [str(issuer.is_profile_required), issuer.preferred_chain or ""]
        parts += [issuer.eab_kid or "", issuer.eab_hmac_key or "", str(issuer.ca_bundle)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
