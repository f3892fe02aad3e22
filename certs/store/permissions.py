"""Who may read a store: its owner only. Anything else is mended, or said; it is served anyway.

Volumes of containers come with modes of their own, which some of them do not let anybody change: to
refuse them would be to refuse to serve.
"""

import os
import stat
from pathlib import Path
from typing import Final

from certs.errors import CertProblem
from certs.store.durable import FILE_MODE, FOLDER_MODE

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def tighten(root: Path) -> tuple[CertProblem, ...]:
    """Take from others what they may do to `root` and all that is below; links are left alone.

    At most two problems, whatever the number of files: what was mended (a key may have been read
    until now), and what cannot be.
    """
    mended: list[Path] = []
    loose: list[Path] = []
    for path in _all_below(root):
        try:
            found = path.lstat()
            if stat.S_ISLNK(found.st_mode) or not found.st_mode & _OTHERS:
                continue
            mode = FOLDER_MODE if stat.S_ISDIR(found.st_mode) else FILE_MODE
            path.chmod(mode)
            # Some filesystems say yes and do nothing.
            is_mended = not path.lstat().st_mode & _OTHERS
        except FileNotFoundError:
            continue
        except OSError:
            is_mended = False
        (mended if is_mended else loose).append(path)
    problems: list[CertProblem] = []
    if mended:
        problems.append(
            _problem(
                mended,
                "could be read or written by other users, and no longer can",
                "If anybody else uses this host, renew with new keys.",
            )
        )
    if loose:
        problems.append(
            _problem(
                loose,
                "can be read or written by other users, and that cannot be changed",
                "Use a volume that belongs to the user of the service, mode 0700.",
            )
        )
    return tuple(problems)


def _all_below(root: Path) -> list[Path]:
    paths = [root]
    # What cannot be listed is skipped.
    for folder, folders, files in os.walk(root):
        paths += [Path(folder, name) for name in (*folders, *files)]
    return paths


def _problem(paths: list[Path], message: str, remedy: str) -> CertProblem:
    more = f" and {len(paths) - 1} more below" if len(paths) > 1 else ""
    return CertProblem(
        place=str(paths[0]), message=f"{paths[0].name}{more} {message}", remedy=remedy, fatal=False
    )
