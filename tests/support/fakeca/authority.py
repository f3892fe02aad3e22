"""The keys behind the certificates: two roots, and one intermediate that both have signed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

ROOTS = ("Fake Root 1", "Fake Root 2", "Fake Root 3")
INTERMEDIATE = "Fake Intermediate"
_LIFETIME = timedelta(days=20 * 365)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ca509:
    """A CA certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


class Authority:
    """Makes its keys when constructed."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self.roots = [self._root(name) for name in ROOTS]
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.intermediates = [
            self._signed_by(root, INTERMEDIATE, self._key.public_key()) for root in self.roots
        ]
        """The same name and key, signed by each root."""
        stranger = ec.generate_private_key(ec.SECP256R1())
        self.impostor = self._signed_by(self.roots[0], INTERMEDIATE, stranger.public_key())
        """The intermediate's name, but another key."""

    @property
    def key(self) -> ec.EllipticCurvePrivateKey:
        """What leaves are signed with."""
        return self._key

    @property
    def roots_pem(self) -> bytes:
        """For those who trust this CA's certificates."""
        return b"".join(pem(root.certificate) for root in self.roots)

    def _root(self, name: str) -> Ca509:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            self._builder(name, name, key.public_key())
            .add_extension(_key_id(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        return Ca509(certificate=certificate, key=key)

    def _signed_by(
        self, root: Ca509, name: str, key: CertificatePublicKeyTypes
    ) -> x509.Certificate:
        root_name = root.certificate.subject.rfc4514_string().removeprefix("CN=")
        return (
            self._builder(name, root_name, key)
            .add_extension(_key_id(key), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(root.key.public_key()),
                critical=False,
            )
            .sign(root.key, hashes.SHA256())
        )

    def _builder(
        self, name: str, issuer: str, key: CertificatePublicKeyTypes
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(_name(issuer))
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now - timedelta(days=365))
            .not_valid_after(self._now + _LIFETIME)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_CA_USAGE, critical=True)
        )


def pem(certificate: x509.Certificate) -> bytes:
    """One certificate."""
    return certificate.public_bytes(Encoding.PEM)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _key_id(key: CertificatePublicKeyTypes) -> x509.SubjectKeyIdentifier:
    return x509.SubjectKeyIdentifier.from_public_key(key)


_CA_USAGE = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)
