"""TLS alerts: the record that refuses a client before OpenSSL is involved, and the names."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

UNEXPECTED_MESSAGE: Final = 10
HANDSHAKE_FAILURE: Final = 40
DECODE_ERROR: Final = 50
INTERNAL_ERROR: Final = 80
UNRECOGNIZED_NAME: Final = 112
NO_APPLICATION_PROTOCOL: Final = 120

FATAL: Final = 2

_NAMES: Final[Mapping[int, str]] = MappingProxyType(
    {
        0: "close_notify",
        UNEXPECTED_MESSAGE: "unexpected_message",
        20: "bad_record_mac",
        21: "decryption_failed",
        22: "record_overflow",
        30: "decompression_failure",
        HANDSHAKE_FAILURE: "handshake_failure",
        41: "no_certificate",
        42: "bad_certificate",
        43: "unsupported_certificate",
        44: "certificate_revoked",
        45: "certificate_expired",
        46: "certificate_unknown",
        47: "illegal_parameter",
        48: "unknown_ca",
        49: "access_denied",
        DECODE_ERROR: "decode_error",
        51: "decrypt_error",
        52: "too_many_cids_requested",
        60: "export_restriction",
        70: "protocol_version",
        71: "insufficient_security",
        INTERNAL_ERROR: "internal_error",
        86: "inappropriate_fallback",
        90: "user_canceled",
        100: "no_renegotiation",
        109: "missing_extension",
        110: "unsupported_extension",
        111: "certificate_unobtainable",
        UNRECOGNIZED_NAME: "unrecognized_name",
        113: "bad_certificate_status_response",
        114: "bad_certificate_hash_value",
        115: "unknown_psk_identity",
        116: "certificate_required",
        117: "general_error",
        NO_APPLICATION_PROTOCOL: "no_application_protocol",
        121: "ech_required",
    }
)


def alert_record(description: int, level: int = FATAL) -> bytes:
    """Return one plaintext alert record of 7 bytes (RFC 8446 sections 5.1 and 6).

    The record version is 0x0303 whatever was offered, as section 5.1 wants it of every record but
    the first ClientHello.
    """
    return bytes((21, 3, 3, 0, 2, level, description))


def alert_name(description: int) -> str:
    """Return an alert's name in the TLS Alerts registry, else `alert_` and its number."""
    return _NAMES.get(description) or f"alert_{description}"
