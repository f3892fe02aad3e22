"""From a CSR to chains: what the leaf says, and all the ways in which it can come out wrong."""

import ipaddress
from collections.abc import Sequence
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.support.fakeca.authority import Authority, pem
from tests.support.fakeca.encoding import b64url
from tests.support.fakeca.faults import Faults

_HOUR_S = 3600.0


def issue(
    authority: Authority,
    faults: Faults,
    csr: x509.CertificateSigningRequest,
    identifiers: Sequence[str],
    *,
    lifetime_s: float,
    now: datetime,
) -> tuple[x509.Certificate, list[bytes]]:
    """The leaf and its chains as PEM, the default one first."""
    leaf = _leaf(authority, faults, csr, identifiers, lifetime_s=lifetime_s, now=now)
    match faults.chain:
        case "garbage":
            return leaf, [b"-----BEGIN CERTIFICATE-----\nbm90IGEgY2VydGlmaWNhdGU=\n"]
        case "no_intermediates":
            return leaf, [pem(leaf)]
        case "wrong_key":
            return leaf, [pem(leaf) + pem(authority.impostor)]
        case _:
            chosen = authority.intermediates[: 1 + faults.alternate_chains]
            return leaf, [pem(leaf) + pem(intermediate) for intermediate in chosen]


def _leaf(
    authority: Authority,
    faults: Faults,
    csr: x509.CertificateSigningRequest,
    identifiers: Sequence[str],
    *,
    lifetime_s: float,
    now: datetime,
) -> x509.Certificate:
    backdate_s = faults.backdate_s
    if backdate_s is None:
        backdate_s = min(_HOUR_S, lifetime_s / 10)
    not_before = now - timedelta(seconds=backdate_s)
    not_after = not_before + timedelta(seconds=lifetime_s)
    key = csr.public_key()
    match faults.chain:
        case "future":
            not_before, not_after = (t + timedelta(days=2) for t in (not_before, not_after))
        case "expired":
            not_before, not_after = not_before - timedelta(days=400), now - timedelta(days=300)
        case "other_names":
            identifiers = ["elsewhere.example"]
        case "other_key":
            key = ec.generate_private_key(ec.SECP256R1()).public_key()
        case _:
            pass
    usage = ExtendedKeyUsageOID.SERVER_AUTH
    if faults.chain == "no_server_auth":
        usage = ExtendedKeyUsageOID.CLIENT_AUTH
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(authority.intermediates[0].subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .add_extension(
            x509.SubjectAlternativeName([_general_name(value) for value in identifiers]),
            critical=True,
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    )
    if faults.chain != "no_aki":
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()),
            critical=False,
        )
    return builder.sign(authority.key, hashes.SHA256())


def cert_id_of(leaf: x509.Certificate) -> str:
    """RFC 9773 section 4.1; without an AKI there is none, and the serial number has to do."""
    size = leaf.serial_number.bit_length() // 8 + 1  # DER: a leading 00 before a set top bit
    serial = b64url(leaf.serial_number.to_bytes(size, "big"))
    try:
        aki = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    except x509.ExtensionNotFound:
        return f".{serial}"
    assert aki.key_identifier is not None
    return f"{b64url(aki.key_identifier)}.{serial}"


def _general_name(value: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(value))
    except ValueError:
        return x509.DNSName(value)
