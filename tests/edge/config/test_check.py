"""Rules between keys and between tables: each broken alone in a file that is otherwise good."""

from pathlib import Path

import pytest

from edge.config.load import Loaded, load_text

GOOD = """\
[edge]
hostname = "mail.example.org"
[[certificate]]
names = ["mail.example.org", "*.example.net"]
source = "files"
cert = "a.pem"
key = "a.pem"
[[listener]]
name = "submission"
bind = ["192.0.2.1:587"]
mode = "starttls"
backend = "submission"
[[listener]]
name = "imaps"
bind = ["192.0.2.1:993"]
mode = "tls"
protocol = "imap"
backend = "imap"
[[backend]]
name = "submission"
servers = ["127.0.0.1:587"]
[[backend]]
name = "imap"
servers = ["127.0.0.1:143"]
"""

REMOTE = "10.0.0.1:143 is beyond this host: mail and passwords would cross the network unencrypted"
IN_USE = (
    '127.0.0.1:587 is also where listener "submission" listens: '
    "one of both programs will find the address in use"
)
ITSELF = 'this is listener "imaps": the edge would connect to itself'


def loaded(*changes: tuple[str, str], more: str = "") -> Loaded:
    text = GOOD
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return load_text(text + more, Path("edge.toml"), {})


def said(problems: object) -> list[tuple[str, str]]:
    assert isinstance(problems, tuple)
    return [(p.place.partition(" ")[2], p.message) for p in problems]


def test_the_good_file_is_good() -> None:
    assert loaded().problems == loaded().warnings == ()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            [('name = "imaps"', 'name = "submission"')],
            [("[listener.1] name", 'another listener is named "submission"')],
        ),
        (
            [('name = "imap"\n', 'name = "submission"\n'), ('backend = "imap"', "backend = 'x'")],
            [
                ("[listener.1] backend", 'no backend is named "x"'),
                ("[backend.1] name", 'another backend is named "submission"'),
            ],
        ),
        (
            [('backend = "imap"', 'backend = "imao"')],
            [("[listener.1] backend", 'no backend is named "imao"')],
        ),
        (
            [("192.0.2.1:993", "192.0.2.1:587")],
            [
                (
                    "[listener.1] bind[0]",
                    '192.0.2.1:587 is taken by 192.0.2.1:587 of listener "submission"',
                )
            ],
        ),
        (
            [("192.0.2.1:993", "0.0.0.0:587")],
            [
                (
                    "[listener.1] bind[0]",
                    '0.0.0.0:587 is taken by 192.0.2.1:587 of listener "submission"',
                )
            ],
        ),
        (
            [('"192.0.2.1:993"', '"[::1]:993", "[::]:993"')],
            [("[listener.1] bind[1]", '[::]:993 is taken by [::1]:993 of listener "imaps"')],
        ),
        (
            [('mode = "starttls"', 'mode = "starttls"\nprotocol = "http"')],
            [("[listener.0] mode", "http has no STARTTLS")],
        ),
        (
            [('mode = "starttls"', 'mode = "starttls"\nprotocol = "raw"')],
            [("[listener.0] mode", "raw has no STARTTLS")],
        ),
        (
            [('mode = "tls"', 'mode = "tls"\nrequire_tls = true')],
            [("[listener.1] require_tls", "a listener with implicit TLS has no choice")],
        ),
        *(
            (
                [
                    (
                        'mode = "starttls"',
                        f'mode = "starttls"\nprotocol = "{protocol}"\nrequire_tls = false',
                    )
                ],
                [
                    (
                        "[listener.0] require_tls",
                        f"passwords would cross the network: {protocol} needs TLS",
                    )
                ],
            )
            for protocol in ("imap", "pop3", "sieve")
        ),
        (
            [('mode = "tls"', 'mode = "tls"\nclient_auth = "require"')],
            [("[listener.1] client_auth", "there is no CA to verify client certificates with")],
        ),
        (
            [('"127.0.0.1:143"', '"127.0.0.1:143", "10.0.0.1:143"')],
            [
                (
                    "[backend.1] servers[1]",
                    REMOTE,
                )
            ],
        ),
        (
            [
                (
                    'servers = ["127.0.0.1:143"]',
                    'servers = ["127.0.0.1:143"]\nproxy_protocol = "off"\ntlvs = ["ssl"]',
                )
            ],
            [("[backend.1] tlvs", 'proxy_protocol = "off" has no TLVs')],
        ),
        (
            [('"*.example.net"', '"*.example.net", "MAIL.example.org"')],
            [("[certificate.0] names[2]", '"mail.example.org" has a certificate already')],
        ),
        *(
            (
                [('"*.example.net"', f'"{name}"')],
                [
                    (
                        "[certificate.0] names[1]",
                        f'"{name}" is neither a DNS name nor an IP address',
                    )
                ],
            )
            for name in (
                "*",
                "*.",
                "mail.*.org",
                "*.*.org",
                "m*.org",
                "a b.org",
                "a..org",
                "a.org.",
            )
        ),
        (
            [("192.0.2.1:993", "127.0.0.1:143")],
            [("[backend.1] servers[0]", ITSELF)],
        ),
        (
            [('"*.example.net"', '"bücher.example"')],
            [
                (
                    "[certificate.0] names[1]",
                    '"b\\xfccher.example" is neither a DNS name nor an IP address',
                )
            ],
        ),
        (
            [('hostname = "mail.example.org"', 'hostname = "other.example.org"')],
            [("[edge] hostname", 'no certificate is for "other.example.org"')],
        ),
        (
            [('source = "files"', 'source = "self-signed"')],
            [
                ("[certificate.0] cert", 'source = "self-signed" makes its own cert'),
                ("[certificate.0] key", 'source = "self-signed" makes its own key'),
            ],
        ),
        (
            [('cert = "a.pem"\n', ""), ('key = "a.pem"\n', "")],
            [
                ("[certificate.0]", 'source = "files" needs `cert`'),
                ("[certificate.0]", 'source = "files" needs `key`'),
            ],
        ),
        (
            [('cert = "a.pem"', 'cert = ["a.pem", "b.pem"]')],
            [("[certificate.0] key", "2 certificates and 1 keys do not pair up")],
        ),
    ],
)
def test_errors(changes: list[tuple[str, str]], expected: list[tuple[str, str]]) -> None:
    assert said(loaded(*changes).problems) == expected


@pytest.mark.parametrize(
    "changes",
    [
        [('hostname = "mail.example.org"', 'hostname = "imap.example.net"')],
        [('"*.example.net"', '"192.0.2.1", "2001:db8::1", "xn--bcher-kva.example", "localhost"')],
        [('mode = "starttls"', 'mode = "starttls"\nrequire_tls = false')],
        [('mode = "starttls"', 'mode = "starttls"\nprotocol = "smtp"\nrequire_tls = false')],
        [('"127.0.0.1:143"', '"unix:/run/imap.sock", "localhost:143", "[::1]:143", "127.9.9.9:1"')],
        [('"127.0.0.1:143"]', '"10.0.0.1:143"]\nallow_remote_plaintext = true')],
        [('["127.0.0.1:143"]', '["127.0.0.1:143"]\nproxy_protocol = "off"')],
        [('["127.0.0.1:143"]', '["127.0.0.1:143"]\ntlvs = []')],
        [('"192.0.2.1:993"', '"0.0.0.0:993", "[::]:993"')],
        [('cert = "a.pem"', 'cert = ["a", "b"]'), ('key = "a.pem"', 'key = ["a", "b"]')],
    ],
)
def test_no_errors_and_no_warnings(changes: list[tuple[str, str]]) -> None:
    assert loaded(*changes).problems == loaded(*changes).warnings == ()


@pytest.mark.parametrize(
    ("changes", "more", "expected"),
    [
        (
            [],
            '[[backend]]\nname = "spare"\nservers = ["127.0.0.1:26"]\n',
            [("[backend.2] name", "no listener uses this backend")],
        ),
        (
            [('backend = "imap"', 'backend = "imap"\ntimeouts = { idle = "29m" }')],
            "",
            [
                (
                    "[listener.1.timeouts] idle",
                    "shorter than 30m, which RFC 9051 section 5.4 grants a client",
                )
            ],
        ),
        # `auto` on a well-known port counts as well.
        (
            [('backend = "submission"', 'backend = "submission"\ntimeouts.idle = 299')],
            "",
            [
                (
                    "[listener.0.timeouts] idle",
                    "shorter than 5m, which RFC 5321 section 4.5.3.2.7 grants a client",
                )
            ],
        ),
        (
            [("192.0.2.1:587", "192.0.2.1:25")],
            "",
            [("[listener.0]", "mail servers that come without STARTTLS are refused on port 25")],
        ),
        (
            [("192.0.2.1:587", "0.0.0.0:587")],
            "",
            [
                (
                    "[backend.0] servers[0]",
                    IN_USE,
                )
            ],
        ),
    ],
)
def test_warnings(
    changes: list[tuple[str, str]], more: str, expected: list[tuple[str, str]]
) -> None:
    result = loaded(*changes, more=more)
    assert result.problems == ()
    assert result.config is not None
    assert said(result.warnings) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            [('name = "imap"\n', "name = 5\n")],
            [("[backend.1] name", "5 is not a name")],
        ),
        (
            [('bind = ["192.0.2.1:993"]', "bind = 5")],
            [("[listener.1] bind", "5 is not a list")],
        ),
        (
            [('source = "files"', 'source = "file"')],
            [("[certificate.0] source", '"file" is no choice here')],
        ),
    ],
)
def test_a_broken_table_makes_no_errors_elsewhere(
    changes: list[tuple[str, str]], expected: list[tuple[str, str]]
) -> None:
    result = loaded(*changes)
    assert said(result.problems) == expected
    assert result.warnings == ()


def test_mistyped_names_are_guessed() -> None:
    (problem,) = loaded(('backend = "imap"', 'backend = "imao"')).problems
    assert problem.remedy == 'Did you mean "imap"?'
