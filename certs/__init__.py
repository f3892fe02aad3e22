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
    from certs.acme.problem import AcmeProblem, Kind
    from certs.challenges.dns.exec_hook import ExecProvider
    from certs.challenges.dns.lexicon import LexiconProvider
    from certs.challenges.dns.propagation import Propagation
    from certs.challenges.dns.provider import DnsProvider
    from certs.challenges.dns.resolving import Resolving
    from certs.challenges.dns.rfc2136 import Rfc2136Provider, TsigKey
    from certs.challenges.dns01 import Dns01Solver
    from certs.challenges.http01 import Http01Answers, Http01Solver
    from certs.challenges.http01_server import http01_application, serve_http01
    from certs.challenges.solver import PathError, Solver
    from certs.challenges.tlsalpn01 import ACME_TLS_1, ChallengeCertificate, challenge_context
    from certs.challenges.tlsalpn01_solver import TlsAlpn01Solver
    from certs.clock import Clock, SystemClock
    from certs.manager.deploy import Deployer, Mismatch, NowhereDeployer
    from certs.manager.keeping import NotServedError
    from certs.manager.kit import ManagerKit
    from certs.manager.manager import Manager
    from certs.manager.operations import Operations, UnknownCertificate, operations_on
    from certs.manager.readiness import why_not_ready
    from certs.manager.status import CertificateStatus
    from certs.manager.watching import FilesSource
    from certs.store.filestore import FileStore
    from certs.store.protocol import Store, StoreError
    from certs.store.serving import StoredSets, load_current

_LATER: Final = {
    "ACME_TLS_1": "certs.challenges.tlsalpn01",
    "AcmeProblem": "certs.acme.problem",
    "CertificateStatus": "certs.manager.status",
    "ChallengeCertificate": "certs.challenges.tlsalpn01",
    "Clock": "certs.clock",
    "Deployer": "certs.manager.deploy",
    "Dns01Solver": "certs.challenges.dns01",
    "DnsProvider": "certs.challenges.dns.provider",
    "ExecProvider": "certs.challenges.dns.exec_hook",
    "FileStore": "certs.store.filestore",
    "FilesSource": "certs.manager.watching",
    "Http01Answers": "certs.challenges.http01",
    "Http01Solver": "certs.challenges.http01",
    "Kind": "certs.acme.problem",
    "LexiconProvider": "certs.challenges.dns.lexicon",
    "Manager": "certs.manager.manager",
    "ManagerKit": "certs.manager.kit",
    "Mismatch": "certs.manager.deploy",
    "NotServedError": "certs.manager.keeping",
    "NowhereDeployer": "certs.manager.deploy",
    "Operations": "certs.manager.operations",
    "PathError": "certs.challenges.solver",
    "Propagation": "certs.challenges.dns.propagation",
    "Resolving": "certs.challenges.dns.resolving",
    "Rfc2136Provider": "certs.challenges.dns.rfc2136",
    "Solver": "certs.challenges.solver",
    "Store": "certs.store.protocol",
    "StoreError": "certs.store.protocol",
    "StoredSets": "certs.store.serving",
    "SystemClock": "certs.clock",
    "TlsAlpn01Solver": "certs.challenges.tlsalpn01_solver",
    "TsigKey": "certs.challenges.dns.rfc2136",
    "UnknownCertificate": "certs.manager.operations",
    "challenge_context": "certs.challenges.tlsalpn01",
    "http01_application": "certs.challenges.http01_server",
    "load_current": "certs.store.serving",
    "operations_on": "certs.manager.operations",
    "serve_http01": "certs.challenges.http01_server",
    "why_not_ready": "certs.manager.readiness",
}
"""Public names by the module they come from when they are first asked for."""

__all__ = [
    "ACME_TLS_1",
    "LETS_ENCRYPT",
    "LETS_ENCRYPT_STAGING",
    "AcmeProblem",
    "AcmeSettings",
    "CertError",
    "CertProblem",
    "Certificate",
    "CertificateSet",
    "CertificateStatus",
    "ChallengeCertificate",
    "ChallengeType",
    "ClientAuth",
    "Clock",
    "Deployer",
    "Dns01Solver",
    "DnsProvider",
    "Event",
    "EventSink",
    "ExecProvider",
    "FileStore",
    "FilesSource",
    "Http01Answers",
    "Http01Solver",
    "Issuer",
    "KeyType",
    "Kind",
    "LexiconProvider",
    "Lineage",
    "LoadedSet",
    "Managed",
    "Manager",
    "ManagerKit",
    "Mismatch",
    "NotServedError",
    "NowhereDeployer",
    "Operations",
    "PathError",
    "Propagation",
    "Resolving",
    "Rfc2136Provider",
    "Snapshot",
    "Solver",
    "Store",
    "StoreError",
    "StoredSets",
    "SystemClock",
    "TlsAlpn01Solver",
    "TlsPolicy",
    "TlsProfile",
    "TsigKey",
    "UnknownCertificate",
    "base_context",
    "canonical_name",
    "challenge_context",
    "http01_application",
    "is_covered",
    "load_current",
    "load_files",
    "load_or_create_self_signed",
    "operations_on",
    "self_signed",
    "serve_http01",
    "site_context",
    "why_not_ready",
]


def __getattr__(name: str) -> object:
    """Load what is not needed to serve (PEP 562)."""
    module = _LATER.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(importlib.import_module(module), name)
    return found
