"""`ClientHello`: what a client said of itself, before anything was decided about it."""

from dataclasses import dataclass
from typing import Final

SERVER_NAME: Final = 0x0000
SUPPORTED_GROUPS: Final = 0x000A
SIGNATURE_ALGORITHMS: Final = 0x000D
ALPN: Final = 0x0010
EARLY_DATA: Final = 0x002A
SUPPORTED_VERSIONS: Final = 0x002B


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientHello:
    """A well-formed ClientHello (RFC 8446 section 4.1.2, RFC 5246 section 7.4.1.2).

    Every list is in the client's order and free of GREASE values (RFC 8701). Nothing refers to the
    bytes it was read from.
    """

    legacy_version: int
    versions: tuple[int, ...]
    """supported_versions; empty when the extension is absent (a client of TLS 1.2 or older)."""
    ciphers: tuple[int, ...]
    extensions: tuple[int, ...]
    """The types, each at most once."""
    groups: tuple[int, ...]
    signature_algorithms: tuple[int, ...]
    sni: str | None
    """The host name in lower case; None when absent, and when it cannot be a DNS name."""
    sni_invalid: bool
    """A host name was sent that cannot be a DNS name: treat it as a name nobody knows."""
    alpn: tuple[bytes, ...]
    """The offered protocols: raw bytes of the client, 1 to 255 each; escape before logging."""

    @property
    def max_version(self) -> int:
        """The highest protocol version offered, as on the wire (0x0304 is TLS 1.3)."""
        return max(self.versions, default=self.legacy_version)

    @property
    def has_sni(self) -> bool:
        """Whether a server_name extension was sent, valid or not."""
        return SERVER_NAME in self.extensions

    @property
    def has_early_data(self) -> bool:
        """Whether 0-RTT data was announced (RFC 8446 section 4.2.10)."""
        return EARLY_DATA in self.extensions
