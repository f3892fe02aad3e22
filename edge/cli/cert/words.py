"""What `cert` commands print: times, fields and events in words."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

_UNITS: Final = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))
_MAX_TEXT: Final = 600


def clean(text: object) -> str:
    """One line that does nothing to a terminal, whatever a CA wrote."""
    line = "".join(char if char.isprintable() else " " for char in str(text))
    return line if len(line) <= _MAX_TEXT else f"{line[:_MAX_TEXT]}…"


def moment(at: datetime, now: datetime) -> str:
    """`2027-01-02 03:04 UTC (in 38 days)`. Both are aware."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC ({distance((at - now).total_seconds())})"


def distance(seconds: float) -> str:
    """`in 38 days`, `2 hours ago`."""
    for unit, length in _UNITS:
        number = int(abs(seconds) // length)
        # Two of the larger unit or more: "in 36 hours" says more than "in 1 day".
        if number >= 2 or length == 1:
            words = f"{number} {unit}" + ("" if number == 1 else "s")
            return f"in {words}" if seconds >= 0 else f"{words} ago"
    return "now"


def fields(value: object, indent: str = "") -> Iterator[str]:
    """Any JSON value as lines of `name: value`; what is empty is left out."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _field(clean(key).replace("_", " "), inner, indent)
    elif isinstance(value, list):
        for inner in value:
            lines = list(fields(inner, f"{indent}  "))
            if lines:
                yield f"{indent}- {lines[0].strip()}"
                yield from lines[1:]
    else:
        yield f"{indent}{_scalar(value)}"


def event_words(event: Mapping[str, object]) -> str:
    """An event on one line: `mail.example.org (ecdsa-p256): due: …`."""
    name = str(event.get("event", ""))
    rest = {
        key: value
        for key, value in event.items()
        if key not in {"event", "level", "certificate", "key_type"}
    }
    who = str(event.get("certificate") or "")
    if who and event.get("key_type"):
        who = f"{who} ({event['key_type']})"
    if name == "certificate.progress":
        what = f"{rest.pop('issuer', '')}: {rest.pop('step', '')}"
    else:
        what = name.partition(".")[2].replace("_", " ")
        if "reason" in rest:
            what = f"{what}: {rest.pop('reason')}"
    more = ", ".join(f"{key.replace('_', ' ')} {_scalar(value)}" for key, value in rest.items())
    return clean(": ".join(filter(None, [who, what])) + (f" ({more})" if more else ""))


def _field(name: str, value: object, indent: str) -> Iterator[str]:
    if value is None or value in ("", [], {}):
        return
    if isinstance(value, list) and all(not isinstance(one, dict | list) for one in value):
        yield f"{indent}{name}: {', '.join(map(_scalar, value))}"
    elif isinstance(value, dict | list):
        yield f"{indent}{name}:"
        yield from fields(value, f"{indent}  ")
    else:
        yield f"{indent}{name}: {_scalar(value)}"


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return clean(value)
