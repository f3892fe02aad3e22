"""Keys of a store: paths that are harmless as names of files, whatever they were made from."""

import hashlib
import re
from typing import Final

_SEGMENT: Final = r"[A-Za-z0-9_+@:-][A-Za-z0-9._+@:-]{0,229}"
_SEGMENT_ONLY: Final = re.compile(_SEGMENT)
_KEY: Final = re.compile(f"{_SEGMENT}(?:/{_SEGMENT})*")
_MAX_NAME: Final = 200
_KEPT_OF_LONG_NAME: Final = 160


def check_key(key: str) -> str:
    """Return `key`. Raises ValueError when it is none: a mistake of the caller's, not of a user."""
    if _KEY.fullmatch(key) is None:
        raise ValueError(f"not a key of a store: {key[:300]!r}")
    return key


def check_prefix(prefix: str) -> str:
    """Return `prefix`: a key, or the empty one that everything is below. Raises ValueError."""
    return check_key(prefix) if prefix else prefix


def is_segment(name: str) -> bool:
    """Whether a file's name can be a part of a key; others in a store's folders are not ours."""
    return _SEGMENT_ONLY.fullmatch(name) is not None


def segment(name: str) -> str:
    """A DNS name, wildcard or IP address as a part of a key: a star as `_`, bounded in length.

    A DNS name may have 253 characters and a file's name 255 bytes: the end of a long one is
    replaced by its hash, which leaves room for what follows it.
    """
    name = name.replace("*", "_")
    if len(name) <= _MAX_NAME:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:32]
    return f"{name[:_KEPT_OF_LONG_NAME]}_{digest}"
