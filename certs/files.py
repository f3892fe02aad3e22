"""Certificates from files: everything wrong with them is reported at once."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from certs.contexts import ClientAuth, TlsPolicy, TlsProfile, site_context
from certs.errors import CertError, CertProblem
from certs.model import Certificate, certificate_of, public_bytes, subject_names
from certs.names import canonical_name, is_covered
from certs.pem import bad, read_chain, read_key, warning
from certs.select import CertificateSet

_PLAIN: Final = TlsProfile(
    policy=TlsPolicy.COMPATIBLE, alpn=(), client_auth=ClientAuth.NONE, client_ca_pem=None
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedSet:
    """What could be loaded, and the problems that do not prevent serving it."""

    certificates: CertificateSet
    warnings: tuple[CertProblem, ...]


def load_files(
    cert_paths: Sequence[Path], key_paths: Sequence[Path], names: Sequence[str], *, now: datetime
) -> LoadedSet:
    """Load pairs of chain and key for the same `names`; pairs are formed by position.

    `now` is aware. Raises CertError with every problem found in any of the files; a certificate
    that is expired or not yet valid is loaded with a warning, since a running host must start.
    """
    problems: list[CertProblem] = []
    loaded = [
        _load_pair(cert, key, names, now, problems)
        for cert, key in zip(cert_paths, key_paths, strict=True)
    ]
    certificates = tuple(one for one in loaded if one is not None)
    if not certificates or any(problem.fatal for problem in problems):
        raise CertError(problems)
    return LoadedSet(
        certificates=CertificateSet(
            names=tuple(map(canonical_name, names)), certificates=certificates
        ),
        warnings=tuple(problems),
    )


def _load_pair(
    cert_path: Path,
    key_path: Path,
    names: Sequence[str],
    now: datetime,
    problems: list[CertProblem],
) -> Certificate | None:
    chain = read_chain(cert_path, problems)
    key = read_key(key_path, problems)
    if chain:
        _check_leaf(cert_path, chain[0], names, now, problems)
        _check_order(cert_path, chain, problems)
    if not chain or key is None:
        return None
    if public_bytes(key.public_key()) != public_bytes(chain[0].public_key()):
        problems.append(_mismatch(cert_path, key_path, key, chain))
        return None
    try:
        certificate = certificate_of(chain, key)
        # OpenSSL has the last word, and the operator should hear it from a check, not at midnight.
        site_context(certificate, _PLAIN)
    except ValueError as error:
        problems.append(bad(cert_path, str(error), "Use a P-256 key, or RSA of 2048 bits."))
    except CertError as error:
        problems.extend(bad(cert_path, p.message, p.remedy) for p in error.problems)
    else:
        return certificate
    return None


def _check_leaf(
    path: Path,
    leaf: x509.Certificate,
    names: Sequence[str],
    now: datetime,
    problems: list[CertProblem],
) -> None:
    found = subject_names(leaf)
    missing = [name for name in names if not is_covered(name, found)]
    if missing:
        problems.append(
            bad(
                path,
                f"the certificate is not for {', '.join(missing)}, "
                f"but for {', '.join(found) or 'no name at all'}",
                "Take these out of `names`, or get a certificate with them.",
            )
        )
    if leaf.not_valid_after_utc <= now:
        problems.append(
            warning(
                path,
                f"expired on {leaf.not_valid_after_utc:%Y-%m-%d %H:%M} UTC",
                "Renew it: clients refuse it.",
            )
        )
    if leaf.not_valid_before_utc > now:
        problems.append(
            warning(
                path,
                f"not valid before {leaf.not_valid_before_utc:%Y-%m-%d %H:%M} UTC",
                "Check the clock of this host.",
            )
        )


def _check_order(path: Path, chain: list[x509.Certificate], problems: list[CertProblem]) -> None:
    for position, (subject, issuer) in enumerate(itertools.pairwise(chain), start=1):
        try:
            subject.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            problems.append(
                warning(
                    path,
                    f"certificate {position} of the file is not signed by certificate "
                    f"{position + 1}: some clients will not trust it",
                    "Order the file: the server's own certificate, its issuer, that one's issuer.",
                )
            )


def _mismatch(
    cert_path: Path, key_path: Path, key: PrivateKeyTypes, chain: list[x509.Certificate]
) -> CertProblem:
    wanted = public_bytes(key.public_key())
    if any(public_bytes(certificate.public_key()) == wanted for certificate in chain):
        return bad(
            cert_path,
            f"the certificate of the key {key_path} is not the first of the file",
            "Order the file: the server's own certificate, its issuer, that one's issuer.",
        )
    return bad(
        cert_path,
        f"the key {key_path} belongs to another certificate",
        "Give the key this certificate was requested with; lists of both pair up by position.",
    )
