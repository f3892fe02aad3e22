"""Whether listeners serve what they should, asked now and then, and again where they do not."""

from typing import Final

from certs.manager.parts import Parts
from certs.select import CertificateSet

_OFTEN_S: Final = 60.0
_SELDOM_S: Final = 21_600.0


class Checking:
    """Of all certificates. What is seen is told when it changes."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._clock = parts.kit.clock
        self._managed = parts.kit.managed
        self._wait_s = _OFTEN_S
        self._next = parts.kit.clock.monotonic()

    @property
    def is_time(self) -> bool:
        """Whether `check` is to be called now."""
        return self.rest_s <= 0

    @property
    def rest_s(self) -> float:
        """How long until then."""
        return max(0.0, self._next - self._clock.monotonic())

    async def check(self) -> None:
        """Deploy what has become due for it by time alone, and what is not served; then look."""
        serving = self._parts.serving
        if serving.is_behind:
            # That is being tried again elsewhere, and called for when it is done.
            self._next = self._clock.monotonic() + _OFTEN_S
            return
        is_wrong = not all(serving.is_served.values())
        is_wrong = not await serving.deploy(is_again=is_wrong)
        if not is_wrong:
            for name, wanted in self._wanted():
                is_wrong |= bool(await serving.verify(wanted, name, is_repeated=True))
        self._wait_s = min(self._wait_s * 2, _SELDOM_S) if is_wrong else _OFTEN_S
        self._next = self._clock.monotonic() + (self._wait_s if is_wrong else _SELDOM_S)

    def soon(self) -> None:
        """Something was deployed that nobody has looked at yet."""
        self._next = self._clock.monotonic()
        self._wait_s = _OFTEN_S

    def put_off(self, seconds: float) -> None:
        """Not before so many seconds from now."""
        self._next = self._clock.monotonic() + seconds

    def _wanted(self) -> list[tuple[str, CertificateSet]]:
        managed = ((one.name, self._parts.serving.set_of(one.name)) for one in self._managed)
        files = ((one.name, one.served) for one in self._parts.files)
        return [(name, one) for name, one in (*managed, *files) if one is not None]
