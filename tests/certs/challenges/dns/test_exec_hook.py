"""A program changes the zone: what it is given, and what becomes of those that misbehave."""

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest

from certs.challenges.dns.exec_hook import ExecProvider
from certs.challenges.solver import PathError

NAME = "_acme-challenge.mail.example.org."


def hook(directory: Path, text: str) -> Path:
    path = directory / "hook"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_what_it_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_SERVICE", "x")
    said = tmp_path / "said"
    program = hook(
        tmp_path,
        f'exec >>{said}; printf "%s\\n" "$#" "$@" "$(pwd)"; env | grep -v ^PWD; cat',
    )
    provider = ExecProvider(program=program, environment={"TOKEN": "t"})
    asyncio.run(provider.present(NAME, "value of-1"))
    lines = said.read_text().splitlines()
    assert lines[:5] == ["3", "present", NAME, "value of-1", "/"]
    assert {line.split("=")[0] for line in lines[5:]} <= {"LANG", "PATH", "TOKEN", "_", "OLDPWD"}
    said.unlink()
    asyncio.run(provider.clean_up(NAME, "value"))
    assert said.read_text().splitlines()[:4] == ["3", "cleanup", NAME, "value"]


def failure(program: Path, *, deadline_s: float = 10) -> str:
    provider = ExecProvider(program=program, deadline_s=deadline_s)
    with pytest.raises(PathError) as caught:
        asyncio.run(provider.present(NAME, "value"))
    return caught.value.message


def test_status_and_words(tmp_path: Path) -> None:
    program = hook(tmp_path, "echo no such zone; printf '\\033[31mred' >&2; exit 3")
    assert failure(program) == (
        f"the hook {program} present ended with status 3, saying: no such zone\\n\\x1b[31mred"
    )


def test_killed(tmp_path: Path) -> None:
    program = hook(tmp_path, "kill -9 $$")
    assert failure(program) == f"the hook {program} present was killed by signal 9"


def test_endless_output_is_read_and_cut(tmp_path: Path) -> None:
    program = hook(tmp_path, f"{sys.executable} -c \"print('a' * 3_000_000)\"; exit 1")
    assert len(failure(program)) < 700


def test_deadline_ends_it_and_its_children(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    program = hook(tmp_path, f"echo waiting; sleep 600 & echo $! >{pids}; wait")
    words = failure(program, deadline_s=0.5)
    assert words == f"the hook {program} present did not end in 0.5 s, saying: waiting"
    assert is_gone(int(pids.read_text()))


def test_a_child_left_behind_holds_nothing_up(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    program = hook(tmp_path, f"sleep 600 & echo $! >{pids}")
    asyncio.run(ExecProvider(program=program, deadline_s=10).present(NAME, "value"))
    assert is_gone(int(pids.read_text()))


def test_cancelled(tmp_path: Path) -> None:
    began = tmp_path / "began"
    os.mkfifo(began)
    program = hook(tmp_path, f"echo $$ >{began}; sleep 600")

    async def dialogue() -> int:
        running = asyncio.ensure_future(ExecProvider(program=program).present(NAME, "value"))
        pid = int(await asyncio.to_thread(began.read_text))
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        return pid

    assert is_gone(asyncio.run(dialogue()))


@pytest.mark.parametrize(
    ("mode", "text", "words"),
    [
        (None, "", "no such file"),
        (0o644, "#!/bin/sh\n", "permission denied"),
        (0o755, "no interpreter\n", "exec format error"),
    ],
)
def test_not_a_program(tmp_path: Path, mode: int | None, text: str, words: str) -> None:
    path = tmp_path / "hook"
    if mode is not None:
        path.write_text(text)
        path.chmod(mode)
    assert f"cannot be started: {words}" in failure(path)


@pytest.mark.parametrize("name", ["$(id).example.org.", "-rf.example.org.", "a b.", "a;b.", "a\n."])
def test_no_hook_for_odd_names(tmp_path: Path, name: str) -> None:
    ran = tmp_path / "ran"
    provider = ExecProvider(program=hook(tmp_path, f"touch {ran}"))
    with pytest.raises(PathError, match="the hook is not run for the name"):
        asyncio.run(provider.present(name, "value"))
    assert not ran.exists()


def is_gone(pid: int) -> bool:
    """Whether a process has ended, or does so in a moment (nobody here is its parent)."""
    for _ in range(100):
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.02)
    return False
