"""One attempt at one lineage: obtained, stored, served, looked at, and taken back if need be."""

from msgspec.structs import replace

from certs.manager.issuing import life_of
from certs.manager.parts import Parts
from certs.manager.revocations import Revocation
from certs.renewal.decide import decide
from certs.renewal.state import LineageState
from certs.spec import Issuer, Lineage, Managed
from certs.store.unit import Version


class NotServedError(Exception):
    """The new version is stored, but listeners go on to serve another one."""


class Attempts:
    """At the lineages of one certificate. Whoever calls holds the certificate's lock."""

    def __init__(self, parts: Parts, managed: Managed) -> None:
        self._parts = parts
        self._managed = managed

    async def make(self, lineage: Lineage, issuer: Issuer, current: Version | None) -> None:
        """Replace `current` by a new version that is served in the end.

        One that was obtained before and could not be served is not ordered again. Raises
        AcmeProblem, StoreError, NotServedError: then `current` is served on, if that is any good.
        """
        parts = self._parts
        before = parts.books.state(lineage)
        revoked = parts.revocations.of(lineage, current.id) if current is not None else None
        is_key_lost = revoked is not None and revoked.is_key_lost
        waiting = self.waiting(lineage, current)
        if waiting is not None:
            parts.versions.switch(lineage, waiting.id)
            await parts.issuing.finish(self._managed, lineage, waiting)
        else:
            await parts.issuing.obtain(
                self._managed,
                lineage,
                issuer,
                await parts.preflight.challenges(self._managed),
                current=current,
                is_key_lost=is_key_lost,
            )
        await self.serve(lineage, before, current, forget_sessions=is_key_lost)

    async def serve(
        self,
        lineage: Lineage,
        before: LineageState,
        replaced: Version | None,
        *,
        forget_sessions: bool = False,
    ) -> None:
        """Serve what has become current, and look; go back to `replaced` when it is not served.

        `before` is the state from when `replaced` was current. Raises StoreError, NotServedError.
        """
        parts = self._parts
        wrong = await self._deployed(forget_sessions=forget_sessions)
        if wrong is None:
            parts.books.keep(lineage, replace(parts.books.state(lineage), unserved=None))
            return
        if replaced is not None and self._is_still_good(lineage, replaced):
            new = parts.versions.current(lineage)
            parts.versions.switch(lineage, replaced.id)
            # What was told, and asked, of the one that is current again is not to be repeated.
            now = parts.books.state(lineage)
            unserved = new.id if new is not None else None
            parts.books.keep(
                lineage, replace(now, ari=before.ari, warned=before.warned, unserved=unserved)
            )
            await parts.serving.deploy()
        raise NotServedError(wrong)

    def waiting(self, lineage: Lineage, current: Version | None) -> Version | None:
        """A version ordered in place of `current` that could not be served the last time."""
        unserved = self._parts.books.state(lineage).unserved
        if current is None or unserved is None:
            return None
        found = self._parts.versions.get(lineage, unserved)
        if found is None or found.meta.replaces != current.id:
            return None
        return found if self._is_fit(lineage, found, current) else None

    async def forget_revoked(
        self, lineage: Lineage, current: Version, *, has_forgotten_sessions: bool = False
    ) -> None:
        """Once another one is served: no version that was revoked, or has its key, ever is again.

        Sessions of a key that was compromised are forgotten with it, if they are not already.
        Harmless when done again. Raises StoreError.
        """
        versions = self._parts.versions
        revoked = self._parts.revocations.last(lineage)
        if revoked is None or revoked.version == current.id:
            return
        lost = versions.get(lineage, revoked.version)
        if lost is None:
            return
        if revoked.is_key_lost and not has_forgotten_sessions:
            await self._parts.serving.deploy(forget_sessions=True)
        for one in versions.list(lineage):
            if one.id != current.id and _is_tainted(one, revoked, lost):
                versions.remove(lineage, one.id)

    async def _deployed(self, *, forget_sessions: bool) -> str | None:
        """Bring it to those who serve, and look; what is wrong, in words."""
        serving, name = self._parts.serving, self._managed.name
        if not await serving.deploy(forget_sessions=forget_sessions):
            return "those who serve do not follow"
        wanted = serving.set_of(name)
        assert wanted is not None
        wrong = await serving.verify(wanted, name)
        return f"{wrong[0].listener}: {wrong[0].reason}"[:500] if wrong else None

    def _is_fit(self, lineage: Lineage, version: Version, current: Version) -> bool:
        revoked = self._parts.revocations.last(lineage)
        certificate = version.certificate
        now = self._parts.kit.clock.now()
        if set(certificate.names) != set(self._managed.names) or certificate.not_before > now:
            return False
        if revoked is not None and _is_tainted(version, revoked, current):
            return False
        return not decide(life_of(version), None, now, self._parts.kit.rng).is_due

    def _is_still_good(self, lineage: Lineage, version: Version) -> bool:
        is_revoked = self._parts.revocations.of(lineage, version.id) is not None
        return not is_revoked and self._parts.kit.clock.now() < version.certificate.not_after


def _is_tainted(version: Version, revoked: Revocation, other: Version) -> bool:
    """Whether it was revoked, or has the key of `other`, which is the one that was compromised."""
    is_lost = revoked.is_key_lost and revoked.version == other.id
    has_its_key = version.certificate.key_pem == other.certificate.key_pem
    return version.id == revoked.version or (is_lost and has_its_key)
