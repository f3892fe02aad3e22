"""Any row of puts and deletes leaves what a dict would hold; any damage is noticed."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certs.store.filestore import FileStore
from certs.store.keys import check_key, segment
from certs.store.memory import MemoryStore
from certs.store.protocol import Store, StoreError

KEYS = st.lists(st.sampled_from(["a", "b", "a.b", "ab"]), min_size=1, max_size=3).map("/".join)
STEPS = st.lists(st.tuples(KEYS, st.none() | st.binary(max_size=20)), max_size=15)
KINDS: dict[str, Callable[[Path], Store]] = {"files": FileStore, "memory": lambda _: MemoryStore()}


@pytest.mark.parametrize("kind", KINDS)
@given(steps=STEPS)
@settings(max_examples=40, deadline=None)
def test_a_store_is_a_dict(kind: str, steps: list[tuple[str, bytes | None]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = KINDS[kind](Path(folder))
        model: dict[str, bytes] = {}
        for key, value in steps:
            before = store.watch("")
            excluded = any(
                other.startswith(f"{key}/") or key.startswith(f"{other}/") for other in model
            )
            if value is None:
                has_changed = model.pop(key, None) is not None
                store.delete(key)
            elif excluded:
                has_changed = False
                with pytest.raises(StoreError):
                    store.put(key, value)
            else:
                has_changed = True
                model[key] = value
                store.put(key, value)
            assert (store.watch("") != before) == has_changed
            assert store.list("") == sorted(model)
            assert {key: store.get(key) for key in model} == model
            below = [other for other in model if other.startswith(f"{key}/")]
            assert store.list(key) == sorted(below)


@given(st.from_regex(r"[a-z0-9*_:.-]{1,253}", fullmatch=True).filter(lambda n: n[0] != "."))
def test_every_name_makes_a_segment(name: str) -> None:
    made = segment(name)
    assert check_key(made) == made
    assert len(made) <= 200


@given(st.text("ab", min_size=190, max_size=253), st.text("ab", min_size=190, max_size=253))
def test_long_names_stay_different(one: str, other: str) -> None:
    assert (segment(one) == segment(other)) == (one == other)
