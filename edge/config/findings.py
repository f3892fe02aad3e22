"""The problems of one file as they are found, and the words of the file they are about."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field

from edge.config.places import Places, Table
from edge.errors import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Collects; nothing is raised, so that everything is reported at once."""

    places: Places
    _errors: list[tuple[int, Problem]] = field(default_factory=list, init=False)
    _warnings: list[tuple[int, Problem]] = field(default_factory=list, init=False)

    def error(
        self,
        table: Table,
        key: str | None,
        message: str,
        remedy: str,
        *,
        element: int | None = None,
    ) -> None:
        """Add what makes the file unusable. `element` is a position in the key's list."""
        self._errors.append(self._found(table, key, element, message, remedy))

    def warn(
        self,
        table: Table,
        key: str | None,
        message: str,
        remedy: str,
        *,
        element: int | None = None,
    ) -> None:
        """Add what is probably not meant, but works."""
        self._warnings.append(self._found(table, key, element, message, remedy))

    @property
    def errors(self) -> tuple[Problem, ...]:
        """In the order of the file."""
        return _in_order(self._errors)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """In the order of the file."""
        return _in_order(self._warnings)

    def _found(
        self, table: Table, key: str | None, element: int | None, message: str, remedy: str
    ) -> tuple[int, Problem]:
        place = self.places.at(table, key, element)
        line = self.places.line(table, key, element)
        return line, Problem(place=place, message=message, remedy=remedy)


def _in_order(found: Iterable[tuple[int, Problem]]) -> tuple[Problem, ...]:
    return tuple(problem for _, problem in sorted(found, key=lambda one: one[0]))


def quoted(value: object) -> str:
    """A value of the file in a message: one line, bounded, whatever is in it."""
    text = ascii(value) if not isinstance(value, str) else f'"{ascii(value)[1:-1]}"'
    return text if len(text) <= 60 else f"{text[:57]}..."


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """The known word nearest to a mistyped one, if any is near."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return near[0] if near else None
