"""Certificates to store: made in a millisecond, of a CA or of themselves, of any dates."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from certs.pem import parse_pair
from certs.spec import ChallengeType, KeyType, Lineage, Managed
from certs.store.unit import Version, VersionMeta
from certs.store.versions import ANY, Versions

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
NAME = "mail.example.org"
LINEAGE = Lineage(NAME, KeyType.ECDSA_P256)
SPEC = Managed(
    names=(NAME,), key_types=(KeyType.ECDSA_P256,), challenges=(ChallengeType.TLS_ALPN_01,)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What `Versions.add` takes."""

    key_pem: bytes = field(repr=False)
    chain_pem: bytes = field(repr=False)
    meta: VersionMeta


def material(
    *,
    age: timedelta = timedelta(0),
    life: timedelta = 90 * DAY,
    names: Sequence[str] = (NAME,),
    is_staging: bool = False,
    is_self_signed: bool = False,
    lineage: Lineage = LINEAGE,
) -> Material:
    """Make a certificate that was issued `age` before NOW; its chain has an intermediate."""
    start = NOW - age
    key = ec.generate_private_key(ec.SECP256R1())
    ca_key = key if is_self_signed else ec.generate_private_key(ec.SECP256R1())
    ca_name = _name(names[0] if is_self_signed else "Test CA")
    leaf = _signed(_name(names[0]), key, ca_name, ca_key, start, life, names)
    chain = [leaf]
    if not is_self_signed:
        chain.append(_signed(ca_name, ca_key, ca_name, ca_key, start, life, ("ca.invalid",)))
    chain_pem = b"".join(one.public_bytes(Encoding.PEM) for one in chain)
    key_pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    meta = VersionMeta.describing(
        parse_pair(chain_pem, key_pem),
        lineage=lineage,
        issuer="test",
        directory="https://ca.invalid/directory",
        created_at=start,
        is_staging=is_staging,
    )
    return Material(key_pem=key_pem, chain_pem=chain_pem, meta=meta)


def add(versions: Versions, made: Material, lineage: Lineage = LINEAGE) -> Version:
    """Store it."""
    return versions.add(lineage, key_pem=made.key_pem, chain_pem=made.chain_pem, meta=made.meta)


def install(versions: Versions, made: Material, *, expected: str | None = ANY) -> Version:
    """Store it, and make it current."""
    version = add(versions, made)
    versions.switch(LINEAGE, version.id, expected=expected)
    return version


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _signed(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    start: datetime,
    life: timedelta,
    names: Sequence[str],
) -> x509.Certificate:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + life)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False
        )
        .sign(issuer_key, hashes.SHA256())
    )
