"""A TOML document -> the Structs of `edge.config.model`, key by key.

`msgspec.convert` stops at its first error, so every key and every list element is converted on its
own. What is wrong is left out, and said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar, get_args, get_origin

import msgspec
from msgspec import UNSET, Struct, UnsetType

from edge.config import model
from edge.config.acme.model import Acme
from edge.config.annotations import (
    bare_type,
    checks,
    choices,
    list_or_single,
    nearest_meta,
    without_unset,
)
from edge.config.findings import Findings, did_you_mean, quoted
from edge.config.places import Table

_StructT = TypeVar("_StructT", bound=Struct)


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """The tables that could be understood. Arrays by position in the file: some may be missing."""

    edge: model.Edge | None
    acme: Acme | None
    certificates: Mapping[int, model.Certificate]
    listeners: Mapping[int, model.Listener]
    backends: Mapping[int, model.Backend]
    log: model.Log
    drain: model.Drain
    admin: model.Admin
    broken: frozenset[str]
    """The keys with missing tables: what is not in the others may be in those."""


def convert_file(document: Mapping[str, object], findings: Findings) -> Raw:
    """Convert the whole document. Never raises: everything wrong goes to `findings`."""
    _refuse_unknown_keys(model.File, document, (), findings)
    edge = None
    if "edge" in document:
        edge = _convert_struct(model.Edge, document["edge"], ("edge",), findings)
    else:
        remedy = 'Add [edge] with hostname = "mail.example.org".'
        findings.error((), None, "there is no table [edge]", remedy)
    certificates = _convert_array(model.Certificate, "certificate", document, findings)
    listeners = _convert_array(model.Listener, "listener", document, findings)
    backends = _convert_array(model.Backend, "backend", document, findings)
    arrays = {"certificate": certificates, "listener": listeners, "backend": backends}
    broken = {key for key, tables in arrays.items() if len(tables) < _length(document.get(key))}
    acme = None
    if "acme" in document:
        acme = _convert_struct(Acme, document["acme"], ("acme",), findings)
        if acme is None:
            broken.add("acme")
    return Raw(
        edge=edge,
        acme=acme,
        certificates=certificates,
        listeners=listeners,
        backends=backends,
        broken=frozenset(broken),
        log=_table(model.Log, "log", document, findings) or model.Log(),
        drain=_table(model.Drain, "drain", document, findings) or model.Drain(),
        admin=_table(model.Admin, "admin", document, findings) or model.Admin(),
    )


def _table(
    struct: type[_StructT], key: str, document: Mapping[str, object], findings: Findings
) -> _StructT | None:
    return _convert_struct(struct, document.get(key, {}), (key,), findings)


def _convert_array(
    struct: type[_StructT], key: str, document: Mapping[str, object], findings: Findings
) -> Mapping[int, _StructT]:
    tables = document.get(key, [])
    if not isinstance(tables, list):
        message = f"`{key}` is a list of tables"
        findings.error((), key, message, f"Write [[{key}]] with two brackets.")
        tables = [tables] if isinstance(tables, dict) else []
    converted = {
        position: _convert_struct(struct, table, (key, position), findings)
        for position, table in enumerate(tables)
    }
    return MappingProxyType({at: one for at, one in converted.items() if one is not None})


def _length(tables: object) -> int:
    return len(tables) if isinstance(tables, list) else int(tables is not None)


def _convert_struct(
    struct: type[_StructT], value: object, table: Table, findings: Findings
) -> _StructT | None:
    """The struct of a table; None when the value is no table or lacks something required."""
    if not isinstance(value, dict):
        name = ".".join(part for part in table if isinstance(part, str))
        header = f"[[{name}]]" if isinstance(table[-1], int) else f"[{name}]"
        findings.error(table, None, f"{quoted(value)} is not a table", f"Write {header}.")
        return None
    _refuse_unknown_keys(struct, value, table, findings)
    arguments: dict[str, object] = {}
    is_complete = True
    for field in msgspec.structs.fields(struct):
        if field.name in value:
            converted = _convert(field.type, value[field.name], table, field.name, findings)
            if converted is not UNSET:
                arguments[field.name] = converted
                continue
        elif field.required:
            remedy = f"Add {field.name} = {example(field.type)}"
            findings.error(table, None, f"`{field.name}` is missing", remedy)
        is_complete = is_complete and not field.required
    return struct(**arguments) if is_complete else None


def _refuse_unknown_keys(
    struct: type[Struct], value: Mapping[str, object], table: Table, findings: Findings
) -> None:
    known = [field.name for field in msgspec.structs.fields(struct)]
    for key in value:
        if key not in known:
            near = did_you_mean(key, known)
            remedy = f"Did you mean `{near}`?" if near else f"Known here: {', '.join(known)}."
            findings.error(table, key, "unknown key", remedy)


def _convert(
    annotation: object, value: object, table: Table, key: str, findings: Findings
) -> object:
    """The value for a field; UNSET when nothing of it can be used."""
    # msgspec 0.22 frees the pattern of a union of a text and a list twice: it never sees both.
    annotation = list_or_single(annotation, is_list=isinstance(value, list))
    kind = bare_type(annotation)
    if isinstance(kind, type) and issubclass(kind, Struct):
        converted = _convert_struct(kind, value, (*table, key), findings)
        return UNSET if converted is None else converted
    if get_origin(kind) is dict:
        return _convert_options(kind, value, (*table, key), findings)
    if get_origin(kind) is not tuple:
        return _convert_leaf(annotation, value, table, key, None, findings)
    if not isinstance(value, list) or len(value) < (nearest_meta(annotation).min_length or 0):
        message = "the list is empty" if value == [] else f"{quoted(value)} is not a list"
        findings.error(table, key, message, f"Write {key} = {example(annotation)}")
        return UNSET
    inner = get_args(kind)[0]
    if isinstance(inner, type) and issubclass(inner, Struct):
        tables = [
            _convert_struct(inner, element, (*table, key, position), findings)
            for position, element in enumerate(value)
        ]
        return tuple(one for one in tables if one is not None)
    elements = [
        _convert_leaf(inner, element, table, key, position, findings)
        for position, element in enumerate(value)
    ]
    return tuple(element for element in elements if element is not UNSET)


def _convert_options(
    kind: object, value: object, table: Table, findings: Findings
) -> dict[object, object] | UnsetType:
    """A table whose keys are not known here: each name and each value on its own."""
    name_type, value_type = get_args(kind)
    if not isinstance(value, dict):
        header = f"[{'.'.join(str(part) for part in table)}]"
        findings.error(table, None, f"{quoted(value)} is not a table", f"Write {header}.")
        return UNSET
    converted: dict[object, object] = {}
    for key, one in value.items():
        name = _convert_leaf(name_type, key, table, key, None, findings)
        inside = _convert_leaf(value_type, one, table, key, None, findings)
        if name is not UNSET and inside is not UNSET:
            converted[name] = inside
    return converted


def _convert_leaf(
    annotation: object,
    value: object,
    table: Table,
    key: str,
    element: int | None,
    findings: Findings,
) -> object:
    converted: object = UNSET
    try:
        converted = msgspec.convert(value, without_unset(annotation))
        for check in checks(annotation):
            check(converted)
    except ValueError as error:  # msgspec.ValidationError is one, too
        message, remedy = _explain(annotation, value)
        if converted is not UNSET:
            message = f"{quoted(value)}: {error}"
        findings.error(table, key, message, remedy, element=element)
        return UNSET
    return converted


def _explain(annotation: object, value: object) -> tuple[str, str]:
    kind = bare_type(annotation)
    if names := choices(kind):
        near = did_you_mean(value, names) if isinstance(value, str) else None
        hint = f'Did you mean "{near}"? ' if near else ""
        return f"{quoted(value)} is no choice here", f"{hint}Choices: {_listed(names)}."
    if kind is bool:
        return f"{quoted(value)} is neither true nor false", "Write true or false, unquoted."
    meta = nearest_meta(annotation)
    return f"{quoted(value)} is not {meta.title}", f"Write one like {_listed(meta.examples or [])}."


def example(annotation: object) -> str:
    """One value of a type as it would be written, for a remedy."""
    kind = bare_type(annotation)
    if get_origin(kind) is tuple:
        return f"[{example(get_args(kind)[0])}]"
    if kind is bool:
        return "true"
    return _toml([*choices(kind), *(nearest_meta(annotation).examples or [])][0])


def _listed(values: Sequence[object]) -> str:
    return ", ".join(_toml(value) for value in values)


def _toml(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)
