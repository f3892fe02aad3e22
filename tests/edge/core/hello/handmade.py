"""Hellos built field by field, well-formed or not, and the ways to cut one up."""

from collections.abc import Iterator, Sequence

SERVER_NAME, GROUPS, SCHEMES, ALPN, EARLY_DATA, VERSIONS, KEY_SHARE = 0, 10, 13, 16, 42, 43, 51
X25519MLKEM768 = 0x11EC
PADDING = 21
ENCRYPTED_CLIENT_HELLO = 0xFE0D

Extension = tuple[int, bytes]


def vector(data: bytes, prefix_bytes: int = 2) -> bytes:
    """`data` behind its length."""
    return len(data).to_bytes(prefix_bytes, "big") + data


def numbers(*values: int) -> bytes:
    return b"".join(value.to_bytes(2, "big") for value in values)


def sni(name: bytes) -> Extension:
    return SERVER_NAME, vector(b"\x00" + vector(name))


def alpn(*names: bytes) -> Extension:
    return ALPN, vector(b"".join(vector(name, 1) for name in names))


def versions(*values: int) -> Extension:
    return VERSIONS, vector(numbers(*values), 1)


def groups(*values: int) -> Extension:
    return GROUPS, vector(numbers(*values))


def schemes(*values: int) -> Extension:
    return SCHEMES, vector(numbers(*values))


def extension_block(*extensions: Extension) -> bytes:
    return vector(b"".join(numbers(kind) + vector(content) for kind, content in extensions))


def body(
    *extensions: Extension,
    legacy_version: int = 0x0303,
    session_id: bytes = b"\x11" * 32,
    ciphers: Sequence[int] = (0x1301, 0xC02B),
    compression: bytes = b"\x00",
    block: bytes | None = None,
) -> bytes:
    """A ClientHello without its header; `block` replaces the whole block of extensions."""
    return (
        numbers(legacy_version)
        + b"\x22" * 32
        + vector(session_id, 1)
        + vector(numbers(*ciphers))
        + vector(compression, 1)
        + (extension_block(*extensions) if block is None else block)
    )


def message(content: bytes, kind: int = 1) -> bytes:
    return bytes((kind,)) + vector(content, 3)


def record(payload: bytes, kind: int = 22, version: int = 0x0301) -> bytes:
    return bytes((kind,)) + numbers(version) + vector(payload)


def records(payload: bytes, size: int = 2**14) -> bytes:
    """`payload` in records of at most `size` bytes each."""
    return b"".join(
        record(payload[at : at + size], version=0x0303) for at in range(0, len(payload), size)
    )


def payload_of(wire: bytes) -> bytes:
    """What the handshake records at the start of `wire` carry together."""
    payload = b""
    while wire[:1] == b"\x16":
        end = 5 + int.from_bytes(wire[3:5], "big")
        payload += wire[5:end]
        wire = wire[end:]
    return payload


def each_byte(wire: bytes) -> Iterator[bytes]:
    return (wire[at : at + 1] for at in range(len(wire)))


def chrome_like() -> bytes:
    """As Chrome builds it: GREASE in every list, and a hybrid key share over one segment long."""
    key_share = numbers(0x5A5A) + vector(b"\x00")
    key_share += numbers(X25519MLKEM768) + vector(b"\x33" * 1216)
    key_share += numbers(0x001D) + vector(b"\x44" * 32)
    return body(
        (0x2A2A, b""),
        versions(0x6A6A, 0x0304, 0x0303),
        (KEY_SHARE, vector(key_share)),
        sni(b"Mail.Example.ORG"),
        alpn(b"h2", b"http/1.1"),
        groups(0x5A5A, X25519MLKEM768, 0x001D, 0x0017),
        schemes(0x3A3A, 0x0403, 0x0804),
        (ENCRYPTED_CLIENT_HELLO, b"\x55" * 218),
        (0xBABA, b"\x00"),
        ciphers=(0xFAFA, 0x1301, 0x1302, 0xC02B),
    )
