"""What can be wrong with a certificate or a key, as data."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CertProblem:
    """One thing wrong, in the operator's words. Without `fatal` the certificate is served anyway.

    `place` is a path or a pair of paths. No field ever holds a part of a private key.
    """

    place: str
    message: str
    remedy: str
    fatal: bool


class CertError(Exception):
    """A certificate cannot be served. `problems` holds everything found, warnings included."""

    def __init__(self, problems: Iterable[CertProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{p.place}: {p.message}" for p in self.problems if p.fatal))
