"""Which certificate a connection gets: first the set by name, then the leaf by what the client can.

Both are decided here from the ClientHello, not by OpenSSL, so that the record of a connection knows
the leaf that was served.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Self

from certs.model import Certificate
from certs.names import wildcard_of

_TLS_1_3: Final = 0x0304
# ECDHE_ECDSA with AES-128-GCM, AES-256-GCM, ChaCha20-Poly1305: the ones every policy of ours has.
_ECDSA_SUITES: Final = frozenset({0xC02B, 0xC02C, 0xCCA9})


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateSet:
    """The certificates for the same `names` (lower case): one, or several with different keys.

    `certificates` is not empty and in the operator's order.
    """

    names: tuple[str, ...]
    certificates: tuple[Certificate, ...]
    _by_scheme: tuple[tuple[int, Certificate], ...] = field(init=False, repr=False, compare=False)
    _fallback: Certificate = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Work out once what `choose` needs on every connection."""
        by_scheme = [
            (certificate.signature_scheme, certificate)
            for certificate in self.certificates
            if certificate.signature_scheme is not None
        ]
        rsa = (c for c in self.certificates if c.signature_scheme is None)
        object.__setattr__(
            self, "_by_scheme", tuple(by_scheme) if len(self.certificates) > 1 else ()
        )
        object.__setattr__(self, "_fallback", next(rsa, self.certificates[0]))

    def choose(
        self,
        *,
        signature_algorithms: Sequence[int],
        ciphers: Sequence[int],
        max_version: int,
    ) -> Certificate:
        """Return the leaf to serve to a client that offered these, by their TLS numbers.

        An ECDSA or EdDSA certificate when the client can verify its signature and, up to TLS 1.2,
        has a suite for it (RFC 8422 section 2); else the RSA one; else the first.
        """
        for scheme, certificate in self._by_scheme:
            if scheme in signature_algorithms and (
                max_version >= _TLS_1_3 or not _ECDSA_SUITES.isdisjoint(ciphers)
            ):
                return certificate
        return self._fallback


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All sets at one moment. Replaced as a whole, never changed.

    `default` serves clients that name nobody, and those that name somebody unknown.
    """

    sets: tuple[CertificateSet, ...]
    default: CertificateSet
    _by_name: Mapping[str, CertificateSet] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the names; of two sets with the same name the first has it."""
        by_name = {name.lower(): one for one in reversed(self.sets) for name in one.names}
        object.__setattr__(self, "_by_name", MappingProxyType(by_name))

    @classmethod
    def with_default_for(cls, sets: Sequence[CertificateSet], name: str) -> Self:
        """Return the snapshot whose default is the set for `name`, or the first. `sets` is not
        empty.
        """
        first = cls(sets=tuple(sets), default=sets[0])
        return cls(sets=first.sets, default=first.select(name) or first.default)

    def select(self, name: str | None) -> CertificateSet | None:
        """Return the set for a server name: exact, then wildcard, else None (so for no name)."""
        if name is None:
            return None
        name = name.lower()
        return self._by_name.get(name) or self._by_name.get(wildcard_of(name))
