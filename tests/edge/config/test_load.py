"""Whole files: what a good one comes to, and every error of a bad one at once."""

from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.config.convert import convert_file
from edge.config.findings import Findings
from edge.config.load import Loaded, load, load_text
from edge.config.places import Places
from edge.config.resolve import resolve
from edge.config.tree import (
    Backend,
    Certificate,
    ClientAuth,
    Config,
    Limits,
    Mode,
    Policy,
    ProxyVersion,
    Source,
    TcpAddress,
    UnixAddress,
)
from edge.core.protocol import Protocol
from edge.core.proxy.tlv import Tlv

PATH = Path("/etc/stalwart-edge/edge.toml")

MINIMAL = """\
[edge]
hostname = "Mail.Example.org"
[[certificate]]
names = ["mail.example.org"]
source = "self-signed"
[[listener]]
name = "imap"
bind = ["[::]:143"]
mode = "starttls"
backend = "imap"
[[backend]]
name = "imap"
servers = ["127.0.0.1:143"]
"""

FULL = """\
[edge]
hostname = "mail.example.org"
workers = 3
state_dir = "state"

[[certificate]]
names = ["mail.example.org", "*.Example.net"]
source = "files"
cert = ["rsa.crt", "/etc/ssl/ec.crt"]
key = ["rsa.key", "/etc/ssl/ec.key"]

[[certificate]]
names = ["other.example.org", "192.0.2.1"]
source = "files"
cert = "other.crt"
key = "other.key"

[[listener]]
name = "mx"
bind = ["0.0.0.0:25", "[::]:25"]
mode = "starttls"
protocol = "smtp"
require_tls = false
tls_policy = "compatible"
strict_sni = true
client_ca = "ca.pem"
client_auth = "require"
backend = "mx"
[listener.timeouts]
idle = "20m"
setup = 90
[listener.limits]
commands = 30
line_bytes = "1KiB"

[[listener]]
name = "https"
bind = ["0.0.0.0:443"]
mode = "tls"
tls_policy = "modern"
backend = "http"

[[backend]]
name = "mx"
servers = ["unix:/run/smtp.sock", "[::1]:2525", "mail.lan:25"]
proxy_protocol = "v2"
tlvs = ["ssl", "crc32c"]
allow_remote_plaintext = true
[backend.probe]
interval = "5m"

[[backend]]
name = "http"
servers = ["127.0.0.1:8080"]
proxy_protocol = "v1"

[log]
level = "debug"
[drain]
on_stop = 0
"""


def compiled(text: str, **environ: str) -> Config:
    loaded = load_text(text, PATH, environ)
    assert loaded.problems == ()
    assert loaded.config is not None
    return loaded.config


def errors(loaded: Loaded) -> list[str]:
    assert loaded.config is None
    return [f"{problem.place}: {problem.message}" for problem in loaded.problems]


def test_everything_written_out() -> None:
    config = compiled(FULL)
    assert (config.path, config.hostname, config.workers) == (PATH, "mail.example.org", 3)
    assert config.state_dir == Path("/etc/stalwart-edge/state")
    assert (config.log_level, config.stop_grace_s) == ("debug", 0.0)
    first, second = config.certificates
    assert first == Certificate(
        names=("mail.example.org", "*.example.net"),
        source=Source.FILES,
        cert=(Path("/etc/stalwart-edge/rsa.crt"), Path("/etc/ssl/ec.crt")),
        key=(Path("/etc/stalwart-edge/rsa.key"), Path("/etc/ssl/ec.key")),
    )
    assert second.cert == (Path("/etc/stalwart-edge/other.crt"),)
    mx, https = config.listeners
    assert mx.bind == (TcpAddress(host="0.0.0.0", port=25), TcpAddress(host="::", port=25))
    assert (mx.mode, mx.protocol, mx.likely_protocol) == (Mode.STARTTLS, *[Protocol.SMTP] * 2)
    assert (mx.require_tls, mx.strict_sni, mx.tls_policy) == (False, True, Policy.COMPATIBLE)
    assert mx.client_ca == Path("/etc/stalwart-edge/ca.pem")
    assert mx.client_auth is ClientAuth.REQUIRE
    assert list(mx.timeouts) == [Protocol.SMTP]
    assert (mx.timeouts[Protocol.SMTP].idle_s, mx.timeouts[Protocol.SMTP].setup_s) == (1200, 90)
    assert (mx.limits.commands, mx.limits.line_bytes) == (30, 1024)
    assert (https.mode, https.protocol, https.likely_protocol) == (Mode.TLS, None, Protocol.HTTP)
    assert config.backends["mx"] == Backend(
        name="mx",
        servers=(
            UnixAddress(path="/run/smtp.sock"),
            TcpAddress(host="::1", port=2525),
            TcpAddress(host="mail.lan", port=25),
        ),
        proxy_protocol=ProxyVersion.V2,
        tlvs=(Tlv.SSL, Tlv.CRC32C),
        probe_interval_s=300.0,
    )
    assert config.backends["http"].tlvs == ()


def test_defaults() -> None:
    config = compiled(MINIMAL)
    assert config.hostname == "mail.example.org"
    assert config.workers >= 1
    assert (config.log_level, config.stop_grace_s) == ("info", 30.0)
    (listener,) = config.listeners
    assert (listener.protocol, listener.likely_protocol) == (None, Protocol.IMAP)
    assert (listener.require_tls, listener.strict_sni) == (True, False)
    assert listener.tls_policy is Policy.INTERMEDIATE
    assert (listener.client_ca, listener.client_auth) == (None, ClientAuth.REQUEST)
    assert set(listener.timeouts) == set(Protocol)
    assert listener.limits == Limits(
        line_bytes=4096,
        commands=20,
        unknown_commands=3,
        clear_bytes=65536,
        hello_bytes=65536,
        connections=20000,
    )
    backend = config.backends["imap"]
    assert (backend.proxy_protocol, backend.tlvs) == (ProxyVersion.V2, tuple(Tlv))
    assert backend.probe_interval_s == 30.0


@pytest.mark.parametrize(
    ("protocol", "idle_m", "lifetime_h"),
    [
        (Protocol.SMTP, 10, 2),
        (Protocol.IMAP, 31, 24),
        (Protocol.POP3, 11, 2),
        (Protocol.SIEVE, 31, 4),
        (Protocol.HTTP, 31, 24),
        (Protocol.RAW, 31, 24),
    ],
)
def test_default_timeouts(protocol: Protocol, idle_m: int, lifetime_h: int) -> None:
    timeouts = compiled(MINIMAL).listeners[0].timeouts[protocol]
    assert (timeouts.idle_s, timeouts.lifetime_s) == (60 * idle_m, 3600 * lifetime_h)
    assert (timeouts.setup_s, timeouts.hello_s, timeouts.handshake_s) == (60, 10, 20)
    assert (timeouts.connect_s, timeouts.greeting_s, timeouts.half_closed_s) == (5, 30, 60)


@pytest.mark.parametrize(
    ("bind", "server", "protocol"),
    [
        (25, 2525, Protocol.SMTP),
        (465, 2525, Protocol.SMTP),
        (587, 143, Protocol.SMTP),
        (143, 2143, Protocol.IMAP),
        (993, 2143, Protocol.IMAP),
        (110, 2110, Protocol.POP3),
        (995, 2110, Protocol.POP3),
        (4190, 14190, Protocol.SIEVE),
        (443, 8080, Protocol.HTTP),
        (2525, 25, Protocol.SMTP),
        (2143, 993, Protocol.IMAP),
        (1234, 5678, Protocol.RAW),
    ],
)
def test_likely_protocol_by_port(bind: int, server: int, protocol: Protocol) -> None:
    text = MINIMAL.replace("[::]:143", f"[::]:{bind}")
    text = text.replace("127.0.0.1:143", f"127.0.0.1:{server}")
    assert compiled(text).listeners[0].likely_protocol is protocol


@pytest.mark.parametrize(
    ("environ", "state_dir"),
    [
        ({}, "/var/lib/stalwart-edge"),
        ({"STATE_DIRECTORY": ""}, "/var/lib/stalwart-edge"),
        ({"STATE_DIRECTORY": "/srv/edge"}, "/srv/edge"),
        ({"STATE_DIRECTORY": "/srv/edge:/srv/other"}, "/srv/edge"),
    ],
)
def test_state_directory(environ: dict[str, str], state_dir: str) -> None:
    assert compiled(MINIMAL, **environ).state_dir == Path(state_dir)


def test_the_tree_cannot_be_changed() -> None:
    config = compiled(MINIMAL)
    assert isinstance(config.backends, MappingProxyType)
    assert isinstance(config.listeners[0].timeouts, MappingProxyType)


def test_all_errors_at_once_in_the_order_of_the_file() -> None:
    text = """\
hostnam = "x"
[edge]
hostname = "mail.example.org"
wokers = 2
[[certificate]]
names = ["mail.example.org",
  "a.*.org"]
source = "self-signed"
[[listener]]
name = "mx"
bind = ["192.0.2.1:25",
  "localhost:25"]
mode = "starttl"
[listener.timeouts]
idle = "31x"
hello = 0
[listener.limits]
line_bytes = "4MiB"
commands = true
[[backend]]
name = "smtp"
servers = []
proxy_protocol = "v3"
tlvs = ["ssl", "tls"]
allow_remote_plaintext = "yes"
"""
    loaded = load_text(text, PATH, {})
    assert errors(loaded) == [
        "edge.toml:1 hostnam: unknown key",
        "edge.toml:4 [edge] wokers: unknown key",
        'edge.toml:7 [certificate.0] names[1]: "a.*.org" is neither a DNS name nor an IP address',
        "edge.toml:9 [listener.0]: `backend` is missing",
        'edge.toml:12 [listener.0] bind[1]: "localhost:25": `localhost` is not an IP address',
        'edge.toml:13 [listener.0] mode: "starttl" is no choice here',
        'edge.toml:15 [listener.0.timeouts] idle: "31x" is not a duration',
        "edge.toml:16 [listener.0.timeouts] hello: 0: not from 0.1s to 366d",
        'edge.toml:18 [listener.0.limits] line_bytes: "4MiB": not from 512 to 65536 bytes',
        "edge.toml:19 [listener.0.limits] commands: True is not a number from 0 to 1000",
        "edge.toml:22 [backend.0] servers: the list is empty",
        'edge.toml:23 [backend.0] proxy_protocol: "v3" is no choice here',
        'edge.toml:24 [backend.0] tlvs[1]: "tls" is no choice here',
        'edge.toml:25 [backend.0] allow_remote_plaintext: "yes" is neither true nor false',
    ]
    remedies = {problem.place: problem.remedy for problem in loaded.problems}
    assert remedies["edge.toml:4 [edge] wokers"] == "Did you mean `workers`?"
    assert remedies["edge.toml:13 [listener.0] mode"] == (
        'Did you mean "starttls"? Choices: "tls", "starttls".'
    )
    assert remedies["edge.toml:15 [listener.0.timeouts] idle"] == (
        'Write one like 30, "30s", "31m", "24h", "7d".'
    )
    assert all(remedies.values())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "",
            [
                "there is no table [edge]",
                *(f"there is no [[{x}]]" for x in ("listener", "backend")),
            ],
        ),
        ("[edge]", ["`hostname` is missing"]),
        ("edge = 1", ["1 is not a table"]),
        ("listener = [1]", ["1 is not a table"]),
        ("[listener]\nname = 'a'", ["`listener` is a list of tables", "`bind` is missing"]),
        ("[edge]\nhostname = 5", ["5 is not a host name"]),
        ("[edge]\nhostname = 'a..b'", ['"a..b" is not a DNS name']),
        ("[edge]\nhostname = '192.0.2.1'", ['"192.0.2.1" is not a DNS name']),
        ('[edge]\nhostname = "a.org\\n"', ['"a.org\\n" is not a host name']),
        ("[edge]\nhostname = 'a'\nworkers = 0", ["0 is not a number of processes"]),
        ("[edge]\nhostname = 'a'\nworkers = 'all'", ['"all" is not a number of processes']),
        ("[log]\nlevel = 'loud'", ['"loud" is no choice here']),
        ("[drain]\non_stop = -1", ["-1 is not a duration"]),
        ("[drain]\non_stop = inf", ["inf: not a duration"]),
        ("[drain]\non_stop = nan", ["nan is not a duration"]),
        ("[drain]\non_stop = '2d'", ['"2d": not from 0s to 1d']),
        ("[drain]\non_stop = 1979-05-27", ["datetime.date(1979, 5, 27) is not a duration"]),
    ],
)
def test_single_errors(text: str, expected: list[str]) -> None:
    messages = [problem.message for problem in load_text(text, PATH, {}).problems]
    assert set(expected) <= set(messages)


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("[edge]\nhostname mail", "edge.toml:2", "not TOML: Expected '=' after a key"),
        ("[edge", "edge.toml:1", "not TOML: Expected ']' at the end of a table declaration"),
        ("[edge]\nhostname = 'a\n", "edge.toml:2", "not TOML: Expected"),
        ("a = 1\na = 2", "edge.toml:2", "not TOML: Cannot overwrite a value"),
        (f"a = {'[' * 10000}", str(PATH), "is nested too deeply"),
        (f"a = {'1' * 10000}", str(PATH), "holds a number too long to be read"),
    ],
)
def test_text_that_is_not_toml(text: str, place: str, message: str) -> None:
    (problem,) = load_text(text, PATH, {}).problems
    assert problem.place == place
    assert problem.message.startswith(message)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (problem,) = load(tmp_path / "absent.toml", {}).problems
    assert problem.place == str(tmp_path / "absent.toml")
    assert problem.message == "cannot be read: No such file or directory"
    (problem,) = load(tmp_path, {}).problems
    assert problem.message == "cannot be read: Is a directory"


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    path.write_bytes(b"[edge]\nhostname = '\xff'\n")
    (problem,) = load(path, {}).problems
    assert (problem.place, problem.message) == (f"{path}:2", "is not UTF-8 text")
    (problem,) = load(Path("/dev/zero"), {}).problems
    assert problem.message == "is larger than 1 MiB"


# Whatever is in a file: a configuration or problems, each on one line, and never an exception.

SCALARS = (
    st.none().map(lambda _: True)
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.dates()
    | st.datetimes()
    | st.times()
    | st.sampled_from(["acme", "https://a.org/d", "rfc2136", "exec", "http-01", "rsa-2048"])
    | st.sampled_from(["auto", "smtp", "127.0.0.1:25", "unix:/x", "31m", "64KiB", "a.org", "*.a"])
)
KEYS = st.sampled_from(
    [
        *("edge", "hostname", "workers", "state_dir", "certificate", "names", "source", "cert"),
        *("key", "listener", "name", "bind", "mode", "protocol", "require_tls", "tls_policy"),
        *("strict_sni", "client_ca", "client_auth", "backend", "timeouts", "idle", "setup"),
        *("limits", "line_bytes", "commands", "connections", "servers", "proxy_protocol", "tlvs"),
        *("acme", "issuer", "dns", "agree_to_terms", "http_bind", "directory", "provider"),
        *("server", "options", "args", "key_types", "challenges", "reuse_key", "admin", "socket"),
        *("allow_remote_plaintext", "probe", "interval", "log", "level", "drain", "on_stop"),
    ]
) | st.text(max_size=8)
DOCUMENTS = st.dictionaries(
    KEYS,
    st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=6),
        max_leaves=15,
    ),
    max_size=6,
)


@given(DOCUMENTS)
@settings(max_examples=150, deadline=None)
def test_any_document_comes_to_problems(document: dict[str, object]) -> None:
    findings = Findings(places=Places("edge.toml", ""))
    raw = convert_file(document, findings)
    resolve(raw, directory=Path("/etc"))
    for problem in (*findings.errors, *findings.warnings):
        assert problem.message
        assert problem.remedy
        assert "\n" not in f"{problem.place}{problem.message}"


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_a_good_file_with_one_line_spoilt(data: st.DataObject) -> None:
    lines = FULL.splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    key = lines[at].partition("=")[0]
    lines[at] = data.draw(st.just("") | st.text(max_size=20) | st.just(f"{key}= 5"))
    loaded = load_text("\n".join(lines), PATH, {})
    assert (loaded.config is None) == bool(loaded.problems)


@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    assert load_text(text, PATH, {}).problems
