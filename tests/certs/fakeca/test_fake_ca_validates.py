"""The fake CA's validations are real: right answers pass, wrong ones and none do not."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest

from certs.challenges.solver import Proof
from certs.spec import ChallengeType
from tests.support.acme_by_hand import Hand
from tests.support.challenge_paths import challenge_paths
from tests.support.fakeca import Reach
from tests.support.ports import Ports

Hands = Callable[..., AbstractAsyncContextManager[Hand]]


@pytest.mark.parametrize("name", ["mail.example.org", "127.0.0.1"])
@pytest.mark.parametrize("kind", [ChallengeType.HTTP_01, ChallengeType.TLS_ALPN_01])
@pytest.mark.parametrize("answer", ["right", "wrong", "none"])
def test_what_is_answered_decides(
    by_hand: Hands, ports: Ports, name: str, kind: ChallengeType, answer: str
) -> None:
    reach = Reach(http_port=ports.take(), tls_port=ports.take())

    async def scene() -> None:
        async with (
            challenge_paths(http_port=reach.http_port, tls_port=reach.tls_port) as paths,
            by_hand(reach) as hand,
        ):
            hand.ca.faults.validation = "real"
            await hand.register()
            order = await hand.order(name)
            authorization = (await hand.post(order.json["authorizations"][0], None)).json
            challenge = next(c for c in authorization["challenges"] if c["type"] == kind)
            token = challenge["token"]
            proof = Proof(
                identifier=name,
                is_ip=name == "127.0.0.1",
                is_wildcard=False,
                token=token,
                key_authorization=f"{token}.{hand.thumbprint if answer == 'right' else 'x'}",
            )
            if answer != "none":
                await paths.solvers[kind].present(proof)
            await hand.post(challenge["url"], {})
            settled = await hand.settled(order.headers["Location"])
            outcome = "valid" if answer == "right" else "invalid"
            assert settled["status"] == {"valid": "ready", "invalid": "invalid"}[outcome]
            assert hand.ca.record.validations == [f"{kind} {name} {outcome}"]

    asyncio.run(scene())
