"""The certificate manager: obtains, renews, loads and keeps certificates, and chooses among them.

It knows nothing of the proxy: it takes plain values and gives back immutable ones. What needs an
ACME client or a name server is loaded when it is first asked for: a process that only serves
certificates must not carry those 30 MiB.
"""

import importlib
from typing import TYPE_CHECKING, Final

from certs.contexts import ClientAuth, TlsPolicy, TlsProfile, base_context, site_context
from certs.errors import CertError, CertProblem
from certs.events import Event, EventSink
from certs.files import LoadedSet, load_files
from certs.model import Certificate
from certs.names import canonical_name, is_covered
from certs.select import CertificateSet, Snapshot
from certs.selfsigned import load_or_create_self_signed, self_signed
from certs.spec import (
    LETS_ENCRYPT,
    LETS_ENCRYPT_STAGING,
    AcmeSettings,
    ChallengeType,
    Issuer,
    KeyType,
    Lineage,
    Managed,
)

if TYPE_CHECKING:
    from certs.manager.deploy import Deployer, Mismatch

_LATER: Final = {
    "Deployer": "certs.manager.deploy",
    "Mismatch": "certs.manager.deploy",
}
"""Public names by the module they come from when they are first asked for."""

__all__ = [
    "LETS_ENCRYPT",
    "LETS_ENCRYPT_STAGING",
    "AcmeSettings",
    "CertError",
    "CertProblem",
    "Certificate",
    "CertificateSet",
    "ChallengeType",
    "ClientAuth",
    "Deployer",
    "Event",
    "EventSink",
    "Issuer",
    "KeyType",
    "Lineage",
    "LoadedSet",
    "Managed",
    "Mismatch",
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


def __getattr__(name: str) -> object:
    """Load what is not needed to serve (PEP 562)."""
    module = _LATER.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(importlib.import_module(module), name)
    return found
