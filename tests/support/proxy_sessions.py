"""TLS sessions and headers for the tests of the PROXY protocol."""

from dataclasses import replace
from pathlib import Path

from hypothesis import strategies as st

from edge.core.proxy.tlv import Tlv
from edge.core.proxy.v2 import HeaderEncoder, TlsInfo

VECTORS = Path(__file__).parent.parent / "vectors" / "proxyv2"

SOURCE_V4 = ("203.0.113.77", 50000)
DESTINATION_V4 = ("192.0.2.10", 993)
SOURCE_V6 = ("2001:db8::77", 50000)
DESTINATION_V6 = ("2001:db8::1", 993)

TLS = TlsInfo(
    version="TLSv1.3",
    cipher="TLS_AES_256_GCM_SHA384",
    group="X25519MLKEM768",
    certificate_signature="ecdsa-with-SHA256",
    certificate_key="EC256",
    client_certificate=False,
    client_certificate_in_session=False,
    client_cn=None,
)
TLS_WITH_CLIENT = replace(
    TLS, client_certificate=True, client_certificate_in_session=True, client_cn="Zoë Example"
)
UNIQUE_ID = b"0123456789abcdef"


def encode(
    *,
    encoder=None,
    source=SOURCE_V4,
    destination=DESTINATION_V4,
    tls=TLS,
    authority="mail.example.org",
    alpn=b"imap",
    unique_id=UNIQUE_ID,
) -> bytes:
    """A typical header, but for the arguments given."""
    encoder = encoder or HeaderEncoder(tlvs=tuple(Tlv))
    return encoder.encode(
        source=source,
        destination=destination,
        tls=tls,
        authority=authority,
        alpn=alpn,
        unique_id=unique_id,
    )


addresses = st.tuples(st.ip_addresses().map(str), st.integers(0, 65535))
any_text = st.text(max_size=300)
likely_text = st.sampled_from(["TLSv1.3", "TLSv1.2", "X25519", "RSA2048", "x" * 64]) | any_text
tls_infos = st.builds(
    TlsInfo,
    version=likely_text,
    cipher=likely_text,
    group=st.none() | likely_text,
    certificate_signature=st.none() | likely_text,
    certificate_key=st.none() | likely_text,
    client_certificate=st.booleans(),
    client_certificate_in_session=st.booleans(),
    client_cn=st.none() | any_text,
)
dns_names = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z]{1,20}){1,6}", fullmatch=True)
encode_arguments = st.fixed_dictionaries(
    {
        "source": addresses,
        "destination": addresses,
        "tls": st.none() | tls_infos,
        "authority": st.none() | dns_names | any_text,
        "alpn": st.none() | st.sampled_from([b"imap", b"http/1.1"]) | st.binary(max_size=255),
        "unique_id": st.none() | st.binary(max_size=128),
    }
)
"""Anything a caller may give to `HeaderEncoder.encode`."""
