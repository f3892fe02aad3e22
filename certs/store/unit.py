"""One version of a certificate: key, chain, and what is known about them."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Self

import msgspec

from certs.model import Certificate
from certs.spec import KeyType, Lineage

Origin = Literal["acme", "import", "bootstrap"]


class VersionMeta(msgspec.Struct, frozen=True, kw_only=True):
    """`meta.json`. Times are aware and UTC. Unknown fields are ignored, new ones have defaults."""

    id: str
    """When it was made, to the microsecond, and how the leaf's hash begins: they sort by it."""
    certificate: str
    """`Managed.name`."""
    key_type: KeyType
    names: tuple[str, ...]
    """Of the leaf."""
    issuer: str
    """`Issuer.name`; of an imported one, whatever the importer calls it."""
    directory: str
    profile: str | None = None
    order_url: str | None = None
    cert_id: str | None = None
    """RFC 9773 section 4.1."""
    not_before: datetime
    not_after: datetime
    leaf_sha256: str
    chain_sha256: str | None = None
    """Of `chain.pem`: a chain that lost its end still looks like one."""
    created_at: datetime
    is_staging: bool = False
    origin: Origin = "acme"
    replaces: str | None = None
    """The version's id that this one was ordered in place of."""

    @classmethod
    def describing(
        cls,
        certificate: Certificate,
        *,
        lineage: Lineage,
        issuer: str,
        directory: str,
        created_at: datetime,
        origin: Origin = "acme",
        profile: str | None = None,
        order_url: str | None = None,
        cert_id: str | None = None,
        is_staging: bool = False,
        replaces: str | None = None,
    ) -> Self:
        """Describe a new version: what the certificate itself says is taken from it."""
        return cls(
            id=f"{created_at:%Y%m%dT%H%M%S%f}Z-{certificate.leaf_sha256[:12]}",
            certificate=lineage.certificate,
            key_type=lineage.key_type,
            names=certificate.names,
            issuer=issuer,
            directory=directory,
            profile=profile,
            order_url=order_url,
            cert_id=cert_id,
            not_before=certificate.not_before,
            not_after=certificate.not_after,
            leaf_sha256=certificate.leaf_sha256,
            chain_sha256=hashlib.sha256(certificate.chain_pem).hexdigest(),
            created_at=created_at,
            is_staging=is_staging,
            origin=origin,
            replaces=replaces,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A whole version, read and checked."""

    meta: VersionMeta
    certificate: Certificate

    @property
    def id(self) -> str:
        """Its name among the versions of its lineage."""
        return self.meta.id


class Pointer(msgspec.Struct, frozen=True, kw_only=True):
    """`current`: which version is served."""

    version: str
    previous: str | None = None
    """The one that was current before; still itself after a switch to the same version."""
    counter: int = 1
    """Grows with every switch, also with one back: two pointers of the same value never differ."""

    def moved(self, version: str) -> "Pointer":
        """The pointer after a switch."""
        previous = self.previous if version == self.version else self.version
        return Pointer(version=version, previous=previous, counter=self.counter + 1)
