"""What is to be served, all of it, and whether it is."""

from collections.abc import Sequence

from certs.events import NotServed, Served
from certs.manager.deploy import Mismatch
from certs.manager.kit import ManagerKit
from certs.manager.watching import FilesWatch
from certs.select import CertificateSet
from certs.store.serving import load_current


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
        self._deployed: tuple[tuple[str, ...], ...] | None = None
        self.bootstrap: frozenset[str] = frozenset()
        """`Managed.name` of those that a self-signed certificate stands for."""
        self.is_served: dict[str, bool] = {}
        """By name, what the last look at the own listeners said."""

    def load(self) -> None:
        """Read the store. Never fails for what is in it."""
        stored = load_current(self._kit.store, self._kit.managed, self._kit.clock.now())
        self._managed = {
            managed.name: one for managed, one in zip(self._kit.managed, stored.sets, strict=True)
        }
        self.bootstrap = stored.bootstrap

    def set_of(self, name: str) -> CertificateSet | None:
        """What is to be served for a certificate."""
        return self._managed.get(name)

    async def deploy(self, *, forget_sessions: bool = False) -> None:
        """Read the store and serve what is new in it; nothing when nothing is. Raises OSError."""
        self.load()
        sets = self._sets()
        picture = tuple(_print(one) for one in sets)
        if picture == self._deployed and not forget_sessions:
            return
        await self._kit.deployer.deploy(sets, forget_sessions=forget_sessions)
        self._deployed = picture

    async def verify(self, wanted: CertificateSet, name: str) -> list[Mismatch]:
        """Look at the own listeners; what is seen is told and remembered."""
        wrong = await self._kit.deployer.verify(wanted)
        self.is_served[name] = not wrong
        leaf = wanted.certificates[0].leaf_sha256
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

    def _sets(self) -> list[CertificateSet]:
        from_files = (one.served for one in self._files)
        return [
            *self._managed.values(),
            *(one for one in from_files if one is not None),
            *self._others,
        ]


def _print(one: CertificateSet) -> tuple[str, ...]:
    return (*one.names, *(certificate.leaf_sha256 for certificate in one.certificates))
