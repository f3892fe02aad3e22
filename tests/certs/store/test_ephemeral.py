"""A store that a reboot empties is said to be one: it would order everything again."""

from pathlib import Path

import pytest

from certs.store.ephemeral import ephemeral_reason, reason_from
from certs.store.filestore import FileStore

MOUNTS = r"""
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
23 22 0:21 / /run rw,nosuid shared:2 - tmpfs tmpfs rw,size=10%
24 23 254:1 / /run/kept rw shared:3 - xfs /dev/vdb rw
25 22 0:22 / /with\040space rw - tmpfs tmpfs rw
26 22 0:23 / /image rw - overlay overlay rw,lowerdir=/a
27 22 0:24 / /twice rw - tmpfs tmpfs rw
28 22 254:2 / /twice rw - ext4 /dev/vdc rw
29 22 0:25 / /root rw - ramfs none rw
a line that is none
"""


@pytest.mark.parametrize(
    ("place", "point"),
    [
        ("/var/lib/edge", None),
        ("/run/edge", "/run is a tmpfs"),
        ("/run", "/run is a tmpfs"),
        ("/running", None),
        ("/run/kept/edge", None),
        ("/with space/edge", "/with space is a tmpfs"),
        ("/image/edge", "/image is a overlay"),
        ("/twice/edge", None),
        ("/root", "/root is a ramfs"),
    ],
)
def test_by_what_is_mounted(place: str, point: str | None) -> None:
    reason = reason_from(MOUNTS, Path(place))
    if point is None:
        assert reason is None
    else:
        assert reason is not None
        assert reason.startswith(point)
        assert "gone" in reason


@pytest.mark.parametrize("text", ["", "\n", "x - y", "1 2 3 4 /", " - "])
def test_nothing_known_nothing_said(text: str) -> None:
    assert reason_from(text, Path("/var/lib/edge")) is None


def test_a_real_tmpfs(small_disk: Path, tmp_path: Path) -> None:
    reason = FileStore(small_disk / "not" / "yet" / "there").ephemeral_reason
    assert reason is not None
    assert reason.startswith(f"{small_disk} is a tmpfs")
    link = tmp_path / "link"
    link.symlink_to(small_disk)
    assert FileStore(link / "certs").ephemeral_reason == reason


def test_a_real_disk() -> None:
    here = Path(__file__).resolve().parent
    kinds = {
        line.split(" - ")[1].split()[0]
        for line in Path("/proc/self/mountinfo").read_text().splitlines()
        if here.is_relative_to(line.split()[4])
    }
    if kinds & {"overlay", "tmpfs"}:
        pytest.skip("these sources are not on a disk")
    assert ephemeral_reason(here) is None


def test_a_loop_of_links(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert ephemeral_reason(tmp_path / "a") is None
