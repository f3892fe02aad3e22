"""What is served at start, from what is stored: the certificates, or something in their place."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from certs.errors import CertProblem
from certs.model import Certificate
from certs.names import is_covered
from certs.select import CertificateSet
from certs.spec import KeyType, Lineage, Managed
from certs.store.bootstrap import bootstrap_set
from certs.store.protocol import Store, StoreError
from certs.store.unit import Version
from certs.store.versions import Versions


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSets:
    """What to serve. `sets` has one for each `Managed`, in their order.

    `bootstrap` are the names (`Managed.name`) of those that are self-signed until there is a real
    one. No problem is fatal: a host must answer.
    """

    sets: tuple[CertificateSet, ...]
    bootstrap: frozenset[str]
    problems: tuple[CertProblem, ...]


def load_current(
    store: Store, specs: Sequence[Managed], now: datetime, *, is_dry: bool = False
) -> StoredSets:
    """Load the current version of every lineage; never raises for what is in the store, or not.

    For a certificate of which nothing can be used there is a marked self-signed one, kept in the
    store so that all processes have the same; a dry run does not write. An expired one is better
    than that: those who verify by DANE do not look at the date (RFC 7672 section 3.1.1).
    `now` is aware.
    """
    versions = Versions(store)
    sets: list[CertificateSet] = []
    bootstrap: set[str] = set()
    problems: list[CertProblem] = []
    for spec in specs:
        found: list[Certificate] = []
        for key_type in spec.key_types:
            try:
                version = _usable(versions, spec, key_type, now)
            except StoreError as error:
                problems.append(_problem(error))
                continue
            if version is not None:
                found.append(version.certificate)
                problems.extend(_warnings(version, spec, now))
        if not found:
            bootstrap.add(spec.name)
            made, trouble = bootstrap_set(store, spec.names, now, is_dry=is_dry)
            sets.append(made)
            problems.extend([] if trouble is None else [_problem(trouble)])
        else:
            sets.append(CertificateSet(names=spec.names, certificates=tuple(found)))
    return StoredSets(
        sets=tuple(sets),
        bootstrap=frozenset(bootstrap),
        problems=(*versions.problems, *problems),
    )


def _usable(versions: Versions, spec: Managed, key_type: KeyType, now: datetime) -> Version | None:
    """The current version; when it is not valid for clients now, the last one before that is."""
    lineage = Lineage(spec.name, key_type)
    current = versions.current(lineage)
    if current is None or _is_good(current, now):
        return current
    previous = versions.previous(lineage)
    older = (one for one in versions.list(lineage) if one.id < current.id)
    candidates = (*([] if previous is None else [previous]), *older)
    return next((one for one in candidates if _is_good(one, now)), current)


def _is_good(version: Version, now: datetime) -> bool:
    certificate = version.certificate
    is_in_time = certificate.not_before <= now < certificate.not_after
    return is_in_time and not version.meta.is_staging and not certificate.is_self_signed


def _warnings(version: Version, spec: Managed, now: datetime) -> list[CertProblem]:
    certificate = version.certificate
    missing = [name for name in spec.names if not is_covered(name, certificate.names)]
    found: list[tuple[str, str]] = []
    if missing:
        found.append((f"not yet for {', '.join(missing)}", "A new one will be ordered."))
    if certificate.not_after <= now:
        found.append(
            (
                f"expired on {certificate.not_after:%Y-%m-%d %H:%M} UTC",
                "See the last error: stalwart-edge cert list",
            )
        )
    if certificate.not_before > now:
        found.append(
            (
                f"not valid before {certificate.not_before:%Y-%m-%d %H:%M} UTC",
                "Check the clock of this host.",
            )
        )
    place = f"certificate {spec.name} ({version.meta.key_type.value})"
    return [
        CertProblem(place=place, message=message, remedy=remedy, fatal=False)
        for message, remedy in found
    ]


def _problem(error: StoreError) -> CertProblem:
    return CertProblem(place=error.place, message=error.message, remedy=error.remedy, fatal=False)
