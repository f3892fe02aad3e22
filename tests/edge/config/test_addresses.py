"""Addresses as written: read or refused with a reason."""

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.config.addresses import covers, is_local, parse_bind, parse_server
from edge.config.tree import UnixAddress


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("192.0.2.1:25", "192.0.2.1:25"),
        ("0.0.0.0:1", "0.0.0.0:1"),
        ("[::]:65535", "[::]:65535"),
        ("[2001:DB8::0:1]:25", "[2001:db8::1]:25"),
    ],
)
def test_binds(written: str, shown: str) -> None:
    assert str(parse_bind(written)) == shown


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("localhost:25", "`localhost` is not an IP address"),
        ("*:25", "`*` is not an IP address"),
        (":25", "the IP address is missing"),
        ("192.0.2.1", "the port is missing"),
        ("25", "the port is missing"),
        ("[::]", "the port is missing"),
        ("::1:25", "an IPv6 address needs brackets"),
        ("[192.0.2.1]:25", "`192.0.2.1` is not an IPv6 address"),
        ("[]:25", "`` is not an IPv6 address"),
        ("[fe80::1%eth0]:25", "`fe80::1%eth0` is not an IPv6 address"),
        ("192.0.2.1:0", "`0` is not a port from 1 to 65535"),
        ("192.0.2.1:65536", "`65536` is not a port from 1 to 65535"),
        ("192.0.2.1:smtp", "`smtp` is not a port from 1 to 65535"),
        ("192.0.2.1:²", "`²` is not a port from 1 to 65535"),
        ("192.0.2.1:", "`` is not a port from 1 to 65535"),
        ("unix:/run/x", "`/run/x` is not a port from 1 to 65535"),
    ],
)
def test_no_binds(written: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(reason)}$"):
        parse_bind(written)


@pytest.mark.parametrize(
    ("written", "shown", "local"),
    [
        ("127.0.0.1:25", "127.0.0.1:25", True),
        ("127.8.9.10:25", "127.8.9.10:25", True),
        ("[::1]:25", "[::1]:25", True),
        ("[::ffff:127.0.0.1]:25", None, True),
        ("LOCALHOST:25", "localhost:25", True),
        ("unix:/run/smtp.sock", "unix:/run/smtp.sock", True),
        ("unix:/run/with space", "unix:/run/with space", True),
        ("10.0.0.1:25", "10.0.0.1:25", False),
        ("0.0.0.0:25", "0.0.0.0:25", False),
        ("[2001:db8::1]:25", "[2001:db8::1]:25", False),
        ("mail.lan:25", "mail.lan:25", False),
        ("localhost.example.org:25", "localhost.example.org:25", False),
    ],
)
def test_servers(written: str, shown: str | None, local: bool) -> None:
    server = parse_server(written)
    assert is_local(server) is local
    if shown is not None:
        assert str(server) == shown


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("unix:run/x", "the path of a unix socket begins with /"),
        ("unix:", "the path of a unix socket begins with /"),
        (f"unix:/{'x' * 107}", "the path of a unix socket has at most 107 bytes"),
        ("a_b:25", "`a_b` is not a host"),
        ("300.1.1.1:25", "`300.1.1.1` is not a host"),
        (":25", "the host is missing"),
        ("mail.lan", "the port is missing"),
    ],
)
def test_no_servers(written: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(reason)}$"):
        parse_server(written)


def test_the_longest_unix_path() -> None:
    path = f"/{'x' * 106}"
    assert parse_server(f"unix:{path}") == UnixAddress(path=path)


@pytest.mark.parametrize(
    ("bind", "other", "is_covered"),
    [
        ("0.0.0.0:25", "127.0.0.1:25", True),
        ("0.0.0.0:25", "0.0.0.0:25", True),
        ("192.0.2.1:25", "192.0.2.1:25", True),
        ("[::]:25", "[::1]:25", True),
        ("0.0.0.0:25", "127.0.0.1:26", False),
        ("192.0.2.1:25", "127.0.0.1:25", False),
        ("127.0.0.1:25", "0.0.0.0:25", False),
        # The edge binds `::` for IPv6 alone.
        ("[::]:25", "127.0.0.1:25", False),
        ("0.0.0.0:25", "[::1]:25", False),
    ],
)
def test_which_listener_is_in_the_way(bind: str, other: str, is_covered: bool) -> None:
    assert covers(parse_bind(bind), parse_bind(other)) is is_covered


@given(st.text(max_size=80))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    for parse in (parse_bind, parse_server):
        for written in (text, f"{text}:25", f"[{text}]:25", f"unix:{text}"):
            with contextlib.suppress(ValueError):
                parse(written)
