"""Reports of one connection, in every order that two pipes can bring them."""

import pytest

from edge.demo.journal import Journal, Opened, Received
from edge.ops.records import Closed, Established
from tests.edge.demo.made import ID, closed, established, received

Report = Established | Received | Closed
Shown = list[Opened | Closed]


def feed(journal: Journal, report: Report) -> Shown:
    match report:
        case Established():
            return journal.on_established(report)
        case Received():
            return journal.on_header(report)
        case Closed():
            return journal.on_closed(report)


def run(*reports: Report) -> list[Shown]:
    journal = Journal()
    return [feed(journal, report) for report in reports]


def opened(*, tls: bool = True, header: bool = True) -> Opened:
    return Opened(
        id=ID,
        established=established() if tls else None,
        received=received(tls=tls) if header else None,
    )


@pytest.mark.parametrize(
    ("reports", "shown"),
    [
        ((established(), received(), closed()), [[], [opened()], [closed()]]),
        ((received(), established(), closed()), [[], [opened()], [closed()]]),
        ((established(), closed(), received()), [[], [], [opened(), closed()]]),
        # In plaintext there is no handshake to wait for.
        ((received(tls=False), closed()), [[opened(tls=False)], [closed()]]),
        ((closed(), received(tls=False)), [[], [opened(tls=False), closed()]]),
        # No backend was reached: no header will come.
        (
            (established(), closed(server=None)),
            [[], [opened(header=False), closed(server=None)]],
        ),
        ((closed(server=None),), [[closed(server=None)]]),
    ],
)
def test_shown_as_soon_as_complete(reports: tuple[Report, ...], shown: list[Shown]) -> None:
    assert run(*reports) == shown


# The edge's own two records cannot change places.
@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (0, 2, 1)])
def test_two_connections_mixed_are_kept_apart(order: tuple[int, ...]) -> None:
    by_id = {name: (established(name), received(name), closed(name)) for name in ("a", "b")}
    mixed: list[Report] = [by_id[name][each] for each in order for name in ("a", "b")]
    shown = [each for one in run(*mixed) for each in one]
    for connection_id in ("a", "b"):
        assert [type(each) for each in shown if each.id == connection_id] == [Opened, Closed]


def test_a_header_that_never_comes_holds_nothing_back_for_ever() -> None:
    journal = Journal()
    journal.on_established(established())
    assert journal.on_closed(closed()) == []
    assert journal.waiting() == [ID]
    assert journal.on_overdue(ID) == [opened(header=False), closed()]
    assert (journal.waiting(), journal.on_overdue(ID)) == ([], [])


def test_overdue_is_only_what_is_closed() -> None:
    journal = Journal()
    journal.on_established(established())
    assert journal.on_overdue(ID) == []
    assert journal.on_header(received()) == [opened()]


def test_a_second_header_of_a_connection_changes_nothing() -> None:
    assert run(established(), received(), received(service="other"))[2] == []


def test_old_connections_make_room() -> None:
    journal = Journal()
    for number in range(2000):
        journal.on_established(established(str(number)))
    assert journal.on_header(received("1999")) != []
    assert journal.on_header(received("0")) == []
