"""Small files that the configuration names: CAs and secrets, read whole and judged."""

import ssl
import stat
from pathlib import Path
from typing import Final

from edge.config.findings import Findings
from edge.config.places import Table

_MAX_SECRET_BYTES: Final = 16_384


def read_ca(path: Path, table: Table, key: str, findings: Findings) -> bytes:
    """The PEM of CA certificates; empty when there is none, which is then among the findings."""
    message = "holds no CA certificate in PEM"
    try:
        pem = path.read_bytes()
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(cadata=pem.decode("ascii"))
    except (ssl.SSLError, ValueError):
        pass
    except OSError as error:
        message = f"cannot be read: {_reason(error)}"
    else:
        return pem
    remedy = "Name a readable PEM file with the certificates of the CAs."
    findings.error(table, key, f"{path}: {message}", remedy)
    return b""


def read_secret(path: Path, table: Table, key: str, findings: Findings) -> str | None:
    """The text in a file, without white space around it; None when there is none.

    That everybody may read it is a warning: it works.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_SECRET_BYTES + 1)
            mode = path.stat().st_mode
    except OSError as error:
        remedy = "Name a file that the user of the service may read."
        findings.error(table, key, f"{path}: cannot be read: {_reason(error)}", remedy)
        return None
    text = content.decode("utf-8", "replace").strip()
    if not text or len(content) > _MAX_SECRET_BYTES or not text.isprintable():
        message = "is empty" if not text else "holds no secret of one line"
        findings.error(table, key, f"{path}: {message}", "Put the secret there, and nothing else.")
        return None
    if mode & stat.S_IROTH:
        message = f"{path}: every user of this host can read this secret"
        findings.warn(table, key, message, f"chmod o-r {path}")
    return text


def is_readable_by_all(path: Path) -> bool:
    """Whether every user of this host can read a file."""
    try:
        return bool(path.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False


def _reason(error: OSError) -> str:
    return (error.strerror or "unreadable").lower()
