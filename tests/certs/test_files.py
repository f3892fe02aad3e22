"""Real files, right and wrong: everything wrong is found at once and said with its remedy."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.x509.oid import NameOID

from certs import CertError, CertProblem, load_files

NOW = datetime.now(UTC)
NAME = "mail.example.org"
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def issue(
    folder: Path,
    authority: trustme.CA,
    *names: str,
    label: str = "mail",
    key_type: trustme.KeyType = trustme.KeyType.ECDSA,
    not_after: datetime | None = None,
) -> tuple[Path, Path]:
    leaf = authority.issue_cert(*(names or (NAME,)), key_type=key_type, not_after=not_after)
    cert, key = folder / f"{label}.crt", folder / f"{label}.key"
    cert.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
    leaf.private_key_pem.write_to_path(str(key))
    key.chmod(0o600)
    return cert, key


def by_hand(
    folder: Path,
    key: CertificateIssuerPrivateKeyTypes,
    *,
    names: tuple[str, ...] = (NAME,),
    starts: datetime = NOW - DAY,
) -> tuple[Path, Path]:
    """A self-signed certificate with what trustme would never make."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(starts)
        .not_valid_after(NOW + 9 * DAY)
    )
    if names:
        alternative = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        builder = builder.add_extension(alternative, critical=False)
    digest = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA384()
    leaf = builder.sign(key, digest)
    cert_path, key_path = folder / "hand.crt", folder / "hand.key"
    cert_path.write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(private_pem(key))
    key_path.chmod(0o600)
    return cert_path, key_path


def private_pem(key: CertificateIssuerPrivateKeyTypes, passphrase: bytes | None = None) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase)
        if passphrase
        else serialization.NoEncryption(),
    )


def problems_of(certs: list[Path], keys: list[Path], *names: str) -> list[tuple[str, str, bool]]:
    with pytest.raises(CertError) as caught:
        load_files(certs, keys, names or (NAME,), now=NOW)
    return [(Path(p.place).name, p.message, p.fatal) for p in caught.value.problems]


def warnings_of(cert: Path, key: Path, *, now: datetime = NOW) -> tuple[CertProblem, ...]:
    return load_files([cert], [key], [NAME], now=now).warnings


def test_a_pair_of_ecdsa_and_rsa(tmp_path: Path, authority: trustme.CA) -> None:
    pairs = [
        issue(tmp_path, authority, label="ecdsa"),
        issue(tmp_path, authority, label="rsa", key_type=trustme.KeyType.RSA),
    ]
    loaded = load_files([c for c, _ in pairs], [k for _, k in pairs], ["MAIL.example.org"], now=NOW)
    assert loaded.warnings == ()
    assert loaded.certificates.names == (NAME,)
    ecdsa, rsa_ = loaded.certificates.certificates
    assert (ecdsa.key_algorithm, rsa_.key_algorithm) == ("EC256", "RSA2048")
    assert ecdsa.signature_algorithm == "ECDSA-SHA256"
    assert (ecdsa.signature_scheme, rsa_.signature_scheme) == (0x0403, None)
    assert ecdsa.names == (NAME,)
    assert ecdsa.not_before < NOW < ecdsa.not_after
    assert not ecdsa.is_self_signed
    leaf = x509.load_pem_x509_certificate(pairs[0][0].read_bytes())
    assert ecdsa.leaf_sha256 == leaf.fingerprint(hashes.SHA256()).hex()
    assert ecdsa.chain_pem.strip() == pairs[0][0].read_bytes().strip()


def test_one_file_may_hold_both(tmp_path: Path, authority: trustme.CA) -> None:
    cert, key = issue(tmp_path, authority)
    both = tmp_path / "both.pem"
    both.write_bytes(key.read_bytes() + cert.read_bytes())
    both.chmod(0o600)
    assert warnings_of(both, both) == ()


@pytest.mark.parametrize(
    ("key", "key_name", "signature_name", "scheme"),
    [
        (ec.generate_private_key(ec.SECP384R1()), "EC384", "ECDSA-SHA384", 0x0503),
        (ec.generate_private_key(ec.SECP521R1()), "EC521", "ECDSA-SHA384", 0x0603),
        (ed25519.Ed25519PrivateKey.generate(), "ED25519", "ED25519", 0x0807),
        (rsa.generate_private_key(65537, 2048), "RSA2048", "RSA-SHA384", None),
    ],
)
def test_algorithms_are_named_for_the_proxy_header(
    tmp_path: Path,
    key: CertificateIssuerPrivateKeyTypes,
    key_name: str,
    signature_name: str,
    scheme: int | None,
) -> None:
    cert_path, key_path = by_hand(tmp_path, key)
    (loaded,) = load_files([cert_path], [key_path], [NAME], now=NOW).certificates.certificates
    assert loaded.key_algorithm == key_name
    assert loaded.signature_algorithm == signature_name
    assert loaded.signature_scheme == scheme
    assert loaded.is_self_signed


def test_all_problems_of_all_files_at_once(tmp_path: Path, authority: trustme.CA) -> None:
    cert, key = issue(tmp_path, authority, "other.example.org", "10.0.0.1")
    no_pem = tmp_path / "no.pem"
    no_pem.write_text("hello\n")
    no_pem.chmod(0o600)
    key.chmod(0o604)
    found = problems_of([cert, tmp_path / "absent.crt", no_pem], [key, no_pem, no_pem])
    assert found == [
        ("mail.key", "every user of this host can read this key", False),
        (
            "mail.crt",
            "the certificate is not for mail.example.org, but for other.example.org, 10.0.0.1",
            True,
        ),
        ("absent.crt", "cannot be read: no such file or directory", True),
        ("no.pem", "no private key in PEM", True),
        ("no.pem", "no certificates in PEM", True),
        ("no.pem", "no private key in PEM", True),
    ]


def test_key_of_another_certificate_names_the_pair(tmp_path: Path, authority: trustme.CA) -> None:
    first_cert, first_key = issue(tmp_path, authority, label="first")
    second_cert, second_key = issue(tmp_path, authority, label="second")
    assert problems_of([first_cert, second_cert], [second_key, first_key]) == [
        ("first.crt", f"the key {second_key} belongs to another certificate", True),
        ("second.crt", f"the key {first_key} belongs to another certificate", True),
    ]


def test_leaf_not_first_in_the_file(tmp_path: Path, authority: trustme.CA) -> None:
    cert, key = issue(tmp_path, authority)
    cert.write_bytes(authority.cert_pem.bytes() + cert.read_bytes())
    messages = [message for _, message, fatal in problems_of([cert], [key]) if fatal]
    assert f"the certificate of the key {key} is not the first of the file" in messages


def test_wrong_order_behind_the_leaf_is_served_with_a_warning(tmp_path: Path) -> None:
    root = trustme.CA()
    cert, key = issue(tmp_path, root.create_child_ca())
    assert warnings_of(cert, key) == ()
    cert.write_bytes(cert.read_bytes() + trustme.CA().cert_pem.bytes())
    (warning,) = warnings_of(cert, key)
    assert warning.message == (
        "certificate 2 of the file is not signed by certificate 3: some clients will not trust it"
    )


def test_encrypted_key(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    cert_path, key_path = by_hand(tmp_path, key)
    key_path.write_bytes(private_pem(key, b"passphrase"))
    assert problems_of([cert_path], [key_path]) == [("hand.key", "the key is encrypted", True)]


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (rsa.generate_private_key(65537, 1024), "an RSA key of 1024 bits is too short"),
        (ec.generate_private_key(ec.SECP256K1()), "the curve secp256k1 is not used in TLS"),
    ],
)
def test_keys_that_cannot_serve(
    tmp_path: Path, key: CertificateIssuerPrivateKeyTypes, message: str
) -> None:
    cert_path, key_path = by_hand(tmp_path, key)
    assert problems_of([cert_path], [key_path]) == [("hand.crt", message, True)]


def test_a_common_name_is_no_name(tmp_path: Path) -> None:
    cert_path, key_path = by_hand(tmp_path, ec.generate_private_key(ec.SECP256R1()), names=())
    assert problems_of([cert_path], [key_path]) == [
        ("hand.crt", "the certificate is not for mail.example.org, but for no name at all", True)
    ]


@pytest.mark.parametrize(
    ("configured", "is_for_it"),
    [
        ("imap.example.net", True),
        ("*.example.net", True),
        ("*.EXAMPLE.net", True),
        ("a.b.example.net", False),
        ("example.net", False),
        ("*.example.org", False),
        ("::1", True),
        ("0:0::1", True),
    ],
)
def test_names_under_a_wildcard(
    tmp_path: Path, authority: trustme.CA, configured: str, is_for_it: bool
) -> None:
    cert, key = issue(tmp_path, authority, "*.example.net", "::1")
    if is_for_it:
        assert load_files([cert], [key], [configured], now=NOW).warnings == ()
    else:
        assert problems_of([cert], [key], configured)


def test_out_of_date_certificates_are_served_with_a_warning(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    cert_path, key_path = by_hand(tmp_path, key)
    assert warnings_of(cert_path, key_path) == ()
    (late,) = warnings_of(cert_path, key_path, now=NOW + 10 * DAY)
    assert late.message.startswith("expired on ")
    (early,) = warnings_of(cert_path, key_path, now=NOW - 2 * DAY)
    assert early.message.startswith("not valid before ")


def test_a_file_without_end_is_not_read_whole(tmp_path: Path) -> None:
    cert_path, key_path = by_hand(tmp_path, ec.generate_private_key(ec.SECP256R1()))
    assert problems_of([Path("/dev/zero")], [key_path]) == [("zero", "larger than 1 MiB", True)]
    assert cert_path.exists()


def test_the_error_and_its_problems_never_hold_the_key(
    tmp_path: Path, authority: trustme.CA
) -> None:
    cert, key = issue(tmp_path, authority, "other.example.org")
    with pytest.raises(CertError) as caught:
        load_files([cert], [key], [NAME], now=NOW)
    body = key.read_text().splitlines()[1]
    assert body not in f"{caught.value} {caught.value.problems}"
