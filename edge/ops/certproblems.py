"""Why an operation on certificates failed: words for a person, and a status for HTTP."""

from http import HTTPStatus
from typing import Final

import msgspec

import certs

_REMEDIES: Final = {
    "configuration": "Correct [acme] in the configuration; `stalwart-edge check` helps.",
    "order": "Correct what the CA names; `stalwart-edge cert dry-run NAME` tries it without risk.",
    "rate_limited": "Wait: trying more often makes it longer.",
    "passing": "Nothing is wrong here: it is tried again by itself.",
}
"""By `certs.Kind`."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What `{"error": …}` holds."""

    message: str
    remedy: str


class OperationFailed(Exception):  # noqa: N818 - said of what was asked for
    """An operation that cannot be done, in words, where no other error says it."""

    def __init__(self, status: HTTPStatus, message: str, remedy: str) -> None:
        super().__init__(message)
        self.status = status
        self.problem = Problem(message=message, remedy=remedy)


def explain(error: Exception) -> tuple[HTTPStatus, Problem] | None:
    """Put a known error into words; None for one that nobody expected."""
    match error:
        case OperationFailed(status=status, problem=problem):
            return status, problem
        case certs.UnknownCertificate():
            return HTTPStatus.NOT_FOUND, Problem(
                message=str(error), remedy="`stalwart-edge cert list` shows all there are."
            )
        case certs.AcmeProblem():
            is_limited = error.kind.value == "rate_limited"
            return (
                HTTPStatus.TOO_MANY_REQUESTS if is_limited else HTTPStatus.BAD_GATEWAY,
                Problem(message=_acme_words(error), remedy=_REMEDIES[error.kind.value]),
            )
        case certs.PathError():
            return HTTPStatus.BAD_GATEWAY, Problem(message=error.message, remedy=error.remedy)
        case certs.StoreError():
            message = f"{error.place}: {error.message}"
            return HTTPStatus.INTERNAL_SERVER_ERROR, Problem(message=message, remedy=error.remedy)
        case certs.NotServedError():
            return HTTPStatus.INTERNAL_SERVER_ERROR, Problem(
                message=f"stored, but not served: {error}",
                remedy="The old one is served on; look into the log, and renew again.",
            )
        case certs.CertError():
            fatal = [one for one in error.problems if one.fatal] or list(error.problems)
            return HTTPStatus.UNPROCESSABLE_ENTITY, Problem(
                message="; ".join(one.message for one in fatal),
                remedy=" ".join(dict.fromkeys(one.remedy for one in fatal)),
            )
        case OSError():
            return HTTPStatus.INTERNAL_SERVER_ERROR, Problem(
                message=(error.strerror or type(error).__name__).lower(),
                remedy="Look into the log.",
            )
        case _:
            return None


def defect(error: BaseException) -> Problem:
    """For an error that nobody expected. Its text may hold anything, so it is not repeated."""
    return Problem(
        message=f"a defect of stalwart-edge: {type(error).__name__}",
        remedy="Please report it, with the lines of the log around this time.",
    )


def _acme_words(error: certs.AcmeProblem) -> str:
    words = [str(error)]
    words += [
        f"{one.identifier or 'one name'}: {one.type.rpartition(':')[2]}: {one.detail}"
        for one in error.subproblems
        if one.detail not in error.detail
    ]
    if error.retry_after_s is not None:
        words.append(f"not before {error.retry_after_s:.0f} s from now")
    return "; ".join(words)
