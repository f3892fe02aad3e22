"""http-01: a small text at a path of the name itself, port 80 (RFC 8555 section 8.3)."""

import asyncio
from dataclasses import dataclass, field
from typing import Final

import aiohttp

from certs.challenges.own import OwnAddresses, address_words, made_up_proof
from certs.challenges.solver import PathError, Proof
from certs.challenges.words import os_words, printable
from certs.spec import ChallengeType

CHALLENGE_PATH: Final = "/.well-known/acme-challenge/"
FETCH_DEADLINE_S: Final = 10.0
_OK: Final = 200
_MAX_BODY_BYTES: Final = 4096


@dataclass(slots=True)
class _Answer:
    identifier: str
    key_authorization: str = field(repr=False)
    users: int


class Http01Answers:
    """What the http-01 server says, by token: shared between the solver and the server."""

    def __init__(self) -> None:
        self._by_token: dict[str, _Answer] = {}

    def add(self, proof: Proof) -> None:
        """Answer this one from now on."""
        answer = self._by_token.get(proof.token)
        if answer is None:
            self._by_token[proof.token] = _Answer(
                identifier=proof.identifier, key_authorization=proof.key_authorization, users=1
            )
        else:
            answer.users += 1

    def remove(self, proof: Proof) -> None:
        """Forget it when this was its last user; harmless when it is not there."""
        answer = self._by_token.get(proof.token)
        if answer is not None:
            answer.users -= 1
            if not answer.users:
                del self._by_token[proof.token]

    def answer(self, token: str, host: str) -> str | None:
        """The key authorisation, only for the host it was presented for.

        `host` is canonical. A page that rebinds its own name to our address learns nothing.
        """
        answer = self._by_token.get(token)
        if answer is None or answer.identifier != host:
            return None
        return answer.key_authorization


class Http01Solver:
    """Answers through `Http01Answers`. Any number of proofs at once, also for one name."""

    type = ChallengeType.HTTP_01

    def __init__(
        self,
        *,
        answers: Http01Answers,
        own_addresses: OwnAddresses,
        fetch_deadline_s: float = FETCH_DEADLINE_S,
    ) -> None:
        """`own_addresses` gives the listeners of `answers`' server, to rehearse with."""
        self._answers = answers
        self._own_addresses = own_addresses
        self._fetch_deadline_s = fetch_deadline_s

    def can_solve(self, identifier: str, *, is_ip: bool, is_wildcard: bool) -> bool:  # noqa: ARG002
        """Everything but wildcards."""
        return not is_wildcard

    async def present(self, proof: Proof) -> None:
        """Answer from now on."""
        self._answers.add(proof)

    async def wait(self, proof: Proof) -> None:
        """Nothing to wait for."""

    async def clean_up(self, proof: Proof) -> None:
        """Answer no longer."""
        self._answers.remove(proof)

    async def rehearse(self, identifier: str, *, is_ip: bool) -> None:
        """Fetch a made-up answer from each of our own listeners. Raises PathError."""
        addresses = self._own_addresses()
        if not addresses:
            raise PathError(
                "http-01 needs port 80, and nothing of ours listens there",
                remedy="Set acme.http_bind, or prefer another challenge.",
            )
        proof = made_up_proof(identifier, is_ip=is_ip)
        self._answers.add(proof)
        failures = []
        try:
            for host, port in addresses:
                wrong = await self._what_is_wrong(proof, address_words(host, port))
                if wrong is not None:
                    failures.append(f"{address_words(host, port)} {wrong}")
        finally:
            self._answers.remove(proof)
        if failures:
            raise PathError(
                f"http-01 for {identifier} does not work at our own listeners: "
                + "; ".join(failures),
                remedy="Until each of them answers, no CA gets an answer either.",
            )

    async def _what_is_wrong(self, proof: Proof, address: str) -> str | None:
        try:
            async with asyncio.timeout(self._fetch_deadline_s):
                status, body = await _fetch(proof, address)
        except TimeoutError:
            return f"does not answer in {self._fetch_deadline_s:g} s"
        except aiohttp.ClientConnectorError as error:
            return f"cannot be reached: {os_words(error.os_error)}"
        except (aiohttp.ClientError, OSError) as error:
            return f"does not answer as HTTP does: {printable(str(error) or type(error).__name__)}"
        if status != _OK:
            return f"answers {status}, not 200, to the path of the challenge"
        if body.strip() != proof.key_authorization.encode("ascii"):
            return "answers with another text: is it another program?"
        return None


async def _fetch(proof: Proof, address: str) -> tuple[int, bytes]:
    # No limits or cookies shared with others, no proxy of the environment: one request, as it is.
    async with (
        aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(force_close=True), cookie_jar=aiohttp.DummyCookieJar()
        ) as session,
        session.get(
            f"http://{address}{CHALLENGE_PATH}{proof.token}",
            headers={"Host": host_header(proof.identifier)},
            allow_redirects=False,
        ) as response,
    ):
        return response.status, await response.content.read(_MAX_BODY_BYTES)


def host_header(identifier: str) -> str:
    """How a name or an address stands in a Host header: IPv6 in brackets."""
    return f"[{identifier}]" if ":" in identifier else identifier
