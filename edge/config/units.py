"""Durations and sizes as an operator writes them."""

import math
import re
from collections.abc import Callable
from typing import Final

DURATION_PATTERN: Final = r"^[0-9]{1,9}(\.[0-9]{1,3})?[smhd]$(?!\n)"
SIZE_PATTERN: Final = r"^[0-9]{1,9}(B|KiB|MiB)$(?!\n)"

_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_BYTES: Final = {"B": 1, "KiB": 1024, "MiB": 1024 * 1024}


def parse_duration(value: float | str) -> float:
    """Return seconds, from a number of seconds or `"30s"`, `"31m"`, `"24h"`, `"7d"`.

    Raises ValueError when it is neither, not finite, or negative.
    """
    if isinstance(value, str):
        if not re.search(DURATION_PATTERN, value):
            raise ValueError("not a duration")
        return float(value[:-1]) * _SECONDS[value[-1]]
    if not math.isfinite(value) or value < 0:
        raise ValueError("not a duration")
    return float(value)


def parse_size(value: int | str) -> int:
    """Return bytes, from a number of bytes or `"512B"`, `"64KiB"`, `"1MiB"`.

    Raises ValueError when it is neither, or negative.
    """
    if isinstance(value, str):
        if not re.search(SIZE_PATTERN, value):
            raise ValueError("not a size")
        number = value.rstrip("BKMi")
        return int(number) * _BYTES[value.removeprefix(number)]
    if value < 0:
        raise ValueError("not a size")
    return value


def duration_between(least_s: float, most_s: float) -> Callable[[float | str], None]:
    """A check of what `parse_duration` reads; it raises ValueError."""

    def check(value: float | str) -> None:
        if not least_s <= parse_duration(value) <= most_s:
            raise ValueError(f"not from {format_duration(least_s)} to {format_duration(most_s)}")

    return check


def size_between(least: int, most: int) -> Callable[[int | str], None]:
    """A check of what `parse_size` reads; it raises ValueError."""

    def check(value: int | str) -> None:
        if not least <= parse_size(value) <= most:
            raise ValueError(f"not from {least} to {most} bytes")

    return check


def format_duration(seconds: float) -> str:
    """The shortest way to write it: `90s`, `31m`, `24h`."""
    for unit in ("d", "h", "m"):
        if seconds >= _SECONDS[unit] and seconds % _SECONDS[unit] == 0:
            return f"{int(seconds) // _SECONDS[unit]}{unit}"
    return f"{seconds:.3f}".rstrip("0").rstrip(".") + "s"
