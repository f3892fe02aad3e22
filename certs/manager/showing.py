"""What people are shown, put together from the store and from what was seen."""

from collections.abc import Mapping, Sequence

from certs.manager.keeping import CertificateKeeper
from certs.manager.parts import Parts
from certs.manager.status import CertificateStatus, RenewalWindow, VersionStatus
from certs.spec import Lineage, Managed


class Showing:
    """Asks nobody, changes nothing. Raises StoreError."""

    def __init__(self, parts: Parts, keepers: Mapping[str, CertificateKeeper]) -> None:
        self._parts = parts
        self._keepers = keepers

    def status(self, managed: Managed, lineage: Lineage) -> CertificateStatus:
        """One key type of a certificate."""
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

    def versions(self, lineage: Lineage) -> Sequence[VersionStatus]:
        """All versions, the newest first."""
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

    def window(self, lineage: Lineage) -> RenewalWindow | None:
        """What the CA has said last."""
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
