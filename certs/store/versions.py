"""The versions of a certificate: immutable units, and a pointer to the one that is served."""

import builtins
import hashlib
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import msgspec

from certs.errors import CertProblem
from certs.pem import parse_pair
from certs.spec import Lineage
from certs.store.protocol import Store, StoreError
from certs.store.unit import Pointer, Version, VersionMeta

ANY: Final = "any"
"""For `switch`: whatever is current. No version is called so."""

_CERTIFICATES: Final = "certificates"
_POINTER: Final = "current"
_NEXT_KEY: Final = "next-key.pem"
_KEY: Final = "key.pem"
_CHAIN: Final = "chain.pem"
_META: Final = "meta.json"
_VERSION_ID: Final = re.compile(r"[0-9]{8}T[0-9]{12}Z-[0-9a-f]{12}")
# msgspec's errors are the first; values that are nested without end are the second.
_NOT_UNDERSTOOD: Final = (ValueError, RecursionError)
_GUARD_TRIES: Final = 500
_GUARD_PAUSE_S: Final = 0.01


class SupersededError(StoreError):
    """Another owner has switched the lineage meanwhile: look again before deciding anything."""


class Versions:
    """The versions in any store. Has no state but what was found wrong at the last look."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._problems: dict[str, tuple[CertProblem, ...]] = {}

    @property
    def problems(self) -> tuple[CertProblem, ...]:
        """What `current` found wrong at its last look at each lineage."""
        return tuple(problem for found in self._problems.values() for problem in found)

    def add(
        self, lineage: Lineage, *, key_pem: bytes, chain_pem: bytes, meta: VersionMeta
    ) -> Version:
        """Store a version; it is not current yet. A leaf that is stored already is not again.

        Raises ValueError when key, chain, `meta` and lineage do not belong together, StoreError
        when it could not be stored: then it is not there at all.
        """
        certificate = parse_pair(chain_pem, key_pem)
        if (
            (meta.leaf_sha256, meta.certificate, meta.key_type)
            != (certificate.leaf_sha256, lineage.certificate, lineage.key_type)
            or meta.chain_sha256 not in (None, _sha256(certificate.chain_pem))
            or _VERSION_ID.fullmatch(meta.id) is None
        ):
            raise ValueError("the description is of another certificate")
        for known in self.list(lineage):
            if known.meta.leaf_sha256 == meta.leaf_sha256:
                return known
        folder = _folder(lineage, meta.id)
        self._store.put(f"{folder}/{_KEY}", certificate.key_pem)
        self._store.put(f"{folder}/{_CHAIN}", certificate.chain_pem)
        # The last one makes the unit whole: without it, the others are what a crash left.
        self._store.put(f"{folder}/{_META}", msgspec.json.format(msgspec.json.encode(meta)))
        return Version(meta=meta, certificate=certificate)

    def switch(self, lineage: Lineage, version_id: str, *, expected: str | None = ANY) -> None:
        """Make a stored version the current one: one atomic write.

        `expected` is the version that must be the current one until then (None: there is none):
        who decided on what is no longer so must look again. Where the pointer or its version is
        damaged nobody has been here since, and it is mended. Raises SupersededError when another
        version is current, StoreError when this one is not whole or the pointer cannot be written.
        """
        with self._guard(lineage):
            if self.get(lineage, version_id) is None:
                raise StoreError(
                    "there is no whole version of this name",
                    place=_folder(lineage, version_id),
                    remedy="Choose one that is listed, or renew the certificate.",
                )
            pointer = self._pointer(lineage)
            current = None if pointer is None else pointer.version
            is_whole = current is not None and self.get(lineage, current) is not None
            is_absent = self._store.get(_pointer_key(lineage)) is None
            if (is_whole or is_absent) and expected not in (ANY, current):
                raise SupersededError(
                    "another process has switched to another version meanwhile",
                    place=_pointer_key(lineage),
                    remedy="Try again; let only one process manage this certificate.",
                )
            after = Pointer(version=version_id) if pointer is None else pointer.moved(version_id)
            self._store.put(_pointer_key(lineage), msgspec.json.encode(after) + b"\n")

    def current(self, lineage: Lineage) -> Version | None:
        """The version to serve; None when none was ever switched to, or none can be read.

        When the pointer or its version is broken: the version before it, else the newest whole
        one; `problems` says so. Raises StoreError when the store cannot be read.
        """
        self._problems.pop(lineage.key, None)
        if self._store.get(_pointer_key(lineage)) is None:
            return None
        pointer = self._pointer(lineage)
        version = None if pointer is None else self.get(lineage, pointer.version)
        if version is not None:
            return version
        instead = None
        if pointer is not None and pointer.previous is not None:
            instead = self.get(lineage, pointer.previous)
        instead = instead or next(iter(self.list(lineage)), None)
        self._problems[lineage.key] = (_broken(lineage, pointer, instead),)
        return instead

    def previous(self, lineage: Lineage) -> Version | None:
        """The version that was current before, or the newest older one when that is broken."""
        current = self.current(lineage)
        pointer = self._pointer(lineage)
        if current is None:
            return None
        if pointer is not None and pointer.previous not in (None, current.id):
            version = self.get(lineage, pointer.previous)
            if version is not None:
                return version
        return next((one for one in self.list(lineage) if one.id < current.id), None)

    def get(self, lineage: Lineage, version_id: str) -> Version | None:
        """One version; None when it is not there, not whole, or not what it says it is."""
        if _VERSION_ID.fullmatch(version_id) is None:
            return None
        folder = _folder(lineage, version_id)
        meta_json = self._store.get(f"{folder}/{_META}")
        key_pem = self._store.get(f"{folder}/{_KEY}")
        chain_pem = self._store.get(f"{folder}/{_CHAIN}")
        if meta_json is None or key_pem is None or chain_pem is None:
            return None
        try:
            meta = msgspec.json.decode(meta_json, type=VersionMeta)
            certificate = parse_pair(chain_pem, key_pem)
        except _NOT_UNDERSTOOD:
            return None
        if (meta.id, meta.leaf_sha256) != (version_id, certificate.leaf_sha256):
            return None
        if meta.chain_sha256 not in (None, _sha256(certificate.chain_pem)):
            return None
        return Version(meta=meta, certificate=certificate)

    def list(self, lineage: Lineage) -> builtins.list[Version]:
        """All whole versions, the newest first."""
        found = (self.get(lineage, one) for one in self._ids(lineage))
        return [version for version in found if version is not None]

    def lineages(self) -> builtins.list[str]:
        """The keys (`Lineage.key`) of all lineages that something is stored for, sorted."""
        return sorted({key.split("/")[1] for key in self._store.list(_CERTIFICATES)})

    def remove(self, lineage: Lineage, version_id: str) -> None:
        """Forget a version for good, as one with a compromised key; no error when there is none.

        Raises StoreError when it is the current one.
        """
        with self._guard(lineage):
            pointer = self._pointer(lineage)
            if pointer is not None and pointer.version == version_id:
                raise StoreError(
                    "this version is the current one",
                    place=_folder(lineage, version_id),
                    remedy="Switch to another version first.",
                )
            self._remove(lineage, version_id)

    def prune(self, lineage: Lineage, keep: int = 3) -> None:
        """Forget all whole versions but the newest `keep`, the current one and the one before.

        What a crash left of a version goes too, once it is older than the current one. To be
        called while holding the lineage's lock: half of a version may be another's work.
        """
        with self._guard(lineage):
            current = self.current(lineage)
            if current is None:
                return
            whole = [version.id for version in self.list(lineage)]
            kept = {*whole[:keep], current.id}
            previous = self.previous(lineage)
            if previous is not None:
                kept.add(previous.id)
            for one in self._ids(lineage):
                if one not in kept and (one in whole or one < current.id):
                    self._remove(lineage, one)

    def next_key(self, lineage: Lineage) -> bytes | None:
        """The private key (PEM) of the version to come, when it was made beforehand."""
        return self._store.get(f"{_lineage_folder(lineage)}/{_NEXT_KEY}")

    def keep_next_key(self, lineage: Lineage, key_pem: bytes) -> None:
        """Keep the private key of the version to come: its DANE record can be published early."""
        self._store.put(f"{_lineage_folder(lineage)}/{_NEXT_KEY}", key_pem)

    def _ids(self, lineage: Lineage) -> builtins.list[str]:
        """All that is there of versions, whole or not, the newest first."""
        folder = _lineage_folder(lineage)
        names = {key[len(folder) + 1 :].split("/")[0] for key in self._store.list(folder)}
        return sorted(filter(_VERSION_ID.fullmatch, names), reverse=True)

    def _remove(self, lineage: Lineage, version_id: str) -> None:
        folder = _folder(lineage, version_id)
        # First what makes it whole: no half of it is ever taken for a version.
        for name in (_META, _CHAIN, _KEY):
            self._store.delete(f"{folder}/{name}")

    def _pointer(self, lineage: Lineage) -> Pointer | None:
        content = self._store.get(_pointer_key(lineage))
        try:
            return None if content is None else msgspec.json.decode(content, type=Pointer)
        except _NOT_UNDERSTOOD:
            return None

    @contextmanager
    def _guard(self, lineage: Lineage) -> Iterator[None]:
        """Alone with the pointer, for the few milliseconds of a comparison and a write."""
        name = f"switch/{lineage.key}"
        for _ in range(_GUARD_TRIES):
            lock = self._store.lock(name)
            if lock is not None:
                break
            time.sleep(_GUARD_PAUSE_S)
        else:
            raise StoreError(
                "another process has been switching this for seconds",
                place=_pointer_key(lineage),
                remedy="Look for a process that hangs, and for a disk that does.",
            )
        with lock:
            yield


def _lineage_folder(lineage: Lineage) -> str:
    return f"{_CERTIFICATES}/{lineage.key}"


def _folder(lineage: Lineage, version_id: str) -> str:
    return f"{_lineage_folder(lineage)}/{version_id}"


def _pointer_key(lineage: Lineage) -> str:
    return f"{_lineage_folder(lineage)}/{_POINTER}"


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _broken(lineage: Lineage, pointer: Pointer | None, instead: Version | None) -> CertProblem:
    wrong = (
        "the pointer to the current version cannot be understood"
        if pointer is None
        else f"the current version {pointer.version[:60]!r} is missing or damaged"
    )
    return CertProblem(
        place=_pointer_key(lineage),
        message=f"{wrong}; {'none' if instead is None else instead.id} is used instead",
        remedy="Check the disk; then renew the certificate.",
        fatal=False,
    )
