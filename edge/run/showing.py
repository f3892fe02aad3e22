"""A worker takes over a new picture of certificates, between its other work."""

import asyncio
import ssl
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import certs
from edge.net.service import Service, Worker
from edge.run.picture import CertificatePicture

# Loaded before the fork: a worker reads no file.
_challenge_context = certs.challenge_context


class Showing:
    """What a worker serves, and the newest picture that it is to serve.

    A context takes milliseconds to build, so the event loop gets its turn between two of them; the
    change itself is one assignment for each listener.
    """

    def __init__(
        self,
        *,
        worker: Worker,
        services: Sequence[Service],
        hostname: str,
        shown: Callable[[int], None],
        on_bug: Callable[[BaseException], None],
    ) -> None:
        """`shown` is told each generation that is served."""
        self._worker = worker
        self._services = services
        self._hostname = hostname
        self._shown = shown
        self._on_bug = on_bug
        self._epoch = 0
        self._answers: Mapping[str, bytes] = {}
        self._newest: tuple[int, CertificatePicture] | None = None
        self._served: int | None = None
        self._has_newest = asyncio.Event()

    @property
    def is_behind(self) -> bool:
        """Whether something newer than what is served has come."""
        return self._newest is not None and self._newest[0] != self._served

    def show(self, generation: int, picture: CertificatePicture) -> None:
        """Serve this one soon. One that is not served yet is overtaken."""
        self._newest = (generation, picture)
        self._has_newest.set()

    async def run(self) -> None:
        """Take over one picture after another, until cancelled."""
        while True:
            await self._has_newest.wait()
            self._has_newest.clear()
            assert self._newest is not None
            generation, picture = self._newest
            try:
                await self._take_over(picture)
            except (certs.CertError, ValueError) as error:
                # What was served goes on; the control process misses our word and says so.
                self._on_bug(error)
            else:
                self._served = generation
                self._shown(generation)

    async def _take_over(self, picture: CertificatePicture) -> None:
        challenges = await self._challenge_contexts(picture.challenges)
        snapshot = certs.Snapshot.with_default_for(picture.sets, self._hostname)
        for service in self._services:
            for served in snapshot.sets:
                for certificate in served.certificates:
                    for _ in service.prepare(certificate):
                        await asyncio.sleep(0)
        if picture.session_epoch > self._epoch:
            for service in self._services:
                service.forget_sessions()
            self._epoch = picture.session_epoch
        for service in self._services:
            service.serve(snapshot)
        self._worker.challenges = challenges
        self._answers = picture.challenges

    async def _challenge_contexts(
        self, answers: Mapping[str, bytes]
    ) -> Mapping[str, ssl.SSLContext]:
        contexts: dict[str, ssl.SSLContext] = {}
        for name, pem in answers.items():
            if self._answers.get(name) == pem:
                contexts[name] = self._worker.challenges[name]
            else:
                contexts[name] = _challenge_context(pem)
                await asyncio.sleep(0)
        return MappingProxyType(contexts)
