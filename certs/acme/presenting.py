"""Answers to challenges put up where the CA will look, seen there, and taken away in the end."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from certs.acme.errand import Errand
from certs.acme.polling import few_at_once
from certs.acme.problem import AcmeProblem, Kind
from certs.acme.problems import plain_text
from certs.acme.wire import Challenge
from certs.challenges.solver import PathError, Proof


@dataclass(slots=True, kw_only=True)
class Claim:
    """One authorization that is to be proved. `open` are the challenges left, the best first."""

    url: str
    identifier: str
    """A DNS name without `*.`, or an IP address."""
    is_ip: bool
    is_wildcard: bool
    open: list[Challenge]
    why_not: list[str] = field(default_factory=list)
    """Why challenges that were open could not be answered, in words."""

    @property
    def challenge(self) -> Challenge:
        """The one that is up, or to be put up."""
        return self.open[0]


@asynccontextmanager
async def presented(errand: Errand, claims: Sequence[Claim]) -> AsyncIterator[None]:
    """Hold up an answer for every claim: when the block begins, the CA can be told of all.

    A path that does not work gives way to the next challenge of the same authorization. Raises
    AcmeProblem of type `path` when none is left; whatever happens, everything is taken away again.
    """
    # In one order for all errands: two that want the same places cannot wait for each other.
    to_do = sorted(claims, key=lambda claim: (claim.identifier, claim.is_wildcard))
    async with AsyncExitStack() as stack:
        while to_do:
            shown = [(claim, await _present(errand, claim, stack)) for claim in to_do]
            fates = await few_at_once(
                partial(_wait, errand, claim, proof) for claim, proof in shown
            )
            to_do = [claim for (claim, _), is_seen in zip(shown, fates, strict=True) if not is_seen]
        yield


async def _present(errand: Errand, claim: Claim, stack: AsyncExitStack) -> Proof:
    while claim.open:
        challenge = claim.challenge
        solver = errand.solvers[challenge.type]
        proof = Proof(
            identifier=claim.identifier,
            is_ip=claim.is_ip,
            is_wildcard=claim.is_wildcard,
            token=challenge.token,
            key_authorization=errand.session.key_authorization(challenge.token),
        )
        # Before it is there: half of it may be when the solver fails.
        stack.push_async_callback(solver.clean_up, proof)
        try:
            await solver.present(proof)
        except PathError as error:
            _give_up(errand, claim, error)
        else:
            return proof
    raise _no_way(claim)


async def _wait(errand: Errand, claim: Claim, proof: Proof) -> bool:
    """Whether the answer can be seen."""
    try:
        await errand.solvers[claim.challenge.type].wait(proof)
    except PathError as error:
        _give_up(errand, claim, error)
        return False
    errand.on_step(f"{claim.challenge.type} for {claim.identifier}: the answer is in place")
    return True


def _give_up(errand: Errand, claim: Claim, error: PathError) -> None:
    challenge = claim.open.pop(0)
    why = plain_text(f"{challenge.type}: {error}")
    claim.why_not.append(why)
    errand.on_step(f"no way to prove {claim.identifier} by {why}")


def _no_way(claim: Claim) -> AcmeProblem:
    reasons = "; ".join(claim.why_not) or "the CA offers no challenge that can be answered here"
    return AcmeProblem(
        type="path",
        detail=plain_text(f"{claim.identifier} cannot be proved: {reasons}"),
        kind=Kind.ORDER,
        url=claim.url,
    )
