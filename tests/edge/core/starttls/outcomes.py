"""Asserts that the backend is refused, and by nothing but ProtocolError."""

from collections.abc import Callable

import pytest

from edge.errors import ProtocolError
from edge.outcome import Outcome


def assert_refused(call: Callable[[], object], match: str | None = None) -> None:
    """`call` raises ProtocolError with `BACKEND_REFUSED` and a detail that `match` finds."""
    with pytest.raises(ProtocolError, match=match) as caught:
        call()
    assert caught.value.outcome is Outcome.BACKEND_REFUSED
