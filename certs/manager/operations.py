"""What a person can have done: the same through a running edge and on the store alone."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field

from certs.acme.keys import key_type_of, spki_sha256
from certs.acme.problem import AcmeProblem, Kind
from certs.acme.revoking import Reason, revoke
from certs.errors import CertError, CertProblem
from certs.events import EventSink, Revoked
from certs.manager.dryrun import rehearse
from certs.manager.keeping import CertificateKeeper
from certs.manager.kit import ManagerKit
from certs.manager.parts import Parts
from certs.manager.revocations import Revocation
from certs.manager.status import (
    AccountStatus,
    CertificateDetail,
    CertificateStatus,
    DryRunReport,
    RenewalWindow,
    TlsaRecord,
    VersionStatus,
)
from certs.names import canonical_name
from certs.pem import parse_pair
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
        self._managed = {one.name: one for one in self._kit.managed}

    def list(self) -> Sequence[CertificateStatus]:
        """All certificates, one entry for each key type. Raises StoreError."""
        self._parts.serving.load()
        return [
            self._status(managed, lineage)
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
            status=tuple(self._status(managed, lineage) for lineage in lineages),
            versions=tuple(one for lineage in lineages for one in self._versions(lineage)),
            windows=tuple(
                window for lineage in lineages if (window := self._window(lineage)) is not None
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
        await self._keepers[managed.name].renew(is_forced=force)
        return self.show(name).status

    async def dry_run(self, name: str, *, sink: EventSink) -> DryRunReport:
        """Order from the issuer's test system, with the real challenges; nothing is stored."""
        return await rehearse(self._kit, self._find(name), sink)

    async def revoke(self, name: str, *, reason: Reason) -> CertificateDetail:
        """Revoke the current version of every key type; it is replaced at the next look.

        Raises AcmeProblem when the CA does not, StoreError, UnknownCertificate.
        """
        managed = self._find(name)
        keeper = self._keepers[managed.name]
        with keeper.held():
            for lineage in keeper.lineages:
                version = self._parts.versions.current(lineage)
                if version is not None:
                    await self._revoke(lineage, version, reason)
        return self.show(name)

    async def import_certificate(
        self, name: str, *, key_pem: bytes, chain_pem: bytes
    ) -> CertificateStatus:
        """Store a certificate from elsewhere, and serve it. Raises CertError when it is unfit."""
        managed = self._find(name)
        keeper = self._keepers[managed.name]
        lineage = self._lineage_for(managed, key_pem, chain_pem)
        certificate = parse_pair(chain_pem, key_pem)
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
            self._parts.versions.switch(lineage, version.id)
        await self._parts.serving.deploy()
        return self._status(managed, lineage)

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
            following = None if managed.reuse_key else self._parts.versions.next_key(lineage)
            keys += [] if following is None else [(following, True)]
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

    def _status(self, managed: Managed, lineage: Lineage) -> CertificateStatus:
        state, current, planned = self._keepers[managed.name].status(lineage)
        error = state.last_error
        is_bootstrap = current is None and managed.name in self._parts.serving.bootstrap
        return CertificateStatus(
            certificate=managed.name,
            key_type=lineage.key_type,
            names=managed.names,
            source=current.meta.origin if current is not None else "bootstrap",
            issuer=current.meta.issuer if current is not None else None,
            profile=current.meta.profile if current is not None else None,
            leaf_sha256=current.certificate.leaf_sha256 if current is not None else None,
            not_before=current.certificate.not_before if current is not None else None,
            not_after=current.certificate.not_after if current is not None else None,
            next_renewal_at=planned.attempt_at,
            renewal_reason=planned.reason,
            last_error=error.detail if error is not None else None,
            last_error_at=error.at if error is not None else None,
            last_success_at=state.last_success_at,
            failures=state.failure_count,
            is_served=self._parts.serving.is_served.get(managed.name),
            is_bootstrap=is_bootstrap,
        )

    def _versions(self, lineage: Lineage) -> Sequence[VersionStatus]:
        current = self._parts.versions.current(lineage)
        return [
            VersionStatus(
                id=one.id,
                key_type=lineage.key_type,
                issuer=one.meta.issuer,
                profile=one.meta.profile,
                not_before=one.certificate.not_before,
                not_after=one.certificate.not_after,
                leaf_sha256=one.certificate.leaf_sha256,
                is_current=current is not None and current.id == one.id,
                is_revoked=self._parts.revocations.of(lineage, one.id) is not None,
                order_url=one.meta.order_url,
                cert_id=one.meta.cert_id,
            )
            for one in self._parts.versions.list(lineage)
        ]

    def _window(self, lineage: Lineage) -> RenewalWindow | None:
        ari = self._parts.books.state(lineage).ari
        if ari is None or ari.window is None:
            return None
        return RenewalWindow(
            key_type=lineage.key_type,
            start=ari.window.start,
            end=ari.window.end,
            picked_at=ari.picked_at,
            explanation_url=ari.explanation_url,
        )

    async def _revoke(self, lineage: Lineage, version: Version, reason: Reason) -> None:
        issuer = self._kit.issuer(version.meta.issuer)
        if issuer is None or issuer.directory != version.meta.directory:
            raise AcmeProblem(
                type="issuer",
                detail=f"{version.meta.issuer} issued it, which is not in the configuration",
                kind=Kind.CONFIGURATION,
            )
        session = await self._parts.sessions.of(issuer)
        certificate = version.certificate
        await revoke(session, certificate.chain_pem, reason=reason, key_pem=certificate.key_pem)
        self._parts.revocations.keep(lineage, Revocation(version=version.id, reason=reason))
        self._kit.sink(
            Revoked(certificate=lineage.certificate, key_type=lineage.key_type.value, reason=reason)
        )

    def _lineage_for(self, managed: Managed, key_pem: bytes, chain_pem: bytes) -> Lineage:
        """The lineage an imported pair belongs to. Raises CertError."""
        try:
            certificate = parse_pair(chain_pem, key_pem)
            key_type = key_type_of(key_pem)
        except ValueError as error:
            raise _unfit(str(error), "Give a chain, leaf first, and its key, both PEM.") from error
        if set(certificate.names) != set(managed.names):
            raise _unfit(
                f"it is for {', '.join(certificate.names)}, not for {', '.join(managed.names)}",
                "Import it for the certificate with exactly these names.",
            )
        if certificate.not_after <= self._kit.clock.now():
            raise _unfit("it has expired", "Import a valid one, or let it be renewed.")
        if key_type not in managed.key_types:
            wanted = ", ".join(one.value for one in managed.key_types)
            raise _unfit(
                f"its key is {key_type.value if key_type else 'of another kind'}, not {wanted}",
                "Add the kind to key_types, or use a key of these.",
            )
        return Lineage(managed.name, key_type)

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


def _unfit(message: str, remedy: str) -> CertError:
    return CertError([CertProblem(place="certificate", message=message, remedy=remedy, fatal=True)])
