"""Certificates signed by their own key: so that a host answers before it has a real one."""

import ipaddress
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certs.errors import CertError, CertProblem
from certs.model import Certificate, certificate_of
from certs.names import canonical_name
from certs.pem import parse_pair
from certs.select import CertificateSet
from certs.store.durable import locked, make_private_directory, write_secret

ORGANISATION: Final = "stalwart-edge self-signed"
"""The mark in the subject by which people and tools recognise such a certificate."""

_VALID_FOR: Final = timedelta(days=365)
_CLOCK_SKEW: Final = timedelta(hours=1)
_MAX_COMMON_NAME: Final = 64


def self_signed(names: Sequence[str], *, now: datetime, valid_for: timedelta) -> CertificateSet:
    """Return a new P-256 certificate for DNS names, wildcards and IP addresses.

    `names` is not empty, `now` is aware. Valid from an hour before `now`, for clients with a slow
    clock.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _subject(names[0])
    leaf = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + valid_for)
        .add_extension(
            x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_DIGITAL_SIGNATURE, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return _set_of(names, certificate_of([leaf], key))


def load_or_create_self_signed(
    directory: Path, names: Sequence[str], now: datetime
) -> CertificateSet:
    """Return the certificate kept in `directory` for these names, a new one when there is none.

    One file per first name, key and certificate together, so that a restart keeps the key and no
    half of a pair is ever seen. Made anew when the names changed, a third of its life is left or
    the file cannot be understood. Raises CertError when the directory cannot be used.
    """
    path = directory / f"{canonical_name(names[0]).replace('*', '_')}.pem"
    try:
        make_private_directory(directory)
        with locked(directory):
            kept = read_self_signed(path, names, now)
            if kept is not None:
                return kept
            made = self_signed(names, now=now, valid_for=_VALID_FOR)
            certificate = made.certificates[0]
            write_secret(path, certificate.key_pem + certificate.chain_pem)
            return made
    except OSError as error:
        problem = CertProblem(
            place=str(path),
            message=f"a self-signed certificate cannot be kept here: {error.strerror}".lower(),
            remedy="Let the user of the service write to `state_dir`.",
            fatal=True,
        )
        raise CertError([problem]) from error


def read_self_signed(path: Path, names: Sequence[str], now: datetime) -> CertificateSet | None:
    """Return the certificate in a file when it is still good for exactly these names.

    Raises OSError when the file is there but cannot be read.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    return parse_self_signed(content, names, now)


def parse_self_signed(content: bytes, names: Sequence[str], now: datetime) -> CertificateSet | None:
    """Return the certificate in PEM, key and leaf, when it is still good for exactly these names.

    Good is what has more than a third of its life left.
    """
    try:
        certificate = parse_pair(content, content)
    except ValueError:
        return None
    life = certificate.not_after - certificate.not_before
    is_current = certificate.not_before <= now < certificate.not_after - life / 3
    wanted = set(map(canonical_name, names))
    if not is_current or set(certificate.names) != wanted:
        return None
    return _set_of(names, certificate)


def _set_of(names: Sequence[str], certificate: Certificate) -> CertificateSet:
    return CertificateSet(names=tuple(map(canonical_name, names)), certificates=(certificate,))


def _subject(name: str) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANISATION)]
    if len(name) <= _MAX_COMMON_NAME:
        attributes.append(x509.NameAttribute(NameOID.COMMON_NAME, name))
    return x509.Name(attributes)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name.lower())


_DIGITAL_SIGNATURE: Final = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)
