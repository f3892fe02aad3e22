"""The SSL TLV: what a backend is told of the client's TLS session."""

from dataclasses import dataclass
from typing import Final

from edge.core.proxy.tlv import (
    MAX_NAME_BYTES,
    PP2_CLIENT_CERT_CONN,
    PP2_CLIENT_CERT_SESS,
    PP2_CLIENT_SSL,
    PP2_SUBTYPE_SSL_CIPHER,
    PP2_SUBTYPE_SSL_CN,
    PP2_SUBTYPE_SSL_GROUP,
    PP2_SUBTYPE_SSL_KEY_ALG,
    PP2_SUBTYPE_SSL_SIG_ALG,
    PP2_SUBTYPE_SSL_VERSION,
    PP2_TYPE_SSL,
    encode_tlv,
    is_clean_name,
)
from edge.core.proxy.wire import CLIENT_AND_VERIFY

MAX_REQUIRED_SSL_BYTES: Final = 3 + CLIENT_AND_VERIFY.size + 2 * (3 + MAX_NAME_BYTES)
"""The longest SSL TLV of version and cipher alone, which is never made shorter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsInfo:
    """The client's TLS session, which the edge itself decrypts.

    Both certificate flags mean a *verified* client certificate: `client_certificate` was presented
    over this connection, `client_certificate_in_session` over this or the resumed one.
    """

    version: str
    """`TLSv1.3`."""
    cipher: str
    """By its OpenSSL name."""
    group: str | None
    certificate_signature: str | None
    """What signed the edge's certificate: `RSA-SHA256`."""
    certificate_key: str | None
    """The key of the edge's certificate: `RSA2048`, `EC256`."""
    client_certificate: bool
    client_certificate_in_session: bool
    client_cn: str | None

    @property
    def has_verified_client(self) -> bool:
        """Whether the client is known by a verified certificate, however old the proof."""
        return self.client_certificate or self.client_certificate_in_session


def encode_required(tls: TlsInfo) -> bytes:
    """The two sub-TLVs that are always sent: version and cipher."""
    return _name(PP2_SUBTYPE_SSL_VERSION, tls.version) + _name(PP2_SUBTYPE_SSL_CIPHER, tls.cipher)


def encode_optional(tls: TlsInfo) -> dict[int, bytes]:
    """The other sub-TLVs by their type, in the order of the wire; empty where there is nothing."""
    return {
        PP2_SUBTYPE_SSL_GROUP: _name(PP2_SUBTYPE_SSL_GROUP, tls.group),
        PP2_SUBTYPE_SSL_SIG_ALG: _name(PP2_SUBTYPE_SSL_SIG_ALG, tls.certificate_signature),
        PP2_SUBTYPE_SSL_KEY_ALG: _name(PP2_SUBTYPE_SSL_KEY_ALG, tls.certificate_key),
        PP2_SUBTYPE_SSL_CN: _common_name(tls),
    }


def wrap_ssl(tls: TlsInfo, sub_tlvs: bytes) -> bytes:
    """The SSL TLV with these sub-TLVs: client bits and verification result exactly as they are."""
    client = PP2_CLIENT_SSL
    if tls.client_certificate:
        client |= PP2_CLIENT_CERT_CONN
    if tls.has_verified_client:
        client |= PP2_CLIENT_CERT_SESS
    # "zero if the client presented a certificate and it was successfully verified, and non-zero
    # otherwise": so without a certificate it is not zero.
    verify = 0 if tls.has_verified_client else 1
    return encode_tlv(PP2_TYPE_SSL, CLIENT_AND_VERIFY.pack(client, verify) + sub_tlvs)


def encode_ssl(tls: TlsInfo) -> bytes:
    """The whole SSL TLV, as it is sent when there is room."""
    return wrap_ssl(tls, encode_required(tls) + b"".join(encode_optional(tls).values()))


def _name(tlv_type: int, name: str | None) -> bytes:
    return encode_tlv(tlv_type, name.encode()) if name and is_clean_name(name) else b""


def _common_name(tls: TlsInfo) -> bytes:
    # Dovecot logs the client in by this name: repaired or cut it would be another client's.
    if not tls.has_verified_client or not tls.client_cn or not tls.client_cn.isprintable():
        return b""
    name = tls.client_cn.encode()
    return encode_tlv(PP2_SUBTYPE_SSL_CN, name) if len(name) <= MAX_NAME_BYTES else b""
