"""Rules around `[acme]`: each broken alone in a file that is otherwise good."""

from pathlib import Path

import pytest

from edge.config.load import Loaded, load_text

GOOD = """\
[edge]
hostname = "mail.example.org"
[acme]
email = "postmaster@example.org"
agree_to_terms = true
[[acme.issuer]]
name = "le"
directory = "https://acme-v02.api.letsencrypt.org/directory"
[acme.dns]
provider = "rfc2136"
server = "127.0.0.1"
[[certificate]]
names = ["mail.example.org", "*.example.net"]
source = "acme"
[[listener]]
name = "https"
bind = ["192.0.2.1:443"]
mode = "tls"
protocol = "http"
backend = "http"
[[backend]]
name = "http"
servers = ["127.0.0.1:8080"]
"""
WITHOUT_DNS = ('[acme.dns]\nprovider = "rfc2136"\nserver = "127.0.0.1"\n', "")
WITHOUT_ACME = (GOOD[GOOD.index("[acme]") : GOOD.index("[[certificate]]")], "")
WITHOUT_WILDCARD = (', "*.example.net"', "")
UNSIGNED = "updates are not signed: whoever can send from this address can change the zone"
IN_USE = (
    "127.0.0.1:80 is also where http_bind of [acme] listens: one of both programs will find "
    "the address in use"
)
OWN_CA = ("acme-v02.api.letsencrypt.org", "ca.example.org")


def loaded(*changes: tuple[str, str]) -> Loaded:
    text = GOOD
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return load_text(text, Path("/etc/edge/edge.toml"), {})


def said(problems: object) -> list[tuple[str, str]]:
    assert isinstance(problems, tuple)
    assert all(problem.remedy for problem in problems)
    return [(p.place.partition(" ")[2], p.message) for p in problems]


def challenges(*types: str) -> tuple[str, str]:
    listed = ", ".join(f'"{one}"' for one in types)
    return ('source = "acme"', f'source = "acme"\nchallenges = [{listed}]')


def provider(name: str, *lines: str) -> tuple[str, str]:
    return (WITHOUT_DNS[0], "\n".join(["[acme.dns]", f'provider = "{name}"', *lines, ""]))


def many(number: int) -> tuple[str, str]:
    return (', "*.example.net"', "".join(f', "m{n}.example.net"' for n in range(1, number)))


def test_the_good_file_is_good() -> None:
    assert loaded().problems == loaded().warnings == ()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            [("agree_to_terms = true", "agree_to_terms = false")],
            [("[acme] agree_to_terms", "without your consent to its terms no CA signs anything")],
        ),
        (
            [("agree_to_terms = true\n", "")],
            [("[acme]", "`agree_to_terms` is missing")],
        ),
        (
            [WITHOUT_ACME],
            [("[certificate.0] source", 'source = "acme" needs a table [acme]')],
        ),
        (
            [("https://acme-v02", "http://acme-v02")],
            [
                (
                    "[acme.issuer.0] directory",
                    '"http://acme-v02.api.letsencrypt.org/directory": only https is safe here',
                )
            ],
        ),
        (
            [("https://acme-v02.api.letsencrypt.org/directory", "https:///directory")],
            [("[acme.issuer.0] directory", '"https:///directory": the host is missing')],
        ),
        (
            [("postmaster@example.org", "postmaster")],
            [("[acme] email", '"postmaster" is not a mail address')],
        ),
        (
            [('name = "le"', 'name = "le"\nprofile = "require:"')],
            [("[acme.issuer.0] profile", '"require:" is not a profile of a CA')],
        ),
        (
            [('name = "le"', 'name = "le"\neab_kid = "1"')],
            [("[acme.issuer.0] eab_kid", "eab_kid needs eab_hmac_key_file beside it")],
        ),
        (
            [('name = "le"', 'name = "le"\neab_hmac_key_file = "k"')],
            [("[acme.issuer.0] eab_hmac_key_file", "eab_hmac_key_file needs eab_kid beside it")],
        ),
        (
            [
                (
                    "[acme.dns]",
                    '[[acme.issuer]]\nname = "le"\ndirectory = "https://a.org/d"\n[acme.dns]',
                )
            ],
            [("[acme.issuer.1] name", 'another issuer is named "le"')],
        ),
        (
            [('source = "acme"', 'source = "acme"\nkey_types = ["ecdsa-p256", "dsa"]')],
            [("[certificate.0] key_types[1]", '"dsa" is no choice here')],
        ),
        (
            [('source = "acme"', 'source = "acme"\nkey_types = ["rsa-2048", "rsa-2048"]')],
            [("[certificate.0] key_types", "one of these is named twice")],
        ),
        (
            [('source = "acme"', 'source = "acme"\nkey_types = []')],
            [("[certificate.0] key_types", "the list is empty")],
        ),
        (
            [challenges("dns-01", "dns-persist-01")],
            [("[certificate.0] challenges[1]", '"dns-persist-01" is no choice here')],
        ),
        (
            [('source = "acme"', 'source = "acme"\ncert = "a.pem"\nkey = "a.pem"')],
            [
                ("[certificate.0] cert", 'source = "acme" obtains its own cert'),
                ("[certificate.0] key", 'source = "acme" obtains its own key'),
            ],
        ),
        (
            [('source = "acme"', 'source = "self-signed"\nreuse_key = true')],
            [("[certificate.0] reuse_key", 'only source = "acme" has reuse_key')],
        ),
        (
            [WITHOUT_DNS],
            [
                (
                    "[certificate.0] names[1]",
                    '"*.example.net": a wildcard is proved by dns-01 only',
                )
            ],
        ),
        (
            [challenges("tls-alpn-01", "http-01")],
            [
                (
                    "[certificate.0] names[1]",
                    '"*.example.net": a wildcard is proved by dns-01 only',
                )
            ],
        ),
        (
            [WITHOUT_DNS, WITHOUT_WILDCARD, challenges("dns-01")],
            [("[certificate.0] challenges", "dns-01 needs a table [acme.dns]")],
        ),
        (
            [challenges("dns-01"), OWN_CA, ("*.example.net", "10.0.0.1")],
            [
                (
                    "[certificate.0] names[1]",
                    '"10.0.0.1": an IP address cannot be proved by dns-01',
                )
            ],
        ),
        (
            [
                ("agree_to_terms = true", "agree_to_terms = true\nhttp_bind = []"),
                challenges("http-01", "dns-01"),
            ],
            [
                (
                    "[certificate.0] challenges",
                    "http-01 needs an address to answer on, and http_bind is empty",
                )
            ],
        ),
        (
            [
                (
                    "agree_to_terms = true",
                    'agree_to_terms = true\nhttp_bind = ["0.0.0.0:80", "192.0.2.1:443"]',
                )
            ],
            [
                (
                    "[acme] http_bind[1]",
                    '192.0.2.1:443 is taken by 192.0.2.1:443 of listener "https"',
                )
            ],
        ),
        (
            [many(101)],
            [
                (
                    "[certificate.0] names",
                    "101 names are more than CAs sign in one certificate",
                )
            ],
        ),
        *(
            (
                [("*.example.net", name)],
                [("[certificate.0] names[1]", f'"{name}" {why}: le does not sign it')],
            )
            for name, why in (
                ("mailhost", "has no dot"),
                ("*.net", "is a whole top-level domain"),
                ("mail.local", "ends in .local, which nobody owns"),
                ("*.corp.internal", "ends in .internal, which nobody owns"),
                ("10.1.2.3", "is not an address that the world can reach"),
                ("fd00::1", "is not an address that the world can reach"),
                ("127.0.0.1", "is not an address that the world can reach"),
            )
        ),
        (
            [provider("rfc2136", 'program = "x"')],
            [
                ("[acme.dns]", 'provider = "rfc2136" needs `server`'),
                ("[acme.dns] program", 'provider = "rfc2136" has no program'),
            ],
        ),
        (
            [provider("rfc2136", 'server = "ns..org"')],
            [
                ("[acme.dns]", 'provider = "rfc2136" needs `server`'),
                (
                    "[acme.dns] server",
                    '"ns..org": neither a DNS name nor an IP address',
                ),
            ],
        ),
        (
            [provider("rfc2136", 'server = "::1"', 'tsig_name = "k"')],
            [("[acme.dns] tsig_name", "tsig_name needs tsig_secret_file beside it")],
        ),
        (
            [provider("rfc2136", 'server = "::1"', 'tsig_algorithm = "hmac-md5"')],
            [("[acme.dns] tsig_algorithm", '"hmac-md5" is no choice here')],
        ),
        (
            [provider("exec")],
            [("[acme.dns]", 'provider = "exec" needs `program`')],
        ),
        (
            [provider("cloudflare", 'server = "::1"')],
            [("[acme.dns] server", 'provider = "cloudflare" has no server')],
        ),
        (
            [provider("cloudflare", "[acme.dns.options]", "auth_token = 5", '"Auth-X" = "1"')],
            [
                ("[acme.dns.options] auth_token", "5 is not a text"),
                ("[acme.dns.options] Auth-X", '"Auth-X" is not the name of an option'),
            ],
        ),
        (
            [("[[listener]]", f'[admin]\nsocket = "/{"x" * 107}"\n[[listener]]')],
            [("[admin] socket", "the path of a unix socket has at most 107 bytes")],
        ),
    ],
)
def test_errors(changes: list[tuple[str, str]], expected: list[tuple[str, str]]) -> None:
    result = loaded(*changes)
    assert [one for one in said(result.problems) if "is for" not in one[1]] == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            [("192.0.2.1:443", "192.0.2.1:993"), challenges("tls-alpn-01", "dns-01")],
            [
                (
                    "[certificate.0] challenges",
                    'tls-alpn-01: CAs connect to port 443, where no listener with mode = "tls" is',
                )
            ],
        ),
        (
            [
                ("192.0.2.1:443", "192.0.2.1:993"),
                ("agree_to_terms = true", "agree_to_terms = true\nhttp_bind = []"),
                WITHOUT_DNS,
                WITHOUT_WILDCARD,
            ],
            [
                (
                    "[certificate.0]",
                    'tls-alpn-01: CAs connect to port 443, where no listener with mode = "tls" is',
                )
            ],
        ),
        (
            [("agree_to_terms = true", 'agree_to_terms = true\nhttp_bind = ["0.0.0.0:8000"]')],
            [
                (
                    "[certificate.0]",
                    "http-01: CAs connect to port 80, where http_bind does not listen",
                )
            ],
        ),
        (
            [provider("rfc2136", 'server = "192.0.2.53"')],
            [
                (
                    "[acme.dns]",
                    UNSIGNED,
                )
            ],
        ),
        (
            [('source = "acme"', 'source = "self-signed"')],
            [("[acme]", 'no certificate has source = "acme"')],
        ),
        (
            [("127.0.0.1:8080", "127.0.0.1:80")],
            [
                (
                    "[backend.0] servers[0]",
                    IN_USE,
                )
            ],
        ),
        (
            [("*.example.net", "9.9.9.9")],
            [
                (
                    "[certificate.0] names",
                    'le signs IP addresses under the profile "shortlived" only',
                )
            ],
        ),
        (
            [('name = "le"', 'name = "le"\nprofile = "tlsserver"'), many(26)],
            [("[certificate.0] names", 'le signs up to 25 names under "tlsserver"')],
        ),
        (
            [
                (
                    "[acme.dns]",
                    '[[acme.issuer]]\nname = "own"\ndirectory = "https://ca.lan/d"\n[acme.dns]',
                ),
                ("*.example.net", "mail.lan"),
            ],
            [
                (
                    "[certificate.0] names[1]",
                    '"mail.lan" ends in .lan, which nobody owns: le does not sign it',
                )
            ],
        ),
    ],
)
def test_warnings(changes: list[tuple[str, str]], expected: list[tuple[str, str]]) -> None:
    result = loaded(*changes)
    assert result.problems == ()
    assert said(result.warnings) == expected


@pytest.mark.parametrize(
    "changes",
    [
        [OWN_CA, ("*.example.net", "mail.local")],
        [OWN_CA, ("*.example.net", "10.0.0.1")],
        [many(100)],
        [challenges("dns-01")],
        [provider("rfc2136", 'server = "192.0.2.53"', 'tsig_name = "k"', 'tsig_secret_file = "k"')],
        [
            ('name = "le"', 'name = "le"\nprofile = "require:shortlived"'),
            ("*.example.net", "2606:4700::1111"),
        ],
    ],
)
def test_no_errors_and_no_warnings(changes: list[tuple[str, str]]) -> None:
    assert loaded(*changes).problems == loaded(*changes).warnings == ()


def test_a_broken_table_is_not_called_missing() -> None:
    result = loaded(("agree_to_terms = true", 'agree_to_terms = "yes"'))
    assert said(result.problems) == [
        ("[acme] agree_to_terms", '"yes" is neither true nor false'),
    ]


def test_a_broken_certificate_may_have_been_the_one_from_acme() -> None:
    result = loaded(('source = "acme"', 'source = "acmee"'))
    assert said(result.problems) == [("[certificate.0] source", '"acmee" is no choice here')]
    assert result.warnings == ()
