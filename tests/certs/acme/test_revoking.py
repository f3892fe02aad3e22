"""Revocation: who asks, and what counts as done."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from josepy.json_util import encode_b64jose

from certs.acme.keys import generate
from certs.acme.payloads import revocation
from certs.acme.problem import AcmeProblem
from certs.acme.revoking import Reason, revoke
from certs.spec import KeyType
from tests.support.fakeca.authority import Authority, pem
from tests.support.memory_ca import MemoryCa, MemorySession, refusal

LEAF = Authority(datetime.now(UTC)).intermediates[0]
KEY_PEM = generate(KeyType.ECDSA_P256)


class Revoking(MemorySession):
    """Answers by a script: a problem, or None."""

    def __init__(self, *answers: AcmeProblem | None) -> None:
        super().__init__(MemoryCa(now=lambda: datetime.now(UTC)))
        self.answers = list(answers)
        self.asked: list[tuple[str, bytes, bool]] = []

    async def post(self, url: str, payload: bytes, *, signer: Any = None) -> Any:
        assert signer is None or signer.kid is None
        self.asked.append((url, payload, signer is not None))
        answer = self.answers.pop(0)
        if answer is not None:
            raise answer


def ask(session: Any, reason: Reason = "superseded", key_pem: bytes | None = None) -> list[bool]:
    """Whether the certificate's own key asked, at each request."""
    asyncio.run(revoke(session, pem(LEAF), reason=reason, key_pem=key_pem))
    assert session.answers == []
    return [is_own for _, _, is_own in session.asked]


@pytest.mark.parametrize(
    ("reason", "number"),
    [("unspecified", 0), ("keyCompromise", 1), ("superseded", 4), ("cessationOfOperation", 5)],
)
def test_the_reason_is_told(reason: Reason, number: int) -> None:
    session = Revoking(None)
    ask(session, reason)
    ((url, payload, _),) = session.asked
    assert url == "https://ca.invalid/revoke"
    assert payload == revocation(LEAF, number)
    assert encode_b64jose(LEAF.public_bytes(Encoding.DER)).encode() in payload


def test_the_account_asks_and_the_key_where_it_may_not() -> None:
    unauthorized = refusal("unauthorized", status=403)
    assert ask(Revoking(None), key_pem=KEY_PEM) == [False]
    assert ask(Revoking(unauthorized, None), key_pem=KEY_PEM) == [False, True]
    assert ask(Revoking(None), "keyCompromise", KEY_PEM) == [True]
    assert ask(Revoking(unauthorized, None), "keyCompromise", KEY_PEM) == [True, False]


def test_what_is_revoked_already_is_done() -> None:
    assert ask(Revoking(refusal("alreadyRevoked")), key_pem=KEY_PEM) == [False]


def test_what_neither_may_is_told() -> None:
    session = Revoking(refusal("unauthorized", status=403, detail="first"), refusal("malformed"))
    with pytest.raises(AcmeProblem, match="unauthorized: first"):
        ask(session, key_pem=KEY_PEM)


def test_what_may_pass_is_not_asked_of_the_other() -> None:
    session = Revoking(refusal("serverInternal", status=503))
    with pytest.raises(AcmeProblem, match="serverInternal"):
        ask(session, key_pem=KEY_PEM)
    assert len(session.asked) == 1
