"""Link headers (RFC 8288): alternate chains, terms of service, `up`."""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import urljoin

_LINK: Final = re.compile(
    r"""<(?P<target>[^<>]*)>(?P<params>(?:\s*;\s*[^\s=;,"<>]+(?:\s*=\s*(?:"[^"]*"|[^\s;,"<>]*))?)*)"""
)
_REL: Final = re.compile(
    r""";\s*rel\s*=\s*(?:"(?P<quoted>[^"]*)"|(?P<bare>[^\s;,"]+))""", re.IGNORECASE
)
_MAX_LINKS: Final = 20


def links_of(values: Iterable[str], *, base: str) -> Mapping[str, tuple[str, ...]]:
    """Absolute addresses by relation, in the order of the headers; at most 20 of them.

    What cannot be understood is left out.
    """
    found: dict[str, list[str]] = {}
    links = [match for value in values for match in _LINK.finditer(value)]
    for link in links[:_MAX_LINKS]:
        rel = _REL.search(link["params"])
        if rel is None:
            continue
        try:
            address = urljoin(base, link["target"].strip())
        except ValueError:
            continue
        for relation in (rel["quoted"] or rel["bare"] or "").lower().split():
            found.setdefault(relation, []).append(address)
    return MappingProxyType({relation: tuple(all_) for relation, all_ in found.items()})
