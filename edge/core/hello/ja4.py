"""JA4, the fingerprint of a TLS client over TCP, as FoxIO specifies it (technical_details/JA4.md).

Two connections of one program look alike, whatever name they ask for. Only JA4 itself is here: the
other methods of the JA4+ family are under a different licence.

JA4 is Copyright (c) 2023, FoxIO, under the BSD 3-Clause licence: redistribution and use in source
and binary forms, with or without modification, are permitted provided that the copyright notice,
the list of conditions and the disclaimer are kept (LICENSE-JA4 in FoxIO's ja4 repository), and that
FoxIO's name is not used to endorse derived products. It is provided "as is", without warranty.
"""

import struct
from collections.abc import Mapping, Sequence
from hashlib import sha256
from types import MappingProxyType
from typing import Final

from edge.core.hello.clienthello import ALPN, SERVER_NAME, ClientHello

_VERSIONS: Final[Mapping[int, str]] = MappingProxyType(
    {0x0304: "13", 0x0303: "12", 0x0302: "11", 0x0301: "10", 0x0300: "s3", 0x0002: "s2"}
)
_IN_FIRST_PART: Final = frozenset({SERVER_NAME, ALPN})
"""Left out of the hash, so that one program has one hash for every destination."""
_COUNT_LIMIT: Final = 99
_EMPTY: Final = "000000000000"


def ja4(hello: ClientHello) -> str:
    """Return the 36 characters of JA4, for example `t13d1516h2_8daaf6152771_e5627efa2ab1`."""
    version = _VERSIONS.get(hello.max_version, "00")
    destination = "d" if hello.has_sni else "i"
    ciphers = min(len(hello.ciphers), _COUNT_LIMIT)
    extensions = min(len(hello.extensions), _COUNT_LIMIT)
    alpn = _first_and_last(hello.alpn[0]) if hello.alpn else "00"
    return (
        f"t{version}{destination}{ciphers:02}{extensions:02}{alpn}"
        f"_{_hash(_hex(sorted(hello.ciphers)))}_{_hash(_extension_part(hello))}"
    )


def _first_and_last(protocol: bytes) -> str:
    """Characters of the name itself, or of its hex form when one of them is not alphanumeric."""
    ends = protocol[:1] + protocol[-1:]
    if ends.isalnum():
        return ends.decode("ascii")
    digits = protocol.hex()
    return digits[0] + digits[-1]


def _extension_part(hello: ClientHello) -> str:
    extensions = _hex(sorted(set(hello.extensions) - _IN_FIRST_PART))
    if extensions and hello.signature_algorithms:
        return f"{extensions}_{_hex(hello.signature_algorithms)}"
    return extensions


def _hex(values: Sequence[int]) -> str:
    """Four lower-case digits each, with commas between."""
    return struct.pack(f">{len(values)}H", *values).hex(",", 2)


def _hash(text: str) -> str:
    return sha256(text.encode("ascii")).hexdigest()[:12] if text else _EMPTY
