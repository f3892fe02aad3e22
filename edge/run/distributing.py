"""From the control process to all workers: which certificates to serve, until each has said yes."""

import asyncio
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import certs
from edge.run.ipc import Channel, Picture, Shown
from edge.run.picture import CertificatePicture, pack

_PATIENCE_S: Final = 15.0
"""How long a worker may take: it builds contexts between its other work, a few milliseconds each;
one that has just died is replaced, told anew, and answers within this time, too."""
_PATIENCE_WITH_LATE_S: Final = 2.0
"""How long one may take that has not followed the last time: it hangs, and others wait for it."""
_RETRY_S: Final = 0.2


class Distributor:
    """Keeps the current picture, and knows which worker serves which generation of it."""

    def __init__(
        self,
        channels: Sequence[Channel],
        sets: Sequence[certs.CertificateSet],
        *,
        is_first: bool = True,
        on_forget: Callable[[], None] = lambda: None,
    ) -> None:
        """`sets` is what workers are forked with. `is_first`: nobody has told them anything else.

        `on_forget` is called before sessions are given up: for those who are forked later.
        """
        self._channels = channels
        self._picture = CertificatePicture(sets=tuple(sets), challenges={}, session_epoch=0)
        self._on_forget = on_forget
        self._is_told = not is_first
        """Whether workers may serve something else than what they were forked with."""
        self._generation = 0
        self._shown = dict.fromkeys(channels, 0)
        self.is_stopping = False
        """The workers are ending: nothing can be said of what is served any more."""
        self._untold: set[Channel] = set()
        """Whose queue was full, or who could not take what came."""
        self._late: set[Channel] = set()
        """Who has not followed in time, and not been heard of since."""
        self._changed = asyncio.Event()

    @property
    def sets(self) -> tuple[certs.CertificateSet, ...]:
        """What is to be served now."""
        return self._picture.sets

    async def show_sets(
        self, sets: Sequence[certs.CertificateSet], *, forget_sessions: bool = False
    ) -> None:
        """Serve these from the next handshake on; returns once every worker does.

        Raises TimeoutError when a worker does not say so in time; OSError when there is no memory.
        """
        if not (forget_sessions or self._is_told) and _same(sets, self._picture.sets):
            return  # what workers were forked with
        epoch = self._picture.session_epoch
        if forget_sessions:
            self._on_forget()
            epoch = time.monotonic_ns()
        await self._show(replace(self._picture, sets=tuple(sets), session_epoch=epoch))

    async def show_challenges(self, answers: Mapping[str, certs.ChallengeCertificate]) -> None:
        """Answer `acme-tls/1` with these, by server name; as `show_sets` does."""
        pem = {name: answer.pem for name, answer in answers.items()}
        await self._show(replace(self._picture, challenges=pem))

    def welcome(self, channel: Channel) -> None:
        """A worker that has just started knows only what it was forked with."""
        self._shown[channel] = 0
        self._late.discard(channel)
        if self._generation:
            self._tell([channel])

    def heard(self, channel: Channel, message: Shown) -> None:
        """A worker says which picture it serves; 0: it had no descriptor left to take one with."""
        self._shown[channel] = message.generation
        self._late.discard(channel)
        if not message.generation:
            self._untold.add(channel)
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def _show(self, picture: CertificatePicture) -> None:
        self._picture = picture
        self._is_told = True
        # Later than whatever a predecessor of this process has counted: its answers may still come.
        self._generation = max(self._generation + 1, time.monotonic_ns())
        wanted = self._generation
        self._tell(self._channels)
        try:
            async with asyncio.timeout(_PATIENCE_WITH_LATE_S if self._late else _PATIENCE_S):
                await self._all_have(wanted)
        except TimeoutError:
            self._late = {one for one, shown in self._shown.items() if shown < wanted}
            raise

    async def _all_have(self, generation: int) -> None:
        while any(shown < generation for shown in self._shown.values()):
            try:
                async with asyncio.timeout(_RETRY_S):
                    await self._changed.wait()
            except TimeoutError:
                self._tell(tuple(self._untold))

    def _tell(self, channels: Sequence[Channel]) -> None:
        if not channels:
            return
        fd = pack(self._picture)
        try:
            for channel in channels:
                if channel.send(Picture(self._generation), fd=fd):
                    self._untold.discard(channel)
                else:
                    self._untold.add(channel)
        finally:
            os.close(fd)


def _same(some: Sequence[certs.CertificateSet], others: Sequence[certs.CertificateSet]) -> bool:
    """Whether these are the same certificates, in whatever order."""
    return {one.names: one for one in some} == {one.names: one for one in others}
