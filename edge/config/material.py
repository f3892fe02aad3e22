"""The files a configuration names: certificates, keys, CAs of clients. Loaded before any fork."""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import certs
from edge.config.tree import Certificate, Config, Source
from edge.errors import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What the files held. `client_ca_pem` is by listener name."""

    snapshot: certs.Snapshot
    client_ca_pem: Mapping[str, bytes]


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
    found: list[certs.CertProblem] = []
    sets: list[certs.CertificateSet] = []
    for certificate in config.certificates:
        try:
            sets.append(_load(certificate, config, now, found, is_dry=is_dry))
        except certs.CertError as error:
            found += error.problems
    problems = [_problem(one) for one in found if one.fatal]
    client_ca: dict[str, bytes] = {}
    for listener in config.listeners:
        if listener.client_ca is not None:
            _read_ca(listener.client_ca, problems.append, client_ca, listener.name)
    warnings = tuple(_problem(one) for one in found if not one.fatal)
    if problems:
        return LoadedMaterial(material=None, problems=tuple(problems), warnings=warnings)
    default = next((s for s in sets if certs.is_covered(config.hostname, s.names)), sets[0])
    material = Material(
        snapshot=certs.Snapshot(sets=tuple(sets), default=default),
        client_ca_pem=MappingProxyType(client_ca),
    )
    return LoadedMaterial(material=material, problems=(), warnings=warnings)


def _load(
    certificate: Certificate,
    config: Config,
    now: datetime,
    found: list[certs.CertProblem],
    *,
    is_dry: bool,
) -> certs.CertificateSet:
    match certificate.source:
        case Source.FILES:
            loaded = certs.load_files(certificate.cert, certificate.key, certificate.names, now=now)
            found += loaded.warnings
            return loaded.certificates
        case Source.SELF_SIGNED if is_dry:
            return certs.self_signed(certificate.names, now=now, valid_for=timedelta(days=1))
        case Source.SELF_SIGNED:
            directory = config.state_dir / "self-signed"
            return certs.load_or_create_self_signed(directory, certificate.names, now)


def _read_ca(
    path: Path, report: Callable[[Problem], None], found: dict[str, bytes], listener: str
) -> None:
    try:
        pem = path.read_bytes()
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(cadata=pem.decode("ascii"))
    except (OSError, ValueError) as error:
        # ssl.SSLError is an OSError too; its words are OpenSSL's, not the file's.
        message = f"cannot be used as client_ca of listener {listener}: {error}"
        remedy = "Name a readable PEM file with the certificates of the CAs."
        report(Problem(place=str(path), message=message, remedy=remedy))
    else:
        found[listener] = pem


def _problem(one: certs.CertProblem) -> Problem:
    return Problem(place=one.place, message=one.message, remedy=one.remedy)
