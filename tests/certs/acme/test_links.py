"""Link headers: several in one line, several lines, relative, odd."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certs.acme.links import links_of

BASE = "https://ca.example/cert/1"


@pytest.mark.parametrize(
    ("values", "links"),
    [
        (['<https://ca.example/dir>;rel="index"'], {"index": ("https://ca.example/dir",)}),
        (
            ['</cert/1/1>;rel="alternate", </cert/1/2>; rel=alternate', "<2/3>;rel=alternate"],
            {
                "alternate": (
                    "https://ca.example/cert/1/1",
                    "https://ca.example/cert/1/2",
                    "https://ca.example/cert/2/3",
                )
            },
        ),
        (
            ['</a,b>;title="x, y";rel="UP help"'],
            dict.fromkeys(("up", "help"), ("https://ca.example/a,b",)),
        ),
        (["</a>", "nonsense", "</b>;rel=", "<http://[>;rel=up"], {}),
        ([], {}),
    ],
)
def test_links(values: list[str], links: dict[str, tuple[str, ...]]) -> None:
    assert links_of(values, base=BASE) == links


def test_not_too_many() -> None:
    assert len(links_of([", ".join(['</x>;rel="alternate"'] * 99)], base=BASE)["alternate"]) == 20


@given(st.lists(st.text(alphabet='<>;,="rel /x[]:', max_size=60), max_size=4))
def test_nothing_raises(values: list[str]) -> None:
    assert all(links_of(values, base=BASE).values())
