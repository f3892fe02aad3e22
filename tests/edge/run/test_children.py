"""A child that dies is replaced at once; one that dies young again and again, later each time."""

from edge.run.children import Slot


def slot_born_at(moment: float) -> Slot:
    slot = Slot(role="worker", main=lambda channel: None)
    slot.pid, slot.born_at = 4711, moment
    return slot


def test_after_a_steady_life_the_next_comes_at_once() -> None:
    slot = slot_born_at(0.0)
    slot.is_gone(now=3600.0)
    assert (slot.due_at, slot.pid, slot.predecessor) == (3600.0, None, 4711)


def test_early_deaths_are_answered_later_and_later() -> None:
    slot = slot_born_at(0.0)
    pauses = []
    now = 0.0
    for _ in range(8):
        slot.pid, slot.born_at = 4711, now
        now += 0.1
        slot.is_gone(now)
        assert slot.due_at is not None
        pauses.append(slot.due_at - now)
        now = slot.due_at
    assert pauses == sorted(pauses)
    assert 0 < pauses[0] < 1
    assert pauses[-1] == pauses[-2] == 10.0


def test_a_steady_life_forgives() -> None:
    slot = slot_born_at(0.0)
    slot.is_gone(0.1)
    slot.pid, slot.born_at = 4712, 1.0
    slot.is_gone(100.0)
    assert slot.due_at == 100.0
