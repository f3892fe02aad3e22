"""Where in a TOML text a table, key or list element stands: for messages, never for meaning.

`tomllib` does not tell. This scan knows only as much of TOML as finding lines needs: headers, keys
at the start of a statement, and strings and brackets to know where a statement ends. What it does
not find is reported at the line of the table around it.
"""

import re
from typing import Final

Table = tuple[str | int, ...]
"""Keys and positions from the root: `("listener", 0, "timeouts")`."""

_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_KEY_PART: Final = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_KEY: Final = rf"{_KEY_PART}(?:[ \t]*\.[ \t]*{_KEY_PART})*"
_HEADER: Final = re.compile(rf"[ \t]*(\[\[?)[ \t]*({_KEY})[ \t]*\]")
_ASSIGNMENT: Final = re.compile(rf"[ \t]*({_KEY})[ \t]*=")
# What can hide or end a statement: comments, strings of the four kinds, brackets, line ends.
_TOKEN: Final = re.compile(
    r"""\#[^\n]*|\"\"\"(?:[^\\]|\\.)*?\"\"\"|'''.*?'''|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[\[\]{}]|,|\n""",
    re.DOTALL,
)


class Places:
    """The lines of one file, by table, key and element. `file` is how the operator named it."""

    def __init__(self, file: str, text: str) -> None:
        self._file = file
        self._lines: dict[Table, int] = {}
        self._counts: dict[Table, int] = {}
        self._scan(text)

    def line(self, table: Table, key: str | None = None, element: int | None = None) -> int:
        """Line number from 1 of the nearest thing around the place that was found; 0 for none."""
        path: Table = table if key is None else (*table, key)
        if element is not None:
            path = (*path, element)
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 0)

    def at(self, table: Table, key: str | None = None, element: int | None = None) -> str:
        """The place in words: `edge.toml:14 [listener.0] bind[1]`."""
        line = self.line(table, key, element)
        words = [f"{self._file}:{line}" if line else self._file]
        if table:
            words.append(f"[{'.'.join(_written(part) for part in table)}]")
        if key is not None:
            words.append(_written(key) if element is None else f"{_written(key)}[{element}]")
        return " ".join(words)

    def _scan(self, text: str) -> None:
        table: Table = ()
        at, line = 0, 1
        while at < len(text):
            if header := _HEADER.match(text, at):
                table = self._enter(header[2], is_array=header[1] == "[[")
                self._lines.setdefault(table, line)
                at = header.end()
            elif key := _ASSIGNMENT.match(text, at):
                path = (*table, *_parts(key[1]))
                self._lines.setdefault(path, line)
                at = key.end()
                at, line = self._skip_statement(text, at, line, path)
                continue
            at, line = self._skip_statement(text, at, line, None)

    def _enter(self, key: str, *, is_array: bool) -> Table:
        """The table a header opens; every name of an array before the last means its last item."""
        path: Table = ()
        parts = _parts(key)
        for position, part in enumerate(parts, start=1):
            path = (*path, part)
            if is_array and position == len(parts):
                self._counts[path] = self._counts.get(path, -1) + 1
            if path in self._counts:
                path = (*path, self._counts[path])
        return path

    def _skip_statement(self, text: str, at: int, line: int, path: Table | None) -> tuple[int, int]:
        """Position and line behind the end of the statement; notes the elements of its list."""
        depth, element, is_fresh = 0, 0, False
        while token := _TOKEN.search(text, at):
            word, before = token[0], text[at : token.start()]
            if path is not None and is_fresh and depth == 1 and self._is_value(before, word):
                self._lines.setdefault((*path, element), line)
                is_fresh = False
            at = token.end()
            line += word.count("\n")
            if word in {"[", "{"}:
                depth += 1
                is_fresh = is_fresh or depth == 1
            elif word in {"]", "}"}:
                depth -= 1
            elif word == "," and depth == 1:
                element, is_fresh = element + 1, True
            elif word == "\n" and depth <= 0:
                return at, line
        return len(text), line

    @staticmethod
    def _is_value(before: str, word: str) -> bool:
        return bool(before.strip()) or word[0] in "\"'[{"


def _parts(key: str) -> tuple[str, ...]:
    parts = re.findall(_KEY_PART, key)
    return tuple(part[1:-1] if part[0] in "\"'" else part for part in parts)


def _written(part: str | int) -> str:
    """A key as it may be shown: bare, or quoted without control characters."""
    text = str(part)
    return text if _BARE_KEY.fullmatch(text) and len(text) <= 60 else f'"{ascii(text)[1:-1][:60]}"'
