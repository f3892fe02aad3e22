"""What is sent: exactly these members, and never nothing where an object is meant."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from acme import challenges
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from josepy.json_util import decode_b64jose

from certs import self_signed
from certs.acme.payloads import (
    POST_AS_GET,
    challenge_response,
    deactivation,
    finalization,
    identifier_of,
    new_order,
    revocation,
)
from certs.acme.wire import Identifier
from certs.spec import ChallengeType

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NAMES = [Identifier("dns", "*.example.org"), Identifier("ip", "::1")]


def test_a_plain_order() -> None:
    assert json.loads(new_order(NAMES)) == {
        "identifiers": [
            {"type": "dns", "value": "*.example.org"},
            {"type": "ip", "value": "::1"},
        ]
    }


def test_an_order_with_everything() -> None:
    sent = json.loads(
        new_order(
            NAMES[:1],
            profile="shortlived",
            replaces="aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE",
            not_before_at=NOW,
            not_after_at=NOW + timedelta(hours=160),
        )
    )
    assert sent == {
        "identifiers": [{"type": "dns", "value": "*.example.org"}],
        "profile": "shortlived",
        "replaces": "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE",
        "notBefore": "2026-03-01T12:00:00Z",
        "notAfter": "2026-03-08T04:00:00Z",
    }


def test_what_would_silently_become_something_else_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing"):
        new_order([])
    with pytest.raises(ValueError, match="profile"):
        new_order(NAMES, profile="")


@pytest.mark.parametrize(
    ("name", "identifier"),
    [
        ("mail.example.org", Identifier("dns", "mail.example.org")),
        ("*.example.org", Identifier("dns", "*.example.org")),
        ("192.0.2.1", Identifier("ip", "192.0.2.1")),
        ("2001:DB8:0::1", Identifier("ip", "2001:db8::1")),
    ],
)
def test_identifiers(name: str, identifier: Identifier) -> None:
    assert identifier_of(name) == identifier


@pytest.mark.parametrize("challenge", list(ChallengeType))
def test_the_answer_to_a_challenge_is_an_empty_object_and_no_post_as_get(
    challenge: ChallengeType,
) -> None:
    assert challenge_response(challenge) == b"{}"
    assert challenge_response(challenge) != POST_AS_GET


def test_tls_alpn_01_is_known_to_acme() -> None:
    found = challenges.Challenge.from_json(
        {"type": "tls-alpn-01", "token": "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0"}
    )
    assert not isinstance(found, challenges.UnrecognizedChallenge)
    assert found.typ == "tls-alpn-01"


def test_giving_up() -> None:
    assert json.loads(deactivation()) == {"status": "deactivated"}


def test_finalization() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    csr = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    signed = csr.sign(key, hashes.SHA256())
    sent = json.loads(finalization(signed))
    assert list(sent) == ["csr"]
    assert x509.load_der_x509_csr(decode_b64jose(sent["csr"])) == signed


def test_revocation() -> None:
    (made,) = self_signed(["a.example"], now=NOW, valid_for=timedelta(days=1)).certificates
    leaf = x509.load_pem_x509_certificate(made.chain_pem)
    sent = json.loads(revocation(leaf, 4))
    assert x509.load_der_x509_certificate(decode_b64jose(sent["certificate"])) == leaf
    assert sent["reason"] == 4
