"""`stalwart-edge cert` as a person runs it, beside an edge of `tests.support.acme_edge`."""

import json
import subprocess
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TIMEOUT_S = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class CertCommand:
    """With the edge.toml of `directory`."""

    directory: Path

    def __call__(self, *words: str, status: int = 0) -> str:
        """What it prints; with `--json` to stdout only. Fails when it ends with another status."""
        script = Path(sysconfig.get_path("scripts")) / "stalwart-edge"
        done = subprocess.run(
            [script, "cert", *words, "--config", self.directory / "edge.toml"],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
        assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
        return done.stdout if "--json" in words else done.stdout + done.stderr

    def json(self, *words: str, status: int = 0) -> Any:
        """What it prints for programs."""
        return json.loads(self(*words, "--json", status=status))
