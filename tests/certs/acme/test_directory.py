"""The directory: what is missing is told from what is there; asked for once a day."""

import asyncio
import json
from typing import Any

import pytest

from certs.acme.directory import MAX_AGE_S, directory_of
from certs.acme.problem import AcmeProblem, Kind
from certs.acme.reply import Reply
from tests.certs.acme.conftest import Paired
from tests.support.scripted_ca import Answer

URL = "https://ca.example/dir"
WHOLE = {
    "newNonce": "https://ca.example/nonce",
    "newAccount": "https://ca.example/account",
    "newOrder": "https://ca.example/order",
    "revokeCert": "https://ca.example/revoke",
    "keyChange": "https://ca.example/key",
    "renewalInfo": "https://ca.example/ari",
    "meta": {
        "termsOfService": "https://ca.example/terms",
        "website": "https://ca.example",
        "caaIdentities": ["ca.example"],
        "externalAccountRequired": True,
        "profiles": {"classic": "90 days", "shortlived": "160 hours"},
    },
    "R4nd0m": "https://community.letsencrypt.org/t/adding-random-entries-to-the-directory/33417",
}


def reply(body: object) -> Reply:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(url=URL, status=200, headers={}, body=content, links={}, retry_after_s=None)


def test_everything() -> None:
    found = directory_of(reply(WHOLE))
    assert found.new_nonce == "https://ca.example/nonce"
    assert found.renewal_info == "https://ca.example/ari"
    assert found.key_change == "https://ca.example/key"
    assert found.terms_url == "https://ca.example/terms"
    assert found.profiles == {"classic": "90 days", "shortlived": "160 hours"}
    assert found.external_account_required


@pytest.mark.parametrize("meta", [None, {}, [], "x", {"profiles": None}, {"profiles": ["classic"]}])
def test_what_a_small_ca_lacks(meta: object) -> None:
    small = {name: WHOLE[name] for name in ("newNonce", "newAccount", "newOrder")}
    found = directory_of(reply(small | {"meta": meta}))
    assert (found.renewal_info, found.key_change, found.revoke_cert) == (None, None, None)
    assert (found.profiles, found.terms_url, found.website) == (None, None, None)
    assert not found.external_account_required


def test_no_profiles_is_not_none_listed() -> None:
    assert directory_of(reply(WHOLE | {"meta": {"profiles": {}}})).profiles == {}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<html>maintenance", Kind.PASSING),
        (b"[" * 100_000, Kind.PASSING),
        ({"hello": "world"}, Kind.CONFIGURATION),
        (WHOLE | {"newOrder": None}, Kind.CONFIGURATION),
        (WHOLE | {"newNonce": 5}, Kind.CONFIGURATION),
    ],
)
def test_not_a_directory(body: object, kind: Kind) -> None:
    with pytest.raises(AcmeProblem) as caught:
        directory_of(reply(body))
    assert (caught.value.kind, caught.value.url) == (kind, URL)


def test_asked_for_once_and_again_after_a_day(paired: Paired) -> None:
    async def dialogue() -> None:
        async with paired() as pair:
            await asyncio.gather(*[pair.transport.directory() for _ in range(5)])
            assert len(pair.ca.requests("/dir")) == 1
            pair.clock.pass_by(MAX_AGE_S + 1)
            changed: dict[str, Any] = pair.ca.directory(renewalInfo=pair.ca.url("/ari"))
            pair.ca.answer("/dir", Answer(body=changed))
            assert (await pair.transport.directory()).renewal_info == pair.ca.url("/ari")
            assert len(pair.ca.requests("/dir")) == 2

    asyncio.run(dialogue())


def test_an_old_one_serves_while_there_is_no_new_one(paired: Paired) -> None:
    async def dialogue() -> None:
        async with paired() as pair:
            first = await pair.transport.directory()
            pair.clock.pass_by(MAX_AGE_S + 1)
            pair.ca.answer("/dir", *[Answer(status=500)] * 6)
            assert await pair.transport.directory() is first
            assert await pair.transport.directory() is first
            assert len(pair.ca.requests("/dir")) == 1 + 3
            with pytest.raises(AcmeProblem):
                await pair.transport.directory(is_fresh=True)

    asyncio.run(dialogue())
