"""The embedded local CA: it lives as long as the demo, and signs the edge's one certificate."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from trustme import CA

from edge.demo.places import EDGE_HOST, SERVER_NAME

_NAMES: Final = (SERVER_NAME, "*.demo.test", EDGE_HOST, "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFiles:
    """PEM files: what clients trust, and what the edge serves."""

    ca: Path
    chain: Path
    key: Path


def issue(folder: Path) -> CertificateFiles:
    """Make a CA and a certificate for the names of the demo, and write them into `folder`."""
    ca = CA(organization_name="stalwart-edge demo")
    certificate = ca.issue_cert(*_NAMES, common_name=SERVER_NAME)
    files = CertificateFiles(
        ca=folder / "ca.pem", chain=folder / "fullchain.pem", key=folder / "privkey.pem"
    )
    ca.cert_pem.write_to_path(files.ca)
    for number, pem in enumerate(certificate.cert_chain_pems):
        pem.write_to_path(files.chain, append=number > 0)
    files.key.touch(mode=0o600)
    certificate.private_key_pem.write_to_path(files.key)
    return files
