"""PEM files: one chain or one key each, and what is wrong when there is none in them."""

import os
import stat
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from certs.errors import CertProblem
from certs.model import Certificate, certificate_of, public_bytes

_MAX_FILE_BYTES: Final = 1 << 20


def read_chain(path: Path, problems: list[CertProblem]) -> list[x509.Certificate]:
    """Return the certificates of a file in its order; when unusable none, and a problem more."""
    content = _read(path, problems)
    if content is None:
        return []
    try:
        chain = x509.load_pem_x509_certificates(content)
        # Parsed lazily: ask now for what may be malformed.
        for certificate in chain:
            _ = certificate.extensions, certificate.public_key(), certificate.subject
    except (
        ValueError,
        UnsupportedAlgorithm,
        x509.DuplicateExtension,
        x509.InvalidVersion,
        x509.UnsupportedGeneralNameType,
    ):
        problems.append(
            bad(
                path,
                "no certificates in PEM",
                "Give the file that begins with -----BEGIN CERTIFICATE-----, the server's own "
                "certificate first.",
            )
        )
        return []
    return chain


def read_key(path: Path, problems: list[CertProblem]) -> PrivateKeyTypes | None:
    """Return the private key of a file; when unusable None, and a problem more."""
    content = _read(path, problems, is_secret=True)
    if content is None:
        return None
    try:
        return load_pem_private_key(content, password=None)
    except TypeError:
        problem = bad(
            path, "the key is encrypted", "Store it without a passphrase: openssl pkey -in … -out …"
        )
    except (ValueError, UnsupportedAlgorithm):
        problem = bad(
            path,
            "no private key in PEM",
            "Give the file that begins with -----BEGIN PRIVATE KEY-----.",
        )
    problems.append(problem)
    return None


def parse_pair(chain_pem: bytes, key_pem: bytes) -> Certificate:
    """Return the certificate of a leaf-first chain and its key, both without a passphrase.

    Raises ValueError, in words without a part of either, when they cannot be understood, cannot
    serve TLS, or do not belong together.
    """
    try:
        chain = x509.load_pem_x509_certificates(chain_pem)
        key = load_pem_private_key(key_pem, password=None)
        certificate = certificate_of(chain, key)
        is_pair = public_bytes(key.public_key()) == public_bytes(chain[0].public_key())
    except TypeError:
        raise ValueError("the key is encrypted") from None
    except (
        UnsupportedAlgorithm,
        x509.DuplicateExtension,
        x509.InvalidVersion,
        x509.UnsupportedGeneralNameType,
    ) as error:
        raise ValueError("no certificate and key that can be used") from error
    if not is_pair:
        raise ValueError("the key belongs to another certificate")
    return certificate


def bad(path: Path, message: str, remedy: str) -> CertProblem:
    """A problem with a file that prevents serving it."""
    return CertProblem(place=str(path), message=message, remedy=remedy, fatal=True)


def warning(path: Path, message: str, remedy: str) -> CertProblem:
    """A problem with a file that is served all the same."""
    return CertProblem(place=str(path), message=message, remedy=remedy, fatal=False)


def _read(path: Path, problems: list[CertProblem], *, is_secret: bool = False) -> bytes | None:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(_MAX_FILE_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        remedy = "Correct the path, or let the user of the service read the file and its folders."
        problems.append(bad(path, f"cannot be read: {reason}", remedy))
        return None
    if is_secret and mode & stat.S_IROTH:
        message = "every user of this host can read this key"
        problems.append(warning(path, message, f"Run: chmod o= {path}"))
    if len(content) > _MAX_FILE_BYTES:
        problems.append(bad(path, "larger than 1 MiB", "Give a PEM file of one chain or one key."))
        return None
    return content
