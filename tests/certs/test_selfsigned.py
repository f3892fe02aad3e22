"""The certificate of a host that has none yet: marked, kept over restarts, private."""

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from certs import CertError, Certificate, CertificateSet, load_or_create_self_signed, self_signed
from certs.selfsigned import ORGANISATION

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NAMES = ("mail.example.org", "*.example.net", "127.0.0.1", "::1")


def only(certificates: CertificateSet) -> Certificate:
    (one,) = certificates.certificates
    return one


def test_marked_and_for_all_names() -> None:
    made = only(self_signed(NAMES, now=NOW, valid_for=timedelta(days=7)))
    assert made.names == NAMES
    assert made.is_self_signed
    assert (made.key_algorithm, made.signature_algorithm) == ("EC256", "ECDSA-SHA256")
    assert made.not_before < NOW
    assert made.not_after == NOW + timedelta(days=7)
    leaf = x509.load_pem_x509_certificate(made.chain_pem)
    (mark,) = leaf.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    assert mark.value == ORGANISATION


def test_a_name_too_long_for_a_common_name() -> None:
    name = f"{'a' * 60}.example.org"
    assert only(self_signed([name], now=NOW, valid_for=timedelta(days=7))).names == (name,)


def test_kept_over_restarts(tmp_path: Path) -> None:
    directory = tmp_path / "state" / "self-signed"
    first = load_or_create_self_signed(directory, NAMES, NOW)
    again = load_or_create_self_signed(directory, NAMES, NOW + timedelta(days=100))
    assert again == first


def test_nobody_else_can_read_it_and_nothing_is_left_behind(tmp_path: Path) -> None:
    directory = tmp_path / "state" / "self-signed"
    before = os.umask(0)
    try:
        load_or_create_self_signed(directory, NAMES, NOW)
    finally:
        os.umask(before)
    (file,) = directory.iterdir()
    assert file.name == "mail.example.org.pem"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert stat.S_IMODE(directory.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("names", "later"),
    [
        (("mail.example.org", "*.example.net"), timedelta(0)),
        ((*NAMES, "imap.example.org"), timedelta(0)),
        (NAMES, timedelta(days=250)),
        (NAMES, timedelta(days=400)),
    ],
    ids=["a name less", "a name more", "a third left", "expired"],
)
def test_made_anew(tmp_path: Path, names: tuple[str, ...], later: timedelta) -> None:
    first = load_or_create_self_signed(tmp_path, NAMES, NOW)
    second = load_or_create_self_signed(tmp_path, names, NOW + later)
    assert only(second).leaf_sha256 != only(first).leaf_sha256
    assert load_or_create_self_signed(tmp_path, names, NOW + later) == second
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("content", [b"", b"\0" * 4096, b"-----BEGIN CERTIFICATE-----\n"])
def test_a_file_that_is_no_certificate_is_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "mail.example.org.pem").write_bytes(content)
    made = load_or_create_self_signed(tmp_path, NAMES, NOW)
    assert load_or_create_self_signed(tmp_path, NAMES, NOW) == made


def test_half_a_write_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load_or_create_self_signed(tmp_path, NAMES, NOW)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(CertError, match="no space left on device"):
            load_or_create_self_signed(tmp_path, NAMES[:2], NOW)
    assert load_or_create_self_signed(tmp_path, NAMES, NOW) == first
    assert len(list(tmp_path.iterdir())) == 1


def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(CertError) as caught:
        load_or_create_self_signed(tmp_path / "state" / "self-signed", NAMES, NOW)
    (problem,) = caught.value.problems
    assert problem.fatal
    assert problem.message == "a self-signed certificate cannot be kept here: not a directory"
