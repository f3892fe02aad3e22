"""Each row: what happened to a relay, in order, with the order each event is answered by."""

import pytest

from edge.core.relay import Order, RelayRules
from edge.outcome import Outcome

CLIENT_ENDS, CLIENT_BREAKS = "client_finished", "client_broke_off"
BACKEND_ENDS, BACKEND_BREAKS = "backend_finished", "backend_broke_off"

DIALOGUES = [
    ([(CLIENT_ENDS, Order.FINISH_BACKEND), (BACKEND_ENDS, Order.FINISH_CLIENT)],
     Outcome.CLIENT_CLOSED, True),
    ([(BACKEND_ENDS, Order.FINISH_CLIENT), (CLIENT_ENDS, Order.FINISH_BACKEND)],
     Outcome.BACKEND_CLOSED, True),
    # The usual end of a mail session: QUIT, the server closes, the client drops TCP.
    ([(BACKEND_ENDS, Order.FINISH_CLIENT), (CLIENT_BREAKS, Order.CLOSE)],
     Outcome.BACKEND_CLOSED, False),
    # A client that breaks off may have been in the middle of a message: never an orderly end.
    ([(CLIENT_BREAKS, Order.ABORT_BACKEND)], Outcome.CLIENT_ABORTED, False),
    ([(BACKEND_BREAKS, Order.ABORT)], Outcome.BACKEND_ABORTED, False),
    ([(CLIENT_ENDS, Order.FINISH_BACKEND), (BACKEND_BREAKS, Order.ABORT)],
     Outcome.BACKEND_ABORTED, False),
    ([(CLIENT_ENDS, Order.FINISH_BACKEND), (CLIENT_BREAKS, Order.ABORT_BACKEND)],
     Outcome.CLIENT_ABORTED, False),
    ([(BACKEND_ENDS, Order.FINISH_CLIENT), (BACKEND_BREAKS, Order.CLOSE)],
     Outcome.BACKEND_CLOSED, False),
]  # fmt: skip


@pytest.mark.parametrize(("steps", "outcome", "is_done"), DIALOGUES)
def test_orders(steps: list[tuple[str, Order]], outcome: Outcome, is_done: bool) -> None:
    rules = RelayRules()
    for event, order in steps:
        assert getattr(rules, event)() is order
    assert (rules.outcome, rules.is_done) == (outcome, is_done)


@pytest.mark.parametrize(
    "outcome", [Outcome.IDLE_TIMEOUT, Outcome.HALF_CLOSED_TIMEOUT, Outcome.LIFETIME_EXCEEDED]
)
def test_a_deadline_aborts_and_names_itself(outcome: Outcome) -> None:
    rules = RelayRules()
    rules.client_finished()
    assert rules.timed_out(outcome) is Order.ABORT
    assert rules.outcome is outcome
