"""Whether a folder survives a reboot: from what is mounted there (proc_pid_mountinfo(5))."""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

_MOUNTINFO: Final = Path("/proc/self/mountinfo")
_IN_MEMORY: Final = "in memory, and gone after a reboot"
_OF_CONTAINER: Final = "in the container's own layer, and gone with the container"
_EPHEMERAL: Final[Mapping[str, str]] = MappingProxyType(
    {
        "tmpfs": _IN_MEMORY,
        "ramfs": _IN_MEMORY,
        "rootfs": _IN_MEMORY,
        "devtmpfs": _IN_MEMORY,
        "overlay": _OF_CONTAINER,
        "aufs": _OF_CONTAINER,
        "fuse-overlayfs": _OF_CONTAINER,
        "fuse.fuse-overlayfs": _OF_CONTAINER,
    }
)
_OCTAL: Final = re.compile(r"\\([0-7]{3})")
_MOUNT_POINT: Final = 4


def ephemeral_reason(folder: Path) -> str | None:
    """Why what is stored in `folder` may be gone after a reboot; None: nothing says so.

    The folder need not exist yet. Without /proc nothing is known, and nothing said.
    """
    try:
        mountinfo = _MOUNTINFO.read_text(errors="surrogateescape")
        place = folder.resolve()
    except (OSError, RuntimeError):
        return None
    return reason_from(mountinfo, place)


def reason_from(mountinfo: str, place: Path) -> str | None:
    """Return the same from the text of a mountinfo file; `place` is absolute, without links.

    Of several mounts over `place` the deepest one counts, of those the one mounted last.
    """
    deepest: tuple[int, str, Path] | None = None
    for line in mountinfo.splitlines():
        mount, _, filesystem = line.partition(" - ")
        fields = mount.split(" ")
        if len(fields) <= _MOUNT_POINT or not filesystem:
            continue
        point = Path(_OCTAL.sub(lambda found: chr(int(found[1], 8)), fields[_MOUNT_POINT]))
        depth = len(point.parts)
        if place.is_relative_to(point) and (deepest is None or depth >= deepest[0]):
            deepest = (depth, filesystem.split(" ")[0], point)
    if deepest is None:
        return None
    _, kind, point = deepest
    fate = _EPHEMERAL.get(kind)
    return None if fate is None else f"{point} is a {kind}: {fate}"
