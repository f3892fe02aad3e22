"""Reading the type annotations of `edge.config.model`: what is meant, and how to say it."""

from collections.abc import Callable
from enum import Enum
from functools import reduce
from operator import or_
from types import UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

from msgspec import Meta, UnsetType


def without_unset(annotation: object) -> object:
    """The annotation of a value that is in the file."""
    if get_origin(annotation) in {Union, UnionType} and UnsetType in get_args(annotation):
        return reduce(or_, (part for part in get_args(annotation) if part is not UnsetType))
    return annotation


def list_or_single(annotation: object, *, is_list: bool) -> object:
    """Of "one value or a list of them", the part that fits what was written."""
    annotation = without_unset(annotation)
    parts = get_args(annotation) if get_origin(annotation) in {Union, UnionType} else ()
    if not any(get_origin(part) is tuple for part in parts):
        return annotation
    return next(part for part in parts if (get_origin(part) is tuple) == is_list)


def bare_type(annotation: object) -> object:
    """The type itself, without UNSET and without what is said of it."""
    annotation = without_unset(annotation)
    if get_origin(annotation) is Annotated:
        return bare_type(get_args(annotation)[0])
    return annotation


def nearest_meta(annotation: object) -> Meta:
    """What is said of a type; of several types, of the first."""
    annotation = without_unset(annotation)
    if get_origin(annotation) is Annotated:
        return next(meta for meta in get_args(annotation)[1:] if isinstance(meta, Meta))
    if get_origin(annotation) in {Union, UnionType}:
        return nearest_meta(get_args(annotation)[0])
    return Meta()


def checks(annotation: object) -> list[Callable[[object], object]]:
    """What a single value must pass besides its type: `extra={"check": …}` in its annotations.

    Each raises ValueError with what is wrong.
    """
    annotation = without_unset(annotation)
    if get_origin(annotation) is not Annotated:
        return []
    metas = (meta for meta in get_args(annotation)[1:] if isinstance(meta, Meta))
    return [meta.extra["check"] for meta in metas if meta.extra]


def choices(kind: object) -> list[str]:
    """The values of an enumeration or of a Literal; else none."""
    if get_origin(kind) is Literal:
        return [str(choice) for choice in get_args(kind)]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return [str(choice.value) for choice in kind]
    return []
