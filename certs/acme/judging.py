"""Authorizations as they stand: what a dead one died of, and whether that teaches anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from certs.acme import payloads
from certs.acme.echo import canonical_identifier
from certs.acme.errand import DeadOrder, Errand
from certs.acme.problem import AcmeProblem, Kind, Subproblem
from certs.acme.problems import plain_text, protocol_problem
from certs.acme.wire import Authorization, Status

_HOPE: Final = frozenset({Status.VALID, Status.PENDING, Status.PROCESSING, Status.UNKNOWN})
_NOT_ABOUT_TYPE: Final = frozenset({"caa", "rejectedIdentifier", "unsupportedIdentifier"})


@dataclass(frozen=True, slots=True)
class Seen:
    """An authorization as it was when last looked at."""

    url: str
    authorization: Authorization

    @property
    def identifier(self) -> str:
        """A DNS name without `*.`, or an IP address; canonical."""
        return canonical_identifier(self.authorization.identifier).value

    @property
    def is_ip(self) -> bool:
        """Whether it is an address."""
        return self.authorization.identifier.type == "ip"

    def is_wildcard(self, names: Sequence[str]) -> bool:
        """Whether it stands for the wildcard among the names ordered; not every CA says so."""
        return self.authorization.is_wildcard or self.identifier not in names


@dataclass(frozen=True, slots=True, kw_only=True)
class _Report:
    identifier: str
    how: str
    error: AcmeProblem
    is_another_worthwhile: bool


async def judge(errand: Errand, seen: Sequence[Seen]) -> None:
    """Raise DeadOrder when one is neither valid nor can become so. What failed is remembered.

    What is open then is given up (section 7.5.2): CAs limit how much may be.
    """
    dead = [one for one in seen if one.authorization.status not in _HOPE]
    if not dead:
        return
    reports = [_report(errand, one) for one in dead]
    for one in seen:
        if one.authorization.status is Status.PENDING:
            await _give_up(errand, one.url)
    raise DeadOrder(
        _problem(reports), is_another_worthwhile=all(one.is_another_worthwhile for one in reports)
    )


def _report(errand: Errand, seen: Seen) -> _Report:
    """Why one is dead."""
    authorization, identifier = seen.authorization, seen.identifier
    failed = next((one for one in authorization.challenges if one.status is Status.INVALID), None)
    if failed is None:
        # Expired, or deactivated by somebody: nothing was tried that could be at fault.
        status = authorization.status
        return _Report(
            identifier=identifier,
            how="",
            error=protocol_problem(f"the authorization is {status}", url=seen.url),
            is_another_worthwhile=status is not Status.INVALID,
        )
    error = failed.error or protocol_problem(
        "the CA does not say why", url=seen.url, kind=Kind.ORDER
    )
    errand.tally.validation_failed(identifier)
    errand.on_step(f"{failed.type} for {identifier}: {error.detail}")
    is_about_type = error.kind is Kind.ORDER and error.name not in _NOT_ABOUT_TYPE
    if is_about_type:
        errand.memory.failed(identifier, failed.type)
        errand.refused.setdefault(identifier, set()).add(failed.type)
    left = errand.types_for(
        identifier, is_ip=seen.is_ip, is_wildcard=seen.is_wildcard(errand.need.names)
    )
    # A CA shows only what was tried once an authorization is dead: what it offers is not known.
    return _Report(
        identifier=identifier,
        how=f" by {failed.type}",
        error=error,
        is_another_worthwhile=is_about_type and bool(left),
    )


def _problem(reports: Sequence[_Report]) -> AcmeProblem:
    first = reports[0]
    others = f" (and {len(reports) - 1} more)" if len(reports) > 1 else ""
    return AcmeProblem(
        type=first.error.type,
        detail=plain_text(f"{first.identifier}{first.how}: {first.error.detail}{others}"),
        kind=first.error.kind,
        url=first.error.url,
        retry_after_s=first.error.retry_after_s,
        subproblems=tuple(
            Subproblem(type=one.error.type, detail=one.error.detail, identifier=one.identifier)
            for one in reports
        ),
    )


async def _give_up(errand: Errand, url: str) -> None:
    try:
        await errand.session.post(url, payloads.deactivation())
    except AcmeProblem as problem:
        errand.on_step(f"an authorization stays open: {problem}")
