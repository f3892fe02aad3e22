"""What a person can have done: the same through a running edge and on the store alone."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field

from msgspec.structs import replace

from certs.acme.keys import spki_sha256
from certs.acme.problem import AcmeProblem, Kind
from certs.acme.revoking import Reason, revoke
from certs.events import EventSink, Revoked
from certs.manager.dryrun import rehearse
from certs.manager.importing import fit_for
from certs.manager.keeping import CertificateKeeper
from certs.manager.kit import ManagerKit
from certs.manager.parts import Parts
from certs.manager.revocations import Revocation
from certs.manager.showing import Showing
from certs.manager.status import (
    AccountStatus,
    CertificateDetail,
    CertificateStatus,
    DryRunReport,
    TlsaRecord,
)
from certs.names import canonical_name
from certs.renewal.bucket import Bucket
from certs.spec import Issuer, KeyType, Lineage, Managed
from certs.store.unit import Version, VersionMeta

_IMPORTED = "import"


class UnknownCertificate(Exception):  # noqa: N818 - said of what was asked for
    """No certificate of this name is managed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """The current version."""

    chain_pem: bytes
    key_pem: bytes = field(repr=False)


@asynccontextmanager
async def operations_on(kit: ManagerKit) -> AsyncIterator["Operations"]:
    """For commands without a running manager."""
    async with Parts(kit) as parts:
        yield Operations(parts, {one.name: CertificateKeeper(parts, one) for one in kit.managed})


class Operations:
    """On the parts and keepers of a manager, or on some of its own."""

    def __init__(self, parts: Parts, keepers: Mapping[str, CertificateKeeper]) -> None:
        self._parts = parts
        self._kit = parts.kit
        self._keepers = keepers
        self._showing = Showing(parts, keepers)
        self._managed = {one.name: one for one in self._kit.managed}

    def list(self) -> Sequence[CertificateStatus]:
        """All certificates, one entry for each key type. Raises StoreError."""
        self._parts.serving.load()
        return [
            self._showing.status(managed, lineage)
            for managed in self._managed.values()
            for lineage in self._keepers[managed.name].lineages
        ]

    def show(self, name: str) -> CertificateDetail:
        """Everything about one. Raises UnknownCertificate, StoreError."""
        managed = self._find(name)
        self._parts.serving.load()
        lineages = self._keepers[managed.name].lineages
        return CertificateDetail(
            certificate=managed.name,
            names=managed.names,
            challenges=tuple(one.value for one in managed.challenges),
            status=tuple(self._showing.status(managed, lineage) for lineage in lineages),
            versions=tuple(one for lineage in lineages for one in self._showing.versions(lineage)),
            windows=tuple(
                window
                for lineage in lineages
                if (window := self._showing.window(lineage)) is not None
            ),
        )

    async def renew(
        self,
        name: str,
        *,
        force: bool,
        sink: EventSink,  # noqa: ARG002 - the kit's sink tells all
    ) -> Sequence[CertificateStatus]:
        """Renew what is due of a certificate; `force`: whatever is. Raises what went wrong."""
        managed = self._find(name)
        try:
            await self._keepers[managed.name].renew(is_forced=force)
        finally:
            self._parts.on_change()
        return self.show(name).status

    async def dry_run(self, name: str, *, sink: EventSink) -> DryRunReport:
        """Order from the issuer's test system, with the real challenges; nothing is stored."""
        return await rehearse(self._kit, self._find(name), sink)

    async def revoke(self, name: str, *, reason: Reason) -> CertificateDetail:
        """Revoke the current version of every key type; it is replaced at once.

        A key that was compromised is never used again, and neither is the one that was made for
        the next version: it lay beside it.

        Raises AcmeProblem when the CA does not, StoreError, UnknownCertificate.
        """
        managed = self._find(name)
        keeper = self._keepers[managed.name]
        try:
            with keeper.held():
                current = [
                    (lineage, version)
                    for lineage in keeper.lineages
                    if (version := self._parts.versions.current(lineage)) is not None
                ]
                if not current:
                    raise UnknownCertificate(f"nothing was obtained for {managed.name} yet")
                for lineage, version in current:
                    await self._revoke(lineage, version, reason)
        finally:
            self._parts.on_change()
        return self.show(name)

    async def import_certificate(
        self, name: str, *, key_pem: bytes, chain_pem: bytes
    ) -> CertificateStatus:
        """Store a certificate from elsewhere, and serve it.

        Raises CertError when it is unfit, StoreError, and NotServedError when listeners go on to
        serve another one: then the one before is the current one again.
        """
        managed = self._find(name)
        keeper = self._keepers[managed.name]
        certificate, key_type = fit_for(
            managed, key_pem=key_pem, chain_pem=chain_pem, now=self._kit.clock.now()
        )
        lineage = Lineage(managed.name, key_type)
        try:
            with keeper.held():
                meta = VersionMeta.describing(
                    certificate,
                    lineage=lineage,
                    issuer=_IMPORTED,
                    directory="",
                    created_at=self._kit.clock.now(),
                    origin="import",
                )
                version = self._parts.versions.add(
                    lineage, key_pem=key_pem, chain_pem=chain_pem, meta=meta
                )
                await keeper.adopt(lineage, version)
        finally:
            self._parts.on_change()
        return self._showing.status(managed, lineage)

    def export_certificate(self, name: str, key_type: KeyType | None) -> Exported:
        """Chain and key of the current version. Raises UnknownCertificate, StoreError."""
        managed = self._find(name)
        for lineage in self._keepers[managed.name].lineages:
            if key_type in {None, lineage.key_type}:
                version = self._parts.versions.current(lineage)
                if version is not None:
                    found = version.certificate
                    return Exported(chain_pem=found.chain_pem, key_pem=found.key_pem)
        wanted = f" with a {key_type.value} key" if key_type is not None else ""
        raise UnknownCertificate(f"nothing was obtained for {managed.name}{wanted} yet")

    async def accounts(self) -> Sequence[AccountStatus]:
        """The account at every issuer, made where there is none. Raises AcmeProblem, StoreError."""
        return [await self._account(issuer) for issuer in self._kit.settings.issuers]

    async def roll_over(self, issuer: str | None) -> Sequence[AccountStatus]:
        """Give accounts new keys, while nothing is ordered. Raises AcmeProblem, StoreError."""
        wanted = [one for one in self._kit.settings.issuers if issuer in {None, one.name}]
        if not wanted:
            raise UnknownCertificate(f"no issuer is named {issuer}")
        changed = []
        for one in wanted:
            await self._roll_over(one)
            changed.append(await self._account(one))
        return changed

    def tlsa(self, name: str) -> Sequence[TlsaRecord]:
        """DANE records for the current and the next key of each key type. Raises StoreError."""
        managed = self._find(name)
        records = []
        for lineage in self._keepers[managed.name].lineages:
            current = self._parts.versions.current(lineage)
            keys = [] if current is None else [(current.certificate.key_pem, False)]
            waiting = self._keepers[managed.name].waiting(lineage)
            keys += [] if waiting is None else [(waiting.certificate.key_pem, True)]
            following = None if managed.reuse_key else self._parts.versions.next_key(lineage)
            if following is not None and following not in [key for key, _ in keys]:
                keys.append((following, True))
            records += [
                TlsaRecord(
                    record=f"3 1 1 {spki_sha256(key)}", key_type=lineage.key_type, is_next=is_next
                )
                for key, is_next in keys
            ]
        return records

    # --- helpers ---

    def _find(self, name: str) -> Managed:
        wanted = canonical_name(name)
        for managed in self._managed.values():
            if wanted in managed.names:
                return managed
        raise UnknownCertificate(f"no certificate for {wanted[:253]} is obtained by this edge")

    async def _revoke(self, lineage: Lineage, version: Version, reason: Reason) -> None:
        issuer = self._issuer_of(version)
        session = await self._parts.sessions.of(issuer)
        certificate = version.certificate
        await revoke(session, certificate.chain_pem, reason=reason, key_pem=certificate.key_pem)
        revocation = Revocation(version=version.id, reason=reason)
        if revocation.is_key_lost:
            await self._parts.issuing.renew_next_key(lineage)
        # Who revokes does not want to wait for what failed before, nor because it was renewed a
        # little while ago.
        state = self._parts.books.state(lineage)
        self._parts.books.keep(lineage, replace(state, failures={}, issuances=Bucket()))
        self._parts.revocations.keep(lineage, revocation)
        self._kit.sink(
            Revoked(certificate=lineage.certificate, key_type=lineage.key_type.value, reason=reason)
        )

    def _issuer_of(self, version: Version) -> Issuer:
        """Who can revoke it. Raises AcmeProblem."""
        meta = version.meta
        issuer = self._kit.issuer(meta.issuer)
        if meta.origin == "import":
            detail = (
                "it was imported: ask the CA that issued it to revoke it, or import another one"
            )
        elif issuer is None or issuer.directory != meta.directory:
            detail = f"it is from {meta.issuer} ({meta.directory}), which [acme] does not name now"
        else:
            return issuer
        raise AcmeProblem(type="issuer", detail=detail, kind=Kind.CONFIGURATION)

    async def _account(self, issuer: Issuer) -> AccountStatus:
        session = await self._parts.sessions.of(issuer)
        info = await session.account()
        return AccountStatus(
            issuer=issuer.name,
            directory=info.directory,
            url=info.url,
            status=info.status,
            contact=tuple(info.contact),
            terms_url=info.terms_url,
            created_at=info.created_at,
            thumbprint=info.thumbprint,
        )

    async def _roll_over(self, issuer: Issuer) -> None:
        """Key authorizations change with the key: no order may be under way meanwhile."""
        session = await self._parts.sessions.of(issuer)
        with ExitStack() as held:
            for keeper in self._keepers.values():
                held.enter_context(keeper.held())
            await session.roll_over()
