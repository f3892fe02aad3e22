"""`source = "files"`: somebody else renews, and the new files are served once they are whole."""

from dataclasses import dataclass
from pathlib import Path

from certs.clock import Clock
from certs.errors import CertError
from certs.events import EventSink, FilesChanged, FilesRefused
from certs.files import load_files
from certs.select import CertificateSet

_Mark = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesSource:
    """Pairs of chain and key for the same names, by position."""

    names: tuple[str, ...]
    cert: tuple[Path, ...]
    key: tuple[Path, ...]


class FilesWatch:
    """Keeps what is served of one source, and looks whether its files have changed."""

    def __init__(
        self, source: FilesSource, served: CertificateSet | None, *, clock: Clock, sink: EventSink
    ) -> None:
        """`served` is what was loaded already; None: the first look loads it."""
        self._source = source
        self._clock = clock
        self._sink = sink
        self._mark = _mark(source) if served is not None else None
        self._suspect: _Mark | None = None
        self.served = served

    @property
    def name(self) -> str:
        """What people call it."""
        return self._source.names[0]

    def look(self) -> bool:
        """Whether there is something new to be served.

        Files are replaced one after the other, so a pair that does not match is looked at once
        more, unchanged, before anybody is told of it.
        """
        mark = _mark(self._source)
        if mark == self._mark:
            return False
        try:
            if mark is None:
                raise FileNotFoundError("a file is missing")
            loaded = load_files(
                self._source.cert, self._source.key, self._source.names, now=self._clock.now()
            ).certificates
        except (CertError, OSError) as error:
            if mark == self._suspect:
                self._mark = mark
                self._sink(FilesRefused(certificate=self.name, reason=str(error)[:500]))
            self._suspect = mark
            return False
        self._mark, self._suspect = mark, None
        if self.served is not None and _leaves(loaded) == _leaves(self.served):
            return False
        self.served = loaded
        for one in loaded.certificates:
            self._sink(
                FilesChanged(
                    certificate=self.name, leaf_sha256=one.leaf_sha256, not_after=one.not_after
                )
            )
        return True


def _leaves(one: CertificateSet) -> list[str]:
    return [certificate.leaf_sha256 for certificate in one.certificates]


def _mark(source: FilesSource) -> _Mark | None:
    """Differs when a file was replaced or rewritten; None while one is missing."""
    marks = []
    for path in (*source.cert, *source.key):
        try:
            found = path.stat()
        except OSError:
            return None
        marks.append((found.st_ino, found.st_size, found.st_mtime_ns))
    return tuple(marks)
