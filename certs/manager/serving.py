"""What is to be served, all of it, and whether it is."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from certs.events import NotDeployed, NotServed, Served
from certs.manager.deploy import Mismatch
from certs.manager.kit import ManagerKit
from certs.manager.watching import FilesWatch
from certs.select import CertificateSet
from certs.store.serving import load_current

_PATIENCE_S: Final = 600.0
"""With whoever serves: they have deadlines of their own, this is for those who forgot one."""

_Picture = tuple[tuple[str, ...], ...]


class Serving:
    """Deploys the current versions of the store, with what comes from elsewhere."""

    def __init__(
        self,
        kit: ManagerKit,
        *,
        files: Sequence[FilesWatch] = (),
        others: Sequence[CertificateSet] = (),
    ) -> None:
        """`others` never change."""
        self._kit = kit
        self._files = files
        self._others = others
        self._managed: dict[str, CertificateSet] = {}
        self._deployed: _Picture | None = None
        """None: nothing, or a deployment failed and nobody knows who serves what."""
        self._has_to_forget = False
        self._deploying = asyncio.Lock()
        self._told: dict[str, tuple[str, tuple[Mismatch, ...]]] = {}
        """By name, what was told of the last look, and of which leaf."""
        self.bootstrap: frozenset[str] = frozenset()
        """`Managed.name` of those that a self-signed certificate stands for."""
        self.is_served: dict[str, bool] = {}
        """By name, what the last look at the own listeners said."""

    def load(self) -> None:
        """Read the store. Never fails for what is in it.

        What was read once is served on while the store has lost it or cannot be read: only another
        real certificate takes the place of a real one.
        """
        stored = load_current(self._kit.store, self._kit.managed, self._kit.clock.now())
        sets: dict[str, CertificateSet] = {}
        bootstrap: set[str] = set()
        for managed, found in zip(self._kit.managed, stored.sets, strict=True):
            name = managed.name
            known = self._managed.get(name) if name not in self.bootstrap else None
            if name not in stored.bootstrap:
                sets[name] = found if known is None else _with_what_is_lost(found, known)
            elif known is not None:
                sets[name] = known
            else:
                sets[name] = found
                bootstrap.add(name)
        self._managed, self.bootstrap = sets, frozenset(bootstrap)

    @property
    def is_behind(self) -> bool:
        """Whether those who serve have not followed the last time."""
        return self._deployed is None or self._has_to_forget

    def set_of(self, name: str) -> CertificateSet | None:
        """What is to be served for a certificate."""
        return self._managed.get(name)

    async def deploy(self, *, forget_sessions: bool = False, is_again: bool = False) -> bool:
        """Read the store and serve what is new in it; nothing when nothing is.

        False, after it was told, when those who serve do not follow: the next call tries again,
        and goes on asking for sessions to be forgotten. `is_again`: even when nothing is new.
        """
        # One at a time: of two, the one that read the store first must not be served last.
        self._has_to_forget = self._has_to_forget or forget_sessions
        async with self._deploying:
            self.load()
            sets = self._sets()
            picture = tuple(_print(one) for one in sets)
            forget = self._has_to_forget
            if picture == self._deployed and not forget and not is_again:
                return True
            # Until it is done, some may serve the old ones and some the new ones.
            self._deployed = None
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    await self._kit.deployer.deploy(sets, forget_sessions=forget)
            except OSError as error:
                self._kit.sink(NotDeployed(reason=str(error)[:500] or type(error).__name__))
                return False
            self._deployed = picture
            self._has_to_forget = False
            return True

    async def verify(
        self, wanted: CertificateSet, name: str, *, is_repeated: bool = False
    ) -> list[Mismatch]:
        """Look at the own listeners; what is seen is told and remembered.

        `is_repeated`: what was seen the last time is not told again. That nobody can look (no
        descriptors left) says nothing of what is served.
        """
        try:
            async with asyncio.timeout(_PATIENCE_S):
                wrong = await self._kit.deployer.verify(wanted)
        except OSError as error:
            self._kit.sink(
                NotDeployed(
                    certificate=name, reason=f"own listeners cannot be asked: {error}"[:500]
                )
            )
            return []
        if wrong and not self._is_still_wanted(wanted):
            return []  # something newer was deployed while we looked
        self.is_served[name] = not wrong
        leaf = wanted.certificates[0].leaf_sha256
        seen = (leaf, tuple(wrong))
        if is_repeated and self._told.get(name) == seen:
            return wrong
        self._told[name] = seen
        for one in wrong:
            self._kit.sink(
                NotServed(
                    certificate=name,
                    listener=one.listener,
                    expected_sha256=leaf,
                    served_sha256=one.served_sha256,
                    reason=one.reason,
                )
            )
        if not wrong and name not in self.bootstrap:
            self._kit.sink(Served(certificate=name, leaf_sha256=leaf))
        return wrong

    def _is_still_wanted(self, wanted: CertificateSet) -> bool:
        return any(_print(one) == _print(wanted) for one in self._sets())

    def _sets(self) -> list[CertificateSet]:
        from_files = (one.served for one in self._files)
        return [
            *self._managed.values(),
            *(one for one in from_files if one is not None),
            *self._others,
        ]


def _with_what_is_lost(found: CertificateSet, known: CertificateSet) -> CertificateSet:
    """`found`, and what was `known` for kinds of keys that it has nothing for."""
    kinds = {one.key_algorithm for one in found.certificates}
    lost = tuple(one for one in known.certificates if one.key_algorithm not in kinds)
    return replace(found, certificates=(*found.certificates, *lost)) if lost else found


def _print(one: CertificateSet) -> tuple[str, ...]:
    return (*one.names, *(certificate.leaf_sha256 for certificate in one.certificates))
