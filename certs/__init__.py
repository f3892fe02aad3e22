"""The certificate manager: loads and keeps certificates, chooses one for a client, makes contexts.

It knows nothing of the proxy: it takes plain values and gives back immutable ones.
"""

from certs.contexts import ClientAuth, TlsPolicy, TlsProfile, base_context, site_context
from certs.errors import CertError, CertProblem
from certs.files import LoadedSet, load_files
from certs.model import Certificate
from certs.names import canonical_name, is_covered
from certs.select import CertificateSet, Snapshot
from certs.selfsigned import load_or_create_self_signed, self_signed

__all__ = [
    "CertError",
    "CertProblem",
    "Certificate",
    "CertificateSet",
    "ClientAuth",
    "LoadedSet",
    "Snapshot",
    "TlsPolicy",
    "TlsProfile",
    "base_context",
    "canonical_name",
    "is_covered",
    "load_files",
    "load_or_create_self_signed",
    "self_signed",
    "site_context",
]
