"""Which identifiers an order may ask for (RFC 8555 section 7.1.3, RFC 8738)."""

import ipaddress
import re
from typing import Any

from tests.support.fakeca.faults import Faults
from tests.support.fakeca.problems import URN, Problem, malformed

_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")


def identifiers_of(wanted: dict[str, Any], faults: Faults) -> list[dict[str, str]]:
    """The list of a newOrder request. Raises Problem, with one subproblem for each bad name."""
    given = wanted.get("identifiers")
    if not isinstance(given, list) or not given:
        raise malformed("no identifiers")
    seen: list[dict[str, str]] = []
    subproblems: list[dict[str, Any]] = []
    for identifier in given:
        if not isinstance(identifier, dict) or set(identifier) != {"type", "value"}:
            raise malformed("an identifier has a type and a value")
        if identifier in seen:
            raise malformed("an identifier stands there twice")
        seen.append(identifier)
        reason = _reason_against(identifier, faults)
        if reason is not None:
            name, detail = reason
            subproblems.append({"type": f"{URN}{name}", "detail": detail, "identifier": identifier})
    if subproblems:
        raise Problem(
            subproblems[0]["type"].removeprefix(URN),
            f"{len(subproblems)} identifiers cannot be had: {subproblems[0]['detail']}",
            subproblems=subproblems,
        )
    return seen


def _reason_against(identifier: dict[str, str], faults: Faults) -> tuple[str, str] | None:
    value = identifier["value"]
    if value in faults.refused_names:
        return "rejectedIdentifier", f"{value} is forbidden by policy"
    match identifier["type"]:
        case "dns":
            labels = value.removeprefix("*.").split(".")
            if len(value) > 253 or len(labels) < 2 or labels[-1].isdigit():
                return "malformed", f"{value} is no domain name"
            if not all(_LABEL.fullmatch(label) for label in labels):
                return "malformed", f"{value} has a bad label"
            return None
        case "ip":
            try:
                canonical = str(ipaddress.ip_address(value))
            except ValueError:
                return "malformed", f"{value} is no address"
            return None if canonical == value else ("malformed", f"{value} is not canonical")
        case kind:
            return "unsupportedIdentifier", f"identifiers of type {kind}"
