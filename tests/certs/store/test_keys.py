"""Keys are harmless as names of files, whatever they are made from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certs.spec import KeyType, Lineage
from certs.store.keys import check_key, check_prefix, is_segment, segment

NOT_KEYS = [
    "",
    "/",
    "/a",
    "a/",
    "a//b",
    ".",
    "..",
    "../a",
    "a/../b",
    "a/.b",
    ".a",
    "a b",
    "a\0",
    "a\n",
    "ä",
    "*.example.org",
    "a%2fb",
    "a\\b",
    "a" * 231,
]


@pytest.mark.parametrize("key", NOT_KEYS, ids=repr)
def test_not_a_key(key: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        check_key(key)
    assert not is_segment(key)


@pytest.mark.parametrize(
    "key", ["a", "a/b", "mail.example.org+ecdsa-p256/current", "2001:db8::1", "::1", "a" * 230]
)
def test_a_key(key: str) -> None:
    assert check_key(key) == key


def test_the_empty_prefix_is_everything() -> None:
    assert check_prefix("") == ""


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("mail.example.org", "mail.example.org"),
        ("*.example.org", "_.example.org"),
        ("2001:db8::1", "2001:db8::1"),
    ],
)
def test_names_as_parts_of_keys(name: str, part: str) -> None:
    assert segment(name) == part


def test_the_longest_names_fit_and_stay_apart() -> None:
    first, second = (f"{'a' * 63}.{'b' * 63}.{'c' * 63}.{'d' * 50}.{end}" for end in ("de", "fr"))
    for key_type in KeyType:
        key = Lineage(first, key_type).key
        assert check_key(f"state/{key}.json")
    assert segment(first) != segment(second)


@given(st.text(st.sampled_from("abc.-*:0"), min_size=1, max_size=253))
def test_what_begins_like_a_name_becomes_a_segment(name: str) -> None:
    assert is_segment(segment(name)) is not name.startswith(".")
