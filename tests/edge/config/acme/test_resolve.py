"""`[acme]` written out and left out: what it comes to."""

from pathlib import Path

import pytest

import certs
from certs import ChallengeType, KeyType
from edge.config.load import load_text
from edge.config.tree import Config, Dns, Exec, Lexicon, Rfc2136, Source, TcpAddress

PATH = Path("/etc/stalwart-edge/edge.toml")
REST = """
[edge]
hostname = "mail.example.org"
[[listener]]
name = "https"
bind = ["192.0.2.1:{port}"]
mode = "tls"
protocol = "http"
backend = "http"
[[backend]]
name = "http"
servers = ["127.0.0.1:8080"]
"""
CERTIFICATE = """
[[certificate]]
names = ["Mail.Example.org", "autoconfig.example.org"]
source = "acme"
"""
MINIMAL = "[acme]\nagree_to_terms = true\n"
TLS_ALPN, HTTP, DNS = ChallengeType


def compiled(text: str, *, port: int = 443, **environ: str) -> Config:
    loaded = load_text(text + REST.format(port=port), PATH, environ)
    assert loaded.problems == (), loaded.problems
    assert loaded.config is not None
    return loaded.config


def dns(table: str) -> Dns:
    config = compiled(f"{MINIMAL}[acme.dns]\n{table}{CERTIFICATE}")
    assert config.acme is not None
    assert config.acme.dns is not None
    return config.acme.dns


def test_two_lines_are_enough() -> None:
    config = compiled(MINIMAL + CERTIFICATE)
    (certificate,) = config.certificates
    assert certificate.source is Source.ACME
    assert (certificate.cert, certificate.key) == ((), ())
    assert certificate.managed == certs.Managed(
        names=("mail.example.org", "autoconfig.example.org"),
        key_types=(KeyType.ECDSA_P256,),
        challenges=(TLS_ALPN, HTTP),
        reuse_key=False,
    )
    acme = config.acme
    assert acme is not None
    assert acme.settings.issuers == (
        certs.Issuer(
            name="letsencrypt",
            directory=certs.LETS_ENCRYPT,
            staging_directory=certs.LETS_ENCRYPT_STAGING,
        ),
    )
    assert acme.settings.email is None
    assert acme.settings.user_agent.startswith("stalwart-edge/")
    assert acme.http_bind == (TcpAddress(host="0.0.0.0", port=80), TcpAddress(host="::", port=80))
    assert acme.dns is None


def test_everything_written_out() -> None:
    config = compiled(
        """
[acme]
email = "postmaster@example.org"
agree_to_terms = true
http_bind = ["192.0.2.1:80"]
[[acme.issuer]]
name = "letsencrypt"
directory = "https://acme-v02.api.letsencrypt.org/directory"
profile = "tlsserver"
[[acme.issuer]]
name = "own"
directory = "https://ca.example.org:9000/acme/directory"
staging_directory = "https://ca.example.org:9000/test/directory"
profile = "require:shortlived"
eab_kid = "kid-1"
eab_hmac_key_file = "eab.key"
ca_bundle = "/etc/ssl/own.pem"
preferred_chain = "Own Root X1"
[[certificate]]
names = ["mail.example.org"]
source = "acme"
key_types = ["ecdsa-p256", "rsa-2048"]
reuse_key = true
challenges = ["http-01", "tls-alpn-01"]
"""
    )
    managed = config.certificates[0].managed
    assert managed is not None
    assert managed.key_types == (KeyType.ECDSA_P256, KeyType.RSA_2048)
    assert managed.challenges == (HTTP, TLS_ALPN)
    assert managed.reuse_key
    assert config.acme is not None
    first, second = config.acme.settings.issuers
    assert (first.profile, first.is_profile_required) == ("tlsserver", False)
    assert first.staging_directory == certs.LETS_ENCRYPT_STAGING
    assert second == certs.Issuer(
        name="own",
        directory="https://ca.example.org:9000/acme/directory",
        staging_directory="https://ca.example.org:9000/test/directory",
        profile="shortlived",
        is_profile_required=True,
        eab_kid="kid-1",
        ca_bundle=Path("/etc/ssl/own.pem"),
        preferred_chain="Own Root X1",
    )
    assert config.acme.eab_hmac_key_files == {"own": Path("/etc/stalwart-edge/eab.key")}
    assert config.acme.settings.email == "postmaster@example.org"
    assert config.acme.http_bind == (TcpAddress(host="192.0.2.1", port=80),)


@pytest.mark.parametrize(
    ("port", "acme", "expected"),
    [
        (443, "", (TLS_ALPN, HTTP)),
        (993, "", (HTTP,)),
        (443, "http_bind = []\n", (TLS_ALPN,)),
        (443, '[acme.dns]\nprovider = "cloudflare"\n', (TLS_ALPN, HTTP, DNS)),
        (993, 'http_bind = []\n[acme.dns]\nprovider = "cloudflare"\n', (DNS,)),
        (993, "http_bind = []\n", (TLS_ALPN,)),
    ],
)
def test_default_challenges_are_those_that_can_work(
    port: int, acme: str, expected: tuple[ChallengeType, ...]
) -> None:
    managed = compiled(MINIMAL + acme + CERTIFICATE, port=port).certificates[0].managed
    assert managed is not None
    assert managed.challenges == expected


def test_rfc2136() -> None:
    found = dns(
        'provider = "rfc2136"\nserver = "2001:DB8::53"\nport = 5353\nzone = "Example.org"\n'
        'tsig_name = "edge"\ntsig_algorithm = "hmac-sha512"\ntsig_secret_file = "tsig"\n'
        'resolvers = ["192.0.2.53"]\ncheck_propagation = false\n'
    )
    assert found.provider == Rfc2136(
        server=TcpAddress(host="2001:db8::53", port=5353),
        zone="example.org",
        tsig_name="edge",
        tsig_algorithm="hmac-sha512",
        tsig_secret_file=Path("/etc/stalwart-edge/tsig"),
    )
    assert (found.resolvers, found.is_propagation_checked) == (("192.0.2.53",), False)
    local = dns('provider = "rfc2136"\nserver = "127.0.0.1"\n')
    assert local.provider == Rfc2136(
        server=TcpAddress(host="127.0.0.1", port=53),
        zone=None,
        tsig_name=None,
        tsig_algorithm="hmac-sha256",
        tsig_secret_file=None,
    )
    assert (local.resolvers, local.is_propagation_checked) == ((), True)


def test_exec() -> None:
    found = dns('provider = "exec"\nprogram = "bin/dns"\nargs = ["--zone", "a b"]\n')
    program = Path("/etc/stalwart-edge/bin/dns")
    assert found.provider == Exec(program=program, args=("--zone", "a b"))


def test_any_other_name_is_a_provider_of_lexicon() -> None:
    found = dns(
        'provider = "cloudflare"\n'
        '[acme.dns.options]\nauth_username = "me"\nauth_token_file = "token"\n'
    ).provider
    assert isinstance(found, Lexicon)
    assert found.provider == "cloudflare"
    assert found.options == {"auth_username": "me"}
    assert found.option_files == {"auth_token": Path("/etc/stalwart-edge/token")}
    assert "'me'" not in repr(found)


@pytest.mark.parametrize(
    ("admin", "environ", "first", "guesses"),
    [
        ("", {}, "/srv/edge/admin.sock", ["/run/stalwart-edge/admin.sock"]),
        (
            "",
            {"RUNTIME_DIRECTORY": "/run/a:/run/b"},
            "/run/a/admin.sock",
            ["/srv/edge/admin.sock", "/run/stalwart-edge/admin.sock"],
        ),
        (
            "",
            {"RUNTIME_DIRECTORY": "/run/stalwart-edge"},
            "/run/stalwart-edge/admin.sock",
            ["/srv/edge/admin.sock"],
        ),
        ('[admin]\nsocket = "a.sock"\n', {}, "/etc/stalwart-edge/a.sock", []),
    ],
)
def test_where_commands_find_the_edge(
    admin: str, environ: dict[str, str], first: str, guesses: list[str]
) -> None:
    environ = {"STATE_DIRECTORY": "/srv/edge", **environ}
    config = compiled(MINIMAL + CERTIFICATE + admin, **environ)
    assert config.admin_socket == Path(first)
    assert config.admin_socket_guesses == tuple(map(Path, guesses))
    assert config.store_dir == Path("/srv/edge/certs")
