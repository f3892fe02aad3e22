"""Which versions were revoked by us: they are replaced at once, and never served again."""

from typing import Final

import msgspec

from certs.spec import Lineage
from certs.store.protocol import Store

REVOKED: Final = "revoked"


class Revocation(msgspec.Struct, frozen=True, kw_only=True):
    """`revoked/<lineage>.json`: the last version of a lineage that was revoked."""

    version: str
    reason: str

    @property
    def is_key_lost(self) -> bool:
        """Whether somebody else may have the key."""
        return self.reason == "keyCompromise"


class Revocations:
    """Over any store. Raises StoreError like it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, lineage: Lineage, version_id: str) -> Revocation | None:
        """Whether this version was revoked."""
        known = self.last(lineage)
        return known if known is not None and known.version == version_id else None

    def last(self, lineage: Lineage) -> Revocation | None:
        """The last one of a lineage; None where there is none that can be understood."""
        raw = self._store.get(_key(lineage))
        try:
            return None if raw is None else msgspec.json.decode(raw, type=Revocation)
        except msgspec.DecodeError:
            return None

    def keep(self, lineage: Lineage, revocation: Revocation) -> None:
        """Remember it."""
        self._store.put(_key(lineage), msgspec.json.encode(revocation))


def _key(lineage: Lineage) -> str:
    return f"{REVOKED}/{lineage.key}.json"
