"""`source = "files"`: somebody else renews, and the new files are served once they are whole."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from certs.clock import Clock
from certs.errors import CertError
from certs.events import EventSink, Expired, Expiring, FilesChanged, FilesRefused
from certs.files import load_files
from certs.manager.telling import expiry
from certs.model import Certificate
from certs.renewal.thresholds import Warned, to_warn
from certs.renewal.validity import Validity
from certs.select import CertificateSet

_Mark = tuple[tuple[int, int, int] | None, ...]
_AGAIN: Final = timedelta(minutes=10)
"""How long files that could not be served are left alone."""


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
        """`served` is what was loaded already, None: nothing. The first look loads it again."""
        self._source = source
        self._clock = clock
        self._sink = sink
        self._mark: _Mark | None = None
        """Of the files that need no look any more; None: they do."""
        self._suspect: _Mark | None = None
        self._told: tuple[_Mark, str] | None = None
        self._again_at: datetime | None = None
        self._before: CertificateSet | None = None
        self._warned: dict[str, Warned] = {}
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
        now = self._clock.now()
        self._warn(now)
        if self._again_at is not None:
            if now < self._again_at <= now + _AGAIN:
                return False
            self._again_at = None
        mark = _mark(self._source)
        if mark == self._mark:
            return False
        try:
            loaded = load_files(
                self._source.cert, self._source.key, self._source.names, now=now
            ).certificates
        except (CertError, OSError, ValueError) as error:
            if mark == self._suspect:
                self._mark = mark
                self._refuse(mark, str(error)[:500])
            self._suspect = mark
            return False
        self._suspect = None
        if self.served is not None and _leaves(loaded) == _leaves(self.served):
            self._mark = mark
            return False
        worse = self._worse(loaded, now)
        if worse is not None:
            # Looked at again each time: it may become better with time alone.
            self._refuse(mark, worse)
            return False
        self._mark = mark
        self._before, self.served = self.served, loaded
        for one in loaded.certificates:
            self._sink(
                FilesChanged(
                    certificate=self.name, leaf_sha256=one.leaf_sha256, not_after=one.not_after
                )
            )
        return True

    def take_back(self) -> bool:
        """Serve what was served before the last change; the files are tried again later.

        False when nothing was.
        """
        if self._before is None:
            return False
        self.served, self._before = self._before, None
        self._mark, self._again_at = None, self._clock.now() + _AGAIN
        return True

    def _worse(self, loaded: CertificateSet, now: datetime) -> str | None:
        """Why it must not replace what is served: that is valid, and this is not."""
        if self.served is None or any(_fault(one, now) for one in self.served.certificates):
            return None
        found = (_fault(one, now) for one in loaded.certificates)
        return next((fault for fault in found if fault is not None), None)

    def _refuse(self, mark: _Mark, reason: str) -> None:
        if self._told != (mark, reason):
            self._told = (mark, reason)
            self._sink(FilesRefused(certificate=self.name, reason=reason))

    def _warn(self, now: datetime) -> None:
        """Tell of each step towards the end of life, once while the process lives."""
        for one in self.served.certificates if self.served is not None else ():
            life = Validity(
                cert_id=one.leaf_sha256, not_before=one.not_before, not_after=one.not_after
            )
            step = to_warn(life, self._warned.get(one.leaf_sha256), now)
            if step is not None:
                self._warned[one.leaf_sha256] = step
                event: Expired | Expiring = expiry(self.name, None, life, step, now)
                self._sink(event)


def _fault(one: Certificate, now: datetime) -> str | None:
    if one.not_after <= now:
        return f"it expired on {one.not_after:%Y-%m-%d %H:%M} UTC, the one that is served has not"
    if one.not_before > now:
        return f"it is not valid before {one.not_before:%Y-%m-%d %H:%M} UTC"
    return None


def _leaves(one: CertificateSet) -> list[str]:
    return [certificate.leaf_sha256 for certificate in one.certificates]


def _mark(source: FilesSource) -> _Mark:
    """Differs when a file was replaced or rewritten, or is missing now."""
    marks: list[tuple[int, int, int] | None] = []
    for path in (*source.cert, *source.key):
        try:
            found = path.stat()
        except OSError:
            marks.append(None)
        else:
            marks.append((found.st_ino, found.st_size, found.st_mtime_ns))
    return tuple(marks)
