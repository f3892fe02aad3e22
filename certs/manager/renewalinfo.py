"""Asking the CA when it would like a certificate to be renewed (RFC 9773)."""

from datetime import datetime

from msgspec.structs import replace

from certs.acme import ari
from certs.acme.problem import AcmeProblem, Kind
from certs.events import Revoked, WindowMoved
from certs.manager.kit import ManagerKit
from certs.manager.sessions import Sessions
from certs.renewal.ari import after_error, after_reply, ask_at, is_called_back
from certs.renewal.state import LineageState
from certs.renewal.validity import Validity
from certs.spec import Issuer, Lineage
from certs.store.unit import Version


class RenewalInformation:
    """Asks about versions that came from a configured issuer."""

    def __init__(self, kit: ManagerKit, sessions: Sessions) -> None:
        self._kit = kit
        self._sessions = sessions

    def issuer_of(self, version: Version) -> Issuer | None:
        """Whom to ask; None: the certificate is not from any CA that is configured now."""
        issuer = self._kit.issuer(version.meta.issuer)
        if issuer is None or issuer.directory != version.meta.directory:
            return None
        return issuer if version.meta.cert_id is not None else None

    def next_at(self, state: LineageState, version: Version, life: Validity) -> datetime | None:
        """When the CA is to be asked; None: never."""
        if self.issuer_of(version) is None:
            return None
        return ask_at(state.ari, life, self._kit.clock.now())

    async def refresh(
        self, lineage: Lineage, state: LineageState, version: Version, life: Validity
    ) -> LineageState:
        """Ask, when it is time. What is known stays when there is no answer. Raises nothing."""
        issuer = self.issuer_of(version)
        at = self.next_at(state, version, life)
        now = self._kit.clock.now()
        if issuer is None or at is None or at > now:
            return state
        try:
            session = await self._sessions.of(issuer)
            reply = await ari.fetch(session, life.cert_id)
        except AcmeProblem as problem:
            return replace(
                state,
                ari=after_error(
                    state.ari,
                    life,
                    # Configuration, too, may be mended at any time; but it is not asked for hourly.
                    is_passing=problem.kind in {Kind.PASSING, Kind.RATE_LIMITED},
                    retry_after_s=problem.retry_after_s,
                    now=self._kit.clock.now(),
                    rng=self._kit.rng,
                ),
            )
        now = self._kit.clock.now()
        if reply is None:
            known = after_error(
                state.ari, life, is_passing=False, retry_after_s=None, now=now, rng=self._kit.rng
            )
            return replace(state, ari=known)
        merged = after_reply(state.ari, reply, life, now=now, rng=self._kit.rng)
        was_called_back = state.ari is not None and is_called_back(state.ari, now)
        if merged.is_moved:
            self._kit.sink(
                WindowMoved(
                    certificate=lineage.certificate,
                    key_type=lineage.key_type.value,
                    start=reply.window.start,
                    end=reply.window.end,
                    explanation_url=reply.explanation_url,
                )
            )
        if is_called_back(merged.state, now) and not was_called_back:
            self._kit.sink(
                Revoked(
                    certificate=lineage.certificate,
                    key_type=lineage.key_type.value,
                    reason=f"the CA calls it back, see {merged.state.explanation_url}",
                )
            )
        return replace(state, ari=merged.state)
