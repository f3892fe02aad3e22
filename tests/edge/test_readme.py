"""What the documents promise is so: examples, commands, targets, outcomes, keys and defaults."""

import json
import re
import shlex
from pathlib import Path

import click
import msgspec
import pytest

from edge.cli.main import main
from edge.config import model
from edge.config.acme.model import Acme, Dns, Issuer
from edge.config.defaults import LIMITS, TIMEOUTS
from edge.config.load import load_text
from edge.config.tree import Config, TcpAddress
from edge.config.units import format_duration
from edge.core.protocol import Protocol
from edge.ops.records import Closed, Established
from edge.outcome import Outcome

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text()
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()
DOCUMENTS = {"README.md": README, "docs/configuration.md": CONFIGURATION}

PART_OF_A_LISTENER = """
[edge]
hostname = "mail.example.org"
[[certificate]]
names = ["mail.example.org"]
source = "self-signed"
[[backend]]
name = "imap"
servers = ["127.0.0.1:993"]
[[listener]]
name = "imaps"
bind = ["192.0.2.10:993"]
mode = "tls"
protocol = "imap"
backend = "imap"
"""


def blocks(text: str, info: str) -> list[str]:
    """The fenced blocks whose info string is exactly `info`."""
    return re.findall(rf"^```{re.escape(info)}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def compiled(text: str) -> Config:
    """The configuration, without a single complaint. Files that it names need not exist."""
    loaded = load_text(text, Path("/etc/stalwart-edge/edge.toml"), {})
    assert (loaded.problems, loaded.warnings) == ((), ())
    assert loaded.config is not None
    return loaded.config


def commands() -> list[list[str]]:
    """Every command line of the README that begins with our program, without its comment."""
    lines = "\n".join(blocks(README, "sh")).splitlines()
    parts = [part.strip() for line in lines for part in line.split("&&")]
    words = [shlex.split(part, comments=True) for part in parts]
    return [one[1:] for one in words if one and Path(one[0]).name == "stalwart-edge"]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_toml_examples_are_accepted_without_a_warning(document: str) -> None:
    examples = blocks(DOCUMENTS[document], "toml")
    assert examples
    for example in examples:
        compiled(example)


def test_parts_of_a_listener_are_accepted() -> None:
    parts = blocks(README, "toml part-of-listener")
    assert parts
    for part in parts:
        compiled(PART_OF_A_LISTENER + part)


def test_certificates_of_the_readme_are_accepted() -> None:
    """With the listeners of the large example, in place of its own certificate."""
    example = blocks(README, "toml")[0]
    head = example[: example.index("# --- the certificate")]
    listeners = example[example.index("# --- mail from other servers") :]
    (part,) = blocks(README, "toml part-of-certificates")
    config = compiled(head + part + listeners)
    assert config.acme is not None
    assert len(config.acme.settings.issuers) == 2


def test_parts_of_a_file_are_accepted_with_the_rest_of_the_smallest_one() -> None:
    smallest, *_ = blocks(CONFIGURATION, "toml")
    head, _, rest = smallest.partition("[[certificate]]")
    rest = rest[rest.index("[[listener]]") :]
    parts = blocks(CONFIGURATION, "toml part-of-file")
    assert parts
    for part in parts:
        assert compiled(head + part + rest).certificates[0].managed


def test_the_example_keeps_port_numbers_and_leaves_loopback_to_stalwart() -> None:
    config = compiled(blocks(README, "toml")[0])
    ports = set()
    for listener in config.listeners:
        servers = config.backends[listener.backend].servers
        (port,) = {address.port for address in listener.bind}
        assert servers == (TcpAddress(host="127.0.0.1", port=port),)
        assert {address.host for address in listener.bind} == {"192.0.2.10", "2001:db8::10"}
        assert listener.require_tls == (port != 25)
        ports.add(port)
    assert ports == {25, 465, 587, 993, 143, 995, 110, 4190, 443}


def test_commands_exist_with_their_options() -> None:
    assert commands()
    group = click.Context(main)
    for verb, *arguments in commands():
        command = main.get_command(group, verb)
        assert command is not None, verb
        command.make_context(verb, arguments, resilient_parsing=False)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_verbs_in_running_text_exist(document: str) -> None:
    named = set(re.findall(r"`stalwart-edge ([a-z]+)", DOCUMENTS[document]))
    assert named <= set(main.list_commands(click.Context(main)))


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"^make ([a-z]+)", "\n".join(blocks(README, "sh")), re.MULTILINE))
    assert named == {"demo", "check", "test", "bench"}
    assert named <= targets


def test_every_outcome_is_explained_once() -> None:
    (table,) = re.findall(r"^## Outcomes\n(.*?)^## ", README, re.DOTALL | re.MULTILINE)
    explained = re.findall(r"^\| `([a-z_]+)` \|", table, re.MULTILINE)
    assert sorted(explained) == sorted(Outcome)


def test_records_have_the_fields_that_are_shown() -> None:
    (block,) = blocks(README, "json")
    established, closed = map(json.loads, block.splitlines())
    for shown, record in ((established, Established), (closed, Closed)):
        assert list(shown) == list(record.__struct_fields__)
        msgspec.convert(shown, record)
    assert closed["outcome"] in set(Outcome)


@pytest.mark.parametrize(
    "table",
    [
        model.Edge,
        model.Certificate,
        model.Listener,
        model.Timeouts,
        model.Limits,
        model.Backend,
        model.Probe,
        model.Log,
        model.Drain,
        model.Admin,
        Acme,
        Issuer,
        Dns,
    ],
)
def test_every_key_is_documented(table: type[msgspec.Struct]) -> None:
    tables = {"timeouts", "limits", "probe", "issuer", "dns"}
    documented = set(re.findall(r"^\| `([a-z_]+)` \|", CONFIGURATION, re.MULTILINE))
    assert set(table.__struct_fields__) - tables <= documented


@pytest.mark.parametrize("protocol", list(Protocol))
def test_timeouts_have_the_documented_defaults(protocol: Protocol) -> None:
    default = TIMEOUTS[protocol]
    idle, lifetime = format_duration(default.idle_s), format_duration(default.lifetime_s)
    # A day and 24 hours are the same to the reader; the table says hours.
    assert f"| {protocol} | {idle} | {lifetime.replace('1d', '24h')} |" in CONFIGURATION
    for key in ("setup", "hello", "handshake", "connect", "greeting", "half_closed"):
        seconds = getattr(default, f"{key}_s")
        assert f"| `{key}` | {seconds:g}s |" in CONFIGURATION


@pytest.mark.parametrize("key", model.Limits.__struct_fields__)
def test_limits_have_the_documented_defaults_and_ranges(key: str) -> None:
    row = rf"^\| `{key}` \| (\d+) \| (\d+) to (\d+) \|"
    default, least, most = map(int, re.findall(row, CONFIGURATION, re.MULTILINE)[0])
    assert default == getattr(LIMITS, key)
    for value, is_fine in ((least, True), (most, True), (least - 1, False), (most + 1, False)):
        text = f"{PART_OF_A_LISTENER}[listener.limits]\n{key} = {value}\n"
        assert bool(load_text(text, Path("edge.toml"), {}).problems) != is_fine, value


def test_links_inside_the_documents_lead_somewhere() -> None:
    headings = re.findall(r"^#+ (.*)$", README, re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", one.lower()).replace(" ", "-") for one in headings}
    for target in re.findall(r"\]\(([^)]+)\)", README):
        if target.startswith("#"):
            assert target[1:] in anchors
        elif not target.startswith("https://"):
            assert (ROOT / target).is_file(), target


def test_modules_of_the_architecture_exist() -> None:
    modules = set(re.findall(r"`(edge(?:\.[a-z]+)+)`", ARCHITECTURE))
    assert len(modules) > 10
    for name in modules:
        place = ROOT.joinpath(*name.split("."))
        assert place.is_dir() or place.with_suffix(".py").is_file(), name
