"""The command itself: its verbs, its help, and how it answers wrong usage."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from edge.cli.main import main

VERBS = ("run", "check", "cert", "version", "demo")


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_names_every_verb_and_gives_examples(option: str) -> None:
    result = CliRunner().invoke(main, [option])
    assert result.exit_code == 0
    lines = result.output.splitlines()
    for verb in VERBS:
        (line,) = (line for line in lines if line.startswith(f"  {verb} "))
        assert line.endswith(".")
    assert "Examples:" in result.output


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_each_verb_has_examples(verb: str) -> None:
    result = CliRunner().invoke(main, [verb, "-h"])
    assert result.exit_code == 0
    assert "Examples:" in result.output
    assert f"stalwart-edge {verb}" in result.output


@pytest.mark.parametrize("verb", ["run", "check"])
def test_where_the_configuration_is_looked_for(verb: str) -> None:
    output = CliRunner().invoke(main, [verb, "-h"]).output
    assert "STALWART_EDGE_CONFIG" in output
    assert "/etc/stalwart-edge/edge.toml" in output


@pytest.mark.parametrize("arguments", [["chekc"], ["check", "--jsn"], ["version", "extra"]])
def test_wrong_usage(arguments: list[str]) -> None:
    assert CliRunner().invoke(main, arguments).exit_code == 2


def test_python_dash_m() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "edge", "--help"], capture_output=True, text=True, check=True
    )
    assert "Terminates TLS and STARTTLS" in run.stdout
