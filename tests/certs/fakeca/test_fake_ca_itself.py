"""The fake CA is as strict as it claims: hand-made requests, good and bad."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from tests.support.acme_by_hand import Hand, bound, csr, jwk_of, signed
from tests.support.fakeca import Interruption, Profile, RetryAfter

Hands = Callable[[], AbstractAsyncContextManager[Hand]]


def play(by_hand: Hands, scene: Callable[[Hand], Awaitable[None]]) -> None:
    async def run() -> None:
        async with by_hand() as hand:
            await scene(hand)

    asyncio.run(run())


def test_a_good_client_gets_its_certificate_without_a_complaint(by_hand: Hands) -> None:
    async def scene(hand: Hand) -> None:
        assert (await hand.register(contact=["mailto:a@example.org"])).status == 201
        created = await hand.order("b.example.org", "a.example.org")
        assert created.status == 201
        await hand.prove(created.json, "http-01")
        ready = await hand.settled(created.headers["Location"])
        assert ready["status"] == "ready"
        done = await hand.post(ready["finalize"], csr("a.example.org", "b.example.org"))
        assert done.json["status"] == "valid"
        chain = (await hand.post(done.json["certificate"], None)).body
        leaf, issuer = x509.load_pem_x509_certificates(chain)
        leaf.verify_directly_issued_by(issuer)
        issuer.verify_directly_issued_by(hand.ca.core.authority.roots[0].certificate)
        assert hand.ca.record.violations == []
        assert hand.ca.record.certificates == {"a.example.org,b.example.org": 1}

    play(by_hand, scene)


def test_a_wrong_signature_is_refused_and_recorded(by_hand: Hands) -> None:
    async def scene(hand: Hand) -> None:
        url = hand.url("newAccount")
        header = {"alg": "ES256", "url": url, "jwk": hand.jwk, "nonce": await hand.nonce()}
        stranger = ec.generate_private_key(ec.SECP256R1())
        body = signed(stranger, header, {"termsOfServiceAgreed": True})
        heard = await hand.send(url, json.dumps(body).encode())
        assert (heard.status, heard.problem) == (400, "malformed")
        assert len(hand.ca.record.violations) == 1
        assert hand.ca.state.accounts == {}

    play(by_hand, scene)


@pytest.mark.parametrize(
    "header",
    [
        {"url": "https://elsewhere.example/newOrder"},
        {"nonce": None},
        {"nonce": "not base64url!"},
        {"kid": None},
        {"jwk": {"kty": "EC"}},
        {"kid": "https://elsewhere.example/account/1"},
        {"crit": ["b64"], "b64": False},
        {"extra": 1},
    ],
)
def test_a_bad_protected_header_is_recorded(by_hand: Hands, header: dict[str, object]) -> None:
    async def scene(hand: Hand) -> None:
        await hand.register()
        heard = await hand.post(hand.url("newOrder"), {}, **({"kid": hand.kid} | header))
        assert heard.status >= 400
        assert heard.headers["Replay-Nonce"]
        assert len(hand.ca.record.violations) == 1

    play(by_hand, scene)


def test_a_media_type_of_plain_json_is_recorded(by_hand: Hands) -> None:
    async def scene(hand: Hand) -> None:
        heard = await hand.send(hand.url("newAccount"), b"{}", media_type="application/json")
        assert heard.status == 415
        assert len(hand.ca.record.violations) == 1

    play(by_hand, scene)


def test_a_nonce_is_good_for_one_request(by_hand: Hands) -> None:
    async def scene(hand: Hand) -> None:
        await hand.register()
        nonce = await hand.nonce()
        assert (await hand.post(str(hand.kid), None, nonce=nonce)).status == 200
        again = await hand.post(str(hand.kid), None, nonce=nonce)
        assert again.problem == "badNonce"
        assert hand.ca.record.violations == ["nonce used twice"]

    play(by_hand, scene)


def test_refused_nonces_are_no_violation(by_hand: Hands) -> None:
    async def scene(hand: Hand) -> None:
        await hand.register()
        hand.ca.faults.nonce_rejection = 1.0
        heard = await hand.post(str(hand.kid), None)
        assert heard.problem == "badNonce"
        assert heard.headers["Replay-Nonce"]
        hand.ca.faults.nonce_rejection = 0.0
        hand.ca.core.nonces.forget()
        assert (await hand.post(str(hand.kid), None)).status == 200
        assert hand.ca.record.violations == []

    play(by_hand, scene)


def test_an_empty_payload_does_not_start_a_challenge(by_hand: Hands) -> None:
    async def scene(hand: Hand) -> None:
        await hand.register()
        order = (await hand.order("a.example.org")).json
        authorization = (await hand.post(order["authorizations"][0], None)).json
        url = authorization["challenges"][0]["url"]
        assert (await hand.post(url, None)).json["status"] == "pending"
        assert (await hand.post(url, {})).json["status"] == "processing"

    play(by_hand, scene)


def test_binding_to_an_external_account(by_hand: Hands) -> None:
    async def scene(hand: Hand) -> None:
        hand.ca.faults.eab_keys = {"kid-1": "c2VjcmV0LXNlY3JldC1zZWNyZXQ"}
        assert (await hand.register()).problem == "externalAccountRequired"
        url = hand.url("newAccount")
        wrong = bound("kid-1", "b3RoZXI", url, hand.jwk)
        assert (await hand.register(externalAccountBinding=wrong)).problem == "unauthorized"
        right = bound("kid-1", "c2VjcmV0LXNlY3JldC1zZWNyZXQ", url, hand.jwk)
        assert (await hand.register(externalAccountBinding=right)).status == 201

    play(by_hand, scene)


def test_key_change_wants_both_keys(by_hand: Hands) -> None:
    async def scene(hand: Hand) -> None:
        await hand.register()
        url, new = hand.url("keyChange"), ec.generate_private_key(ec.SECP256R1())
        header = {"alg": "ES256", "url": url, "jwk": jwk_of(new)}
        claim = {"account": hand.kid, "oldKey": hand.jwk}
        forged = signed(hand.key, header, claim)
        assert (await hand.post(url, forged)).problem == "malformed"
        assert (await hand.post(url, signed(new, header, claim))).status == 200
        assert len(hand.ca.record.violations) == 1  # the forged one
        hand.key = new
        assert (await hand.post(str(hand.kid), None)).status == 200

    play(by_hand, scene)


def test_replaces_is_honoured_once(by_hand: Hands) -> None:
    async def scene(hand: Hand) -> None:
        await hand.register()
        cert_id = await obtained(hand, "a.example.org")
        assert (await hand.get(hand.url("renewalInfo", cert_id))).json["suggestedWindow"]
        await obtained(hand, "a.example.org", replaces=cert_id)
        again = await hand.order("a.example.org", replaces=cert_id)
        assert (again.status, again.problem) == (409, "alreadyReplaced")

    play(by_hand, scene)


def test_a_profile_decides_the_lifetime(by_hand: Hands) -> None:
    async def scene(hand: Hand) -> None:
        hand.ca.faults.profiles = {"short": Profile(description="six days", lifetime_s=576_000)}
        await hand.register()
        assert (await hand.order("a.example.org", profile="long")).problem == "invalidProfile"
        await obtained(hand, "a.example.org", profile="short")
        (issued,) = hand.ca.state.certificates.values()
        life = issued.leaf.not_valid_after_utc - issued.leaf.not_valid_before_utc
        assert life.total_seconds() == 576_000

    play(by_hand, scene)


def test_refused_names_come_as_subproblems(by_hand: Hands) -> None:
    async def scene(hand: Hand) -> None:
        hand.ca.faults.refused_names = ["bad.example.org"]
        await hand.register()
        heard = await hand.order("good.example.org", "bad.example.org")
        assert heard.problem == "rejectedIdentifier"
        assert [s["identifier"]["value"] for s in heard.json["subproblems"]] == ["bad.example.org"]

    play(by_hand, scene)


def test_interruptions_before_and_after_the_state_changed(by_hand: Hands) -> None:
    async def scene(hand: Hand) -> None:
        await hand.register()
        faults = hand.ca.faults
        faults.interruptions = [
            Interruption(
                resource="newOrder",
                status=429,
                name="rateLimited",
                retry_after=RetryAfter(seconds=60, is_date=True),
            ),
            Interruption(resource="newOrder", when="before", do="drop"),
            Interruption(resource="newOrder", when="after", do="drop"),
        ]
        limited = await hand.order("a.example.org")
        assert (limited.status, limited.problem) == (429, "rateLimited")
        assert limited.headers["Retry-After"].endswith("GMT")
        for orders in ({}, {"a.example.org": 1}):
            with pytest.raises(aiohttp.ClientError):
                await hand.order("a.example.org")
            await hand.ca.wait_for(lambda record, orders=orders: record.orders == orders)
        assert (await hand.order("a.example.org")).status == 201
        assert hand.ca.record.violations == []

    play(by_hand, scene)


async def obtained(hand: Hand, *names: str, **members: object) -> str:
    """A certificate; its certID."""
    before = len(hand.ca.record.validations)
    created = await hand.order(*names, **members)
    assert created.status == 201, created.body
    await hand.prove(created.json, "http-01")
    await hand.ca.wait_for(lambda record: len(record.validations) >= before + len(names))
    done = await hand.post(created.json["finalize"], csr(*names))
    assert done.json["status"] == "valid", done.body
    return list(hand.ca.state.certificates.values())[-1].cert_id
