"""One certificate obtained, stored and made current: everything up to serving it."""

import asyncio

from msgspec.structs import replace

from certs.acme import journal
from certs.acme.keys import generate
from certs.acme.memory import ChallengeMemory
from certs.acme.need import Need
from certs.acme.ordering import obtain
from certs.acme.session import Session
from certs.events import Obtained, Progress
from certs.manager.books import Books, IssuerTally
from certs.manager.kit import ManagerKit
from certs.manager.sessions import Sessions
from certs.pem import parse_pair
from certs.renewal import budget as budgets
from certs.renewal.state import after_success
from certs.renewal.validity import Validity
from certs.spec import LETS_ENCRYPT_STAGING, ChallengeType, Issuer, Lineage, Managed
from certs.store.unit import Version, VersionMeta
from certs.store.versions import ANY, Versions


class Issuing:
    """Of all lineages. Whoever calls holds the certificate's lock."""

    def __init__(
        self, kit: ManagerKit, *, books: Books, sessions: Sessions, versions: Versions
    ) -> None:
        self._kit = kit
        self._books = books
        self._sessions = sessions
        self._versions = versions
        self._memory = ChallengeMemory(kit.store, kit.clock)

    async def obtain(
        self,
        managed: Managed,
        lineage: Lineage,
        issuer: Issuer,
        challenges: tuple[ChallengeType, ...],
        *,
        current: Version | None,
        is_key_lost: bool,
    ) -> Version:
        """Obtain a version, whatever a crash has left of it before, and make it current.

        `current` is what is served now. `is_key_lost`: its key must not be used again. Raises
        AcmeProblem and StoreError.
        """
        session = await self._sessions.of(issuer)
        issued = await obtain(
            session,
            Need(
                lineage=lineage,
                names=managed.names,
                key_type=lineage.key_type,
                challenges=challenges,
                replaces=replaceable(current, issuer, session),
                key_pem=self._key(managed, lineage, current, is_key_lost=is_key_lost),
                done_order_url=current.meta.order_url if current is not None else None,
            ),
            store=self._kit.store,
            solvers=self._kit.solvers,
            clock=self._kit.clock,
            rng=self._kit.rng,
            on_step=lambda step: self._kit.sink(
                Progress(
                    certificate=managed.name,
                    key_type=lineage.key_type.value,
                    issuer=issuer.name,
                    step=step,
                )
            ),
            memory=self._memory,
            tally=IssuerTally(self._books, issuer, self._kit.clock),
        )
        certificate = parse_pair(issued.chain_pem, issued.key_pem)
        meta = VersionMeta.describing(
            certificate,
            lineage=lineage,
            issuer=issued.issuer,
            directory=issued.directory,
            created_at=self._kit.clock.now(),
            profile=issued.profile,
            order_url=issued.order_url,
            cert_id=issued.cert_id,
            is_staging=issued.directory in {LETS_ENCRYPT_STAGING, issuer.staging_directory},
            replaces=current.id if current is not None else None,
        )
        version = self._versions.add(
            lineage, key_pem=issued.key_pem, chain_pem=issued.chain_pem, meta=meta
        )
        # A pointer that is broken has no value to compare with.
        is_sure = current is not None and not self._versions.problems
        self._versions.switch(
            lineage, version.id, expected=current.id if is_sure and current is not None else ANY
        )
        await self.finish(managed, lineage, version)
        return version

    def is_finished(self, managed: Managed, lineage: Lineage, version: Version) -> bool:
        """Whether nothing is left to be done for the current version. Raises StoreError."""
        if self._order_of(lineage, version) is not None:
            return False
        if managed.reuse_key:
            return True
        following = self._versions.next_key(lineage)
        return following is not None and following != version.certificate.key_pem

    async def finish(self, managed: Managed, lineage: Lineage, version: Version) -> None:
        """Book a version that has become current, and make the key of the next one.

        Harmless when done again: a crash may have come anywhere in it. Raises StoreError.
        """
        order = self._order_of(lineage, version)
        if order is not None:
            self._book(managed, lineage, version, is_exempt=order.replaces is not None)
        await self.prepare_next_key(managed, lineage, version)
        if order is not None:
            # Told twice rather than never.
            self._kit.sink(
                Obtained(
                    certificate=managed.name,
                    key_type=lineage.key_type.value,
                    issuer=version.meta.issuer,
                    profile=version.meta.profile,
                    not_after=version.certificate.not_after,
                    leaf_sha256=version.certificate.leaf_sha256,
                )
            )
            journal.discard(self._kit.store, lineage)

    def _book(
        self, managed: Managed, lineage: Lineage, version: Version, *, is_exempt: bool
    ) -> None:
        state = self._books.state(lineage)
        if state.booked == version.id:
            return
        now = self._kit.clock.now()
        life = life_of(version)
        issuer = self._kit.issuer(version.meta.issuer)
        if issuer is not None:
            self._books.keep_budget(
                issuer,
                budgets.after_issuance(
                    self._books.budget(issuer),
                    managed.names,
                    now=now,
                    lifetime_s=life.lifetime_s,
                    is_exempt=is_exempt,
                ),
            )
        state = after_success(state, issuer=version.meta.issuer, certificate=life, now=now)
        self._books.keep(lineage, replace(state, booked=version.id))

    def _order_of(self, lineage: Lineage, version: Version) -> journal.PendingOrder | None:
        """What the journal still has of the order that the version came from."""
        if version.meta.order_url is None:
            return None
        order = journal.Journal(self._kit.store, lineage, version.meta.issuer).load()
        return order if order is not None and order.url == version.meta.order_url else None

    async def prepare_next_key(self, managed: Managed, lineage: Lineage, current: Version) -> None:
        """The key of the version to come: so that its DANE record can be published early."""
        if managed.reuse_key:
            return
        known = self._versions.next_key(lineage)
        if known is None or known == current.certificate.key_pem:
            await self.renew_next_key(lineage)

    async def renew_next_key(self, lineage: Lineage) -> None:
        """Make another key for the version to come. Raises StoreError."""
        # In a thread: a long RSA key takes seconds.
        made = await asyncio.to_thread(generate, lineage.key_type)
        self._versions.keep_next_key(lineage, made)

    def _key(
        self, managed: Managed, lineage: Lineage, current: Version | None, *, is_key_lost: bool
    ) -> bytes | None:
        if managed.reuse_key and current is not None and not is_key_lost:
            return current.certificate.key_pem
        known = self._versions.next_key(lineage)
        if current is not None and known == current.certificate.key_pem:
            return None
        return known


def replaceable(current: Version | None, issuer: Issuer, session: Session | None) -> str | None:
    """What an order may say that it replaces: a certificate of the same account (RFC 9773 §5)."""
    if current is None or session is None or session.directory.renewal_info is None:
        return None
    meta = current.meta
    is_same_ca = (meta.issuer, meta.directory) == (issuer.name, issuer.directory)
    return meta.cert_id if is_same_ca and meta.origin == "acme" else None


def life_of(version: Version) -> Validity:
    """What renewal decisions need to know of a version."""
    return Validity(
        cert_id=version.meta.cert_id or version.certificate.leaf_sha256,
        not_before=version.certificate.not_before,
        not_after=version.certificate.not_after,
    )
