"""PROXY v2 headers put together by hand, sharing no code with the package under test."""

SIGNATURE = bytes.fromhex("0d0a0d0a000d0a515549540a")
V4_ADDRESSES = bytes.fromhex("cb00714d c000020a c350 03e1")
"""203.0.113.77:50000 to 192.0.2.10:993."""
V6_ADDRESSES = bytes.fromhex(
    "20010db8000000000000000000000077 20010db8000000000000000000000001 c350 03e1"
)
"""[2001:db8::77]:50000 to [2001:db8::1]:993."""


def bitwise_crc32c(data: bytes) -> int:
    """CRC32C one bit at a time, straight from the definition in RFC 3720 appendix B.4."""
    register = 0xFFFFFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0x82F63B78 if register & 1 else 0)
    return register ^ 0xFFFFFFFF


def tlv(tlv_type: int, value: bytes) -> bytes:
    return bytes([tlv_type]) + len(value).to_bytes(2, "big") + value


def ssl_tlv(client: int, verify: int, *sub_tlvs: bytes) -> bytes:
    return tlv(0x20, bytes([client]) + verify.to_bytes(4, "big") + b"".join(sub_tlvs))


def header(command: int, family: int, *parts: bytes) -> bytes:
    """A header with these parts as its body, and a length that fits them."""
    body = b"".join(parts)
    return SIGNATURE + bytes([command, family]) + len(body).to_bytes(2, "big") + body


def with_crc32c(command: int, family: int, *parts: bytes) -> bytes:
    """The same with a right CRC32C TLV behind the parts."""
    unsealed = header(command, family, *parts, tlv(0x03, bytes(4)))
    return unsealed[:-4] + bitwise_crc32c(unsealed).to_bytes(4, "big")
