"""The model: closed, described, and usable as a JSON Schema."""

import gc
from collections.abc import Iterator
from typing import get_args

import msgspec
from msgspec import inspect

from edge.config import model
from edge.config.convert import convert_file
from edge.config.findings import Findings
from edge.config.places import Places
from edge.config.schema import json_schema
from edge.core.protocol import Protocol


def walk(node: object, path: str) -> Iterator[tuple[str, object]]:
    """Every type below a type, with the way to it."""
    yield path, node
    match node:
        case inspect.Metadata(type=inner):
            yield from walk(inner, path)
        case inspect.StructType(fields=fields):
            for field in fields:
                yield from walk(field.type, f"{path}.{field.name}")
        case inspect.UnionType(types=types):
            for one in types:
                yield from walk(one, path)
        case inspect.VarTupleType(item_type=item):
            yield from walk(item, f"{path}[]")
        case inspect.DictType(key_type=key, value_type=value):
            yield from walk(key, f"{path}.KEY")
            yield from walk(value, f"{path}.VALUE")
        case _:
            pass


NODES = list(walk(inspect.type_info(model.File), "file"))


def test_no_text_without_a_constraint() -> None:
    texts = [(path, node) for path, node in NODES if isinstance(node, inspect.StrType)]
    assert len(texts) > 20
    assert [path for path, node in texts if node.pattern is None] == []


def test_no_number_without_bounds() -> None:
    numbers = [n for n in NODES if isinstance(n[1], inspect.IntType | inspect.FloatType)]
    assert len(numbers) > 10
    assert [path for path, node in numbers if getattr(node, "ge", None) is None] == []


def test_nothing_of_any_type() -> None:
    open_types = inspect.AnyType | inspect.RawType
    assert [path for path, node in NODES if isinstance(node, open_types)] == []


def test_only_options_of_others_have_names_of_their_own() -> None:
    tables = [path for path, node in NODES if isinstance(node, inspect.DictType)]
    assert tables == ["file.acme.dns.options"]


def test_every_table_is_closed_frozen_and_described() -> None:
    tables = [node.cls for _, node in NODES if isinstance(node, inspect.StructType)]
    assert len(tables) >= 10
    for table in tables:
        assert table.__struct_config__.forbid_unknown_fields, table
        assert table.__struct_config__.frozen, table
        assert table.__doc__, table


def test_protocols_are_those_of_the_core_and_auto() -> None:
    assert set(get_args(model.ProtocolChoice)) == {"auto", *Protocol}


def test_schema_says_what_keys_mean() -> None:
    schema = json_schema()
    definitions = schema["$defs"]
    assert isinstance(definitions, dict)
    assert definitions["Listener"]["additionalProperties"] is False
    assert definitions["Listener"]["required"] == ["name", "bind", "mode", "backend"]
    assert definitions["Listener"]["properties"]["bind"]["minItems"] == 1
    for name in (
        "Edge",
        "Certificate",
        "Timeouts",
        "Limits",
        "Backend",
        "Drain",
        "Acme",
        "Issuer",
        "Dns",
    ):
        for key, value in definitions[name]["properties"].items():
            described = [value, *value.get("anyOf", [])]
            assert any("description" in one or "$ref" in one for one in described), (name, key)
    assert msgspec.json.encode(schema)


def test_cert_as_text_and_as_list_over_and_over() -> None:
    # msgspec 0.22 frees the pattern of such a union twice, some conversions later.
    gc.freeze()  # all that other tests have left on the heap need not be walked 300 times
    for value in ["a.pem", ["a.pem", "b.pem"], 5, [5], "\n", ["\n"]] * 50:
        findings = Findings(places=Places("edge.toml", ""))
        table = {"names": ["a.org"], "source": "files", "cert": value, "key": value}
        raw = convert_file({"edge": {"hostname": "a.org"}, "certificate": [table]}, findings)
        json_schema()
        gc.collect()
        assert bool(findings.errors) == (value not in ("a.pem", ["a.pem", "b.pem"]))
        assert 0 in raw.certificates
    gc.unfreeze()
