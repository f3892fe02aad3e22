"""TLS contexts: a base for the ticket keys, a site for the certificate.

An `SSLObject` is made from a base context and given its site before the first `do_handshake()`:

    tls = base.wrap_bio(incoming, outgoing, server_side=True)
    tls.context = site

What then comes from where, as the tests have established for TLS 1.2 and 1.3:

    base    ticket keys, number of tickets, lowest version, options (renegotiation, compression,
            visible truncation), whether a client certificate is asked for
    site    certificate and key, TLS 1.2 cipher suites, ALPN, the CAs a client certificate is
            verified with
    both    `getpeercert()` is empty unless the site asks for a certificate, too

So both must come from the same `TlsProfile`. A ticket issued on a base resumes on the same base
under any site (a renewed certificate, another name), in every process forked after the base was
made, and on no other base: a profile with another client-certificate policy needs its own.

The session cache of OpenSSL, which `ssl` cannot turn off, holds only TLS 1.2 sessions of clients
without ticket support, at most 20,480 for each base context.
"""

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from certs.errors import CertError, CertProblem
from certs.model import Certificate


class TlsPolicy(StrEnum):
    """Versions and TLS 1.2 cipher suites. None goes below TLS 1.2."""

    MODERN = "modern"
    """TLS 1.3 only."""
    INTERMEDIATE = "intermediate"
    """TLS 1.2 with AEAD and ephemeral keys (RFC 9325 section 4.2), and TLS 1.3."""
    COMPATIBLE = "compatible"
    """And what old MTAs need in TLS 1.2: CBC suites, RSA key exchange. Better than plaintext."""


class ClientAuth(StrEnum):
    """What is asked of the client. A certificate it presents is always verified."""

    NONE = "none"
    REQUEST = "request"
    REQUIRE = "require"


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsProfile:
    """What a context is made from, besides a certificate. Hashable: one base for each.

    `client_ca_pem` is given exactly when `client_auth` is not NONE.
    """

    policy: TlsPolicy
    alpn: tuple[bytes, ...]
    client_auth: ClientAuth
    client_ca_pem: bytes | None


_AEAD: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
_CIPHERS: Final = {
    TlsPolicy.MODERN: _AEAD,
    TlsPolicy.INTERMEDIATE: _AEAD,
    TlsPolicy.COMPATIBLE: f"{_AEAD}:ECDHE+AES:RSA+AESGCM:RSA+AES:!AESCCM:!aNULL:!PSK:!SRP",
}
_VERIFY: Final = {
    ClientAuth.NONE: ssl.CERT_NONE,
    ClientAuth.REQUEST: ssl.CERT_OPTIONAL,
    ClientAuth.REQUIRE: ssl.CERT_REQUIRED,
}


def base_context(profile: TlsProfile) -> ssl.SSLContext:
    """Return a new context without a certificate, with ticket keys of its own.

    Raises CertError when the client CA cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = (
        ssl.TLSVersion.TLSv1_3 if profile.policy is TlsPolicy.MODERN else ssl.TLSVersion.TLSv1_2
    )
    context.set_ciphers(_CIPHERS[profile.policy])
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE
    # CPython sets this one to hide truncation: an end without close_notify must stay visible.
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    # Each ticket costs about 80 us of signing and hashing; one is enough to resume with.
    context.num_tickets = 1
    if profile.alpn:
        context.set_alpn_protocols([name.decode("ascii") for name in profile.alpn])
    context.verify_mode = _VERIFY[profile.client_auth]
    if profile.client_ca_pem is not None:
        _trust(context, profile.client_ca_pem)
    return context


def site_context(certificate: Certificate, profile: TlsProfile) -> ssl.SSLContext:
    """Return a new context with this certificate, to be attached to objects of the profile's base.

    Raises CertError when OpenSSL refuses the certificate, the key or the client CA.
    """
    context = base_context(profile)
    load_certificate(context, certificate)
    return context


def load_certificate(context: ssl.SSLContext, certificate: Certificate) -> None:
    """Load chain and key into a context, through memory: `ssl` takes file names only.

    Raises CertError when OpenSSL refuses them or this is no Linux with /proc.
    """
    try:
        with _memory_file(certificate.chain_pem + certificate.key_pem) as path:
            context.load_cert_chain(path)
    except ssl.SSLError as error:
        raise CertError([_refused(certificate, error)]) from error
    except (OSError, AttributeError) as error:
        raise CertError([_NO_MEMORY_FILE]) from error


@contextmanager
def _memory_file(content: bytes) -> Iterator[str]:
    """A file that is in no file system, under the name by which this process alone can open it."""
    descriptor = os.memfd_create("certificate", os.MFD_CLOEXEC)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(descriptor, view) :]
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def _trust(context: ssl.SSLContext, ca_pem: bytes) -> None:
    try:
        context.load_verify_locations(cadata=ca_pem.decode("ascii"))
    except (ssl.SSLError, UnicodeDecodeError, ValueError) as error:
        raise CertError([_NO_CLIENT_CA]) from error


def _refused(certificate: Certificate, error: ssl.SSLError) -> CertProblem:
    return CertProblem(
        place=", ".join(certificate.names) or certificate.leaf_sha256,
        message=f"OpenSSL refuses this certificate: {(error.reason or 'unknown reason').lower()}",
        remedy="Get a certificate with a key and signatures of today's strength.",
        fatal=True,
    )


_NO_MEMORY_FILE: Final = CertProblem(
    place="/proc/self/fd",
    message="keys cannot be given to OpenSSL: this needs memfd_create and a mounted /proc",
    remedy="Run on Linux with /proc mounted, also in the service's sandbox.",
    fatal=True,
)
_NO_CLIENT_CA: Final = CertProblem(
    place="client CA",
    message="no usable CA certificate in PEM",
    remedy="Give a file of PEM certificates of the CAs that sign client certificates.",
    fatal=True,
)
