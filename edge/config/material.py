"""The files a configuration names: certificates, keys, CAs of clients. Loaded before any fork."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import certs
from edge.config.acme.material import AcmeMaterial, load_acme
from edge.config.findings import Findings
from edge.config.places import Places
from edge.config.readfiles import read_ca
from edge.config.tree import Certificate, Config, Source
from edge.errors import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What the files held. `client_ca_pem` is by listener name.

    `bootstrap` names the certificates (`Managed.name`) with a self-signed one in their place,
    because none was obtained yet.
    """

    snapshot: certs.Snapshot
    client_ca_pem: Mapping[str, bytes]
    acme: AcmeMaterial | None
    bootstrap: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedMaterial:
    """`material` is None exactly when there are problems."""

    material: Material | None
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def load_material(config: Config, *, now: datetime, is_dry: bool = False) -> LoadedMaterial:
    """Load and compare everything; all problems at once. `now` is aware.

    A dry run (`check`) makes self-signed certificates in memory and writes nothing.
    """
    findings = Findings(places=_places(config.path))
    sets: list[certs.CertificateSet] = []
    bootstrap: set[str] = set()
    for at, certificate in enumerate(config.certificates):
        found: Sequence[certs.CertProblem] = ()
        try:
            if certificate.managed is not None:
                store = certs.FileStore(config.store_dir)
                stored = certs.load_current(store, [certificate.managed], now, is_dry=is_dry)
                sets += stored.sets
                bootstrap |= stored.bootstrap
                found = stored.problems
            else:
                loaded = _load(certificate, config, now, is_dry=is_dry)
                sets.append(loaded.certificates)
                found = loaded.warnings
        except certs.CertError as error:
            found = error.problems
        for problem in found:
            _report(problem, at, certificate, findings)
    client_ca: dict[str, bytes] = {}
    for at, listener in enumerate(config.listeners):
        if listener.client_ca is not None:
            table = ("listener", at)
            client_ca[listener.name] = read_ca(listener.client_ca, table, "client_ca", findings)
    acme = load_acme(config.acme, config.path, findings) if config.acme else None
    material = None
    if not findings.errors:
        material = Material(
            snapshot=certs.Snapshot.with_default_for(sets, config.hostname),
            client_ca_pem=MappingProxyType(client_ca),
            acme=acme,
            bootstrap=frozenset(bootstrap),
        )
    return LoadedMaterial(material=material, problems=findings.errors, warnings=findings.warnings)


def load_acme_material(config: Config) -> tuple[AcmeMaterial | None, tuple[Problem, ...]]:
    """Load only what `[acme]` names; None without the table, and when there are problems."""
    findings = Findings(places=_places(config.path))
    acme = load_acme(config.acme, config.path, findings) if config.acme else None
    return (None if findings.errors else acme), findings.errors


def _places(path: Path) -> Places:
    """Where the tables are in the file as it is now; without it, places have no lines."""
    try:
        return Places(path.name, path.read_text(errors="replace"))
    except OSError:
        return Places(path.name, "")


def _load(
    certificate: Certificate, config: Config, now: datetime, *, is_dry: bool
) -> certs.LoadedSet:
    if certificate.source is Source.FILES:
        return certs.load_files(certificate.cert, certificate.key, certificate.names, now=now)
    if is_dry:
        made = certs.self_signed(certificate.names, now=now, valid_for=timedelta(days=1))
    else:
        directory = config.state_dir / "self-signed"
        made = certs.load_or_create_self_signed(directory, certificate.names, now)
    return certs.LoadedSet(certificates=made, warnings=())


def _report(
    problem: certs.CertProblem, at: int, certificate: Certificate, findings: Findings
) -> None:
    """Put a problem of a file at the key that names the file."""
    add = findings.error if problem.fatal else findings.warn
    message = f"{problem.place}: {problem.message}"
    for key, paths in (("cert", certificate.cert), ("key", certificate.key)):
        for element, path in enumerate(paths):
            if str(path) == problem.place:
                position = element if len(paths) > 1 else None
                add(("certificate", at), key, message, problem.remedy, element=position)
                return
    add(("certificate", at), None, message, problem.remedy)
