"""Lines of tables, keys and elements, whatever way TOML writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.config.places import Places, Table

TEXT = '''\
# edge
title = "x"                       # 2
[edge]                            # 3
hostname = "mail.example.org"     # 4
"quoted key" = 1                  # 5
[[listener]]                      # 6
name = "[no] = header"            # 7
bind = [                          # 8
  "0.0.0.0:25", # a ] bracket     # 9
  "[::]:25",                      # 10
]                                 # 11
[listener.timeouts]               # 12
idle = "31m"                      # 13
[[listener]]                      # 14
text = """
[[listener]]
name = 'inside a string'
"""
limits = { commands = 3, lines = [1,
  2] }                            # 20
dotted.key = 1                    # 21
[[ backend ]]                     # 22
  servers = ["a", "b"]            # 23
[backend."probe"]                 # 24
interval = 1                      # 25
'''


@pytest.mark.parametrize(
    ("table", "key", "element", "place"),
    [
        ((), "title", None, "edge.toml:2 title"),
        (("edge",), None, None, "edge.toml:3 [edge]"),
        (("edge",), "hostname", None, "edge.toml:4 [edge] hostname"),
        (("edge",), "quoted key", None, 'edge.toml:5 [edge] "quoted key"'),
        (("listener", 0), None, None, "edge.toml:6 [listener.0]"),
        (("listener", 0), "name", None, "edge.toml:7 [listener.0] name"),
        (("listener", 0), "bind", None, "edge.toml:8 [listener.0] bind"),
        (("listener", 0), "bind", 0, "edge.toml:9 [listener.0] bind[0]"),
        (("listener", 0), "bind", 1, "edge.toml:10 [listener.0] bind[1]"),
        (("listener", 0, "timeouts"), "idle", None, "edge.toml:13 [listener.0.timeouts] idle"),
        (("listener", 1), None, None, "edge.toml:14 [listener.1]"),
        # Not found, so the nearest thing around it.
        (("listener", 1), "name", None, "edge.toml:14 [listener.1] name"),
        (("listener", 1, "limits"), "commands", None, "edge.toml:19 [listener.1.limits] commands"),
        (("listener", 1, "dotted"), "key", None, "edge.toml:21 [listener.1.dotted] key"),
        (("backend", 0), "servers", 1, "edge.toml:23 [backend.0] servers[1]"),
        (("backend", 0, "probe"), "interval", None, "edge.toml:25 [backend.0.probe] interval"),
        (("elsewhere",), "key", None, "edge.toml [elsewhere] key"),
        ((), None, None, "edge.toml"),
    ],
)
def test_places(table: Table, key: str | None, element: int | None, place: str) -> None:
    assert Places("edge.toml", TEXT).at(table, key, element) == place


def test_a_key_cannot_break_the_line() -> None:
    place = Places("edge.toml", "").at((), "a\nb\x1b[31m")
    assert place == 'edge.toml "a\\nb\\x1b[31m"'


@given(st.text(alphabet="[]{}=\"'\\#,.\n ab1", max_size=200))
def test_any_text_can_be_scanned(text: str) -> None:
    places = Places("f", text)
    assert 0 <= places.line(("a",), "b", 1) <= text.count("\n") + 1
