"""The request to sign a key for names (RFC 2986, RFC 8555 section 7.4)."""

import ipaddress
from collections.abc import Sequence

from acme.crypto_util import make_csr
from cryptography import x509


def csr_of(key_pem: bytes, names: Sequence[str]) -> x509.CertificateSigningRequest:
    """For DNS names, wildcards and IP addresses. The subject is empty: names are no common names.

    Raises ValueError when there are no names, or the key cannot sign with SHA-256.
    """
    domains, addresses = [], []
    for name in names:
        try:
            addresses.append(ipaddress.ip_address(name))
        except ValueError:
            domains.append(name)
    return x509.load_pem_x509_csr(make_csr(key_pem, domains=domains, ipaddrs=addresses))
