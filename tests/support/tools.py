"""Programs of the system that a test runs: found, or the test is skipped (in CI: it fails)."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

import pytest

SEARCH_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", "/sbin"])


def program(name: str) -> str:
    """The path of `name`; skips the test when it is not installed."""
    path = shutil.which(name, path=SEARCH_PATH)
    if path is None:
        unavailable(f"{name} is not installed (tests/support/install-tools.sh installs it)")
    return path


def unavailable(reason: str) -> NoReturn:
    """Skip; but fail where everything is promised to be there, so that nothing is lost unseen."""
    if os.environ.get("CI") == "true" or os.environ.get("STALWART_EDGE_REQUIRE_TOOLS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A program that ended: its exit status and all that it said, both streams in one."""

    status: int
    text: str


def run(
    name: str,
    *arguments: str,
    stdin: bytes = b"",
    timeout_s: float = 30,
    env: Mapping[str, str] | None = None,
) -> Finished:
    """Run a client to its end."""
    done = subprocess.run(
        [program(name), *arguments],
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=timeout_s,
        check=False,
        env={**os.environ, **(env or {})},
    )
    return Finished(status=done.returncode, text=done.stdout.decode("utf-8", "replace"))
