"""What the stand-in's process tells the demo, one JSON line each, by its tag `event`."""

import msgspec


class Ready(msgspec.Struct, frozen=True, tag_field="event", tag="ready"):
    """Every port is bound."""


class HeaderReport(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="header"):
    """One PROXY header came in."""

    service: str
    header: str
    """All its bytes, in hexadecimal."""


Report = Ready | HeaderReport
