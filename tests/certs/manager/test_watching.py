"""Files of somebody else's, replaced in all the ways that there are."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from certs.events import Event, Expired, Expiring, FilesChanged, FilesRefused
from certs.files import load_files
from certs.manager.watching import FilesSource, FilesWatch
from certs.model import Certificate
from certs.selfsigned import self_signed
from tests.support.sim_clock import SimClock

NAME = "mail.example.org"


@dataclass
class Desk:
    """A folder with a pair of files, and the watch over it."""

    place: Path
    clock: SimClock = field(default_factory=SimClock)
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cert, self.key = self.place / "fullchain.pem", self.place / "privkey.pem"

    @property
    def source(self) -> FilesSource:
        return FilesSource(names=(NAME,), cert=(self.cert,), key=(self.key,))

    def made(self, *names: str, days: float = 90, starts_in: float = 0) -> Certificate:
        now = self.clock.now() + timedelta(days=starts_in)
        (one,) = self_signed(names or (NAME,), now=now, valid_for=timedelta(days=days)).certificates
        return one

    def put(self, one: Certificate) -> Certificate:
        self.cert.write_bytes(one.chain_pem)
        self.key.write_bytes(one.key_pem)
        return one

    def watch(self) -> FilesWatch:
        """As after a start: what is there is served already."""
        served = load_files([self.cert], [self.key], [NAME], now=self.clock.now()).certificates
        return FilesWatch(self.source, served, clock=self.clock, sink=self.events.append)

    def told(self) -> Sequence[type[Event]]:
        return [type(one) for one in self.events]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def leaf(watch: FilesWatch) -> str:
    assert watch.served is not None
    return watch.served.certificates[0].leaf_sha256


def test_nothing_new_is_nothing_to_do(desk: Desk) -> None:
    desk.put(desk.made())
    watch = desk.watch()
    assert [watch.look() for _ in range(3)] == [False] * 3
    os.utime(desk.cert)
    assert not watch.look()
    assert desk.events == []


def test_replaced_by_renames(desk: Desk) -> None:
    desk.put(desk.made())
    watch, new = desk.watch(), desk.made()
    for path, content in ((desk.cert, new.chain_pem), (desk.key, new.key_pem)):
        temporary = path.with_suffix(".new")
        temporary.write_bytes(content)
        temporary.replace(path)
    assert watch.look()
    assert leaf(watch) == new.leaf_sha256
    assert not watch.look()
    (event,) = desk.events
    assert isinstance(event, FilesChanged)
    assert event.leaf_sha256 == new.leaf_sha256


def test_written_in_place_one_after_the_other(desk: Desk) -> None:
    old = desk.put(desk.made())
    watch, new = desk.watch(), desk.made()
    desk.cert.write_bytes(new.chain_pem)
    assert not watch.look()
    assert leaf(watch) == old.leaf_sha256
    desk.key.write_bytes(new.key_pem)
    assert watch.look()
    assert desk.told() == [FilesChanged]


def test_half_a_file_is_waited_for(desk: Desk) -> None:
    desk.put(desk.made())
    watch, new = desk.watch(), desk.made()
    desk.key.write_bytes(new.key_pem)
    for size in (10, 300, len(new.chain_pem)):
        desk.cert.write_bytes(new.chain_pem[:size])
        assert watch.look() == (size == len(new.chain_pem))
    assert desk.told() == [FilesChanged]


def test_a_link_that_is_switched_as_certbot_does(desk: Desk) -> None:
    for number in (1, 2):
        folder = desk.place / f"archive{number}"
        folder.mkdir()
        one = desk.made()
        (folder / "c.pem").write_bytes(one.chain_pem)
        (folder / "k.pem").write_bytes(one.key_pem)
    desk.cert.symlink_to(desk.place / "archive1/c.pem")
    desk.key.symlink_to(desk.place / "archive1/k.pem")
    watch = desk.watch()
    for link, name in ((desk.cert, "c.pem"), (desk.key, "k.pem")):
        link.unlink()
        assert not watch.look()
        link.symlink_to(desk.place / "archive2" / name)
    assert watch.look()
    assert leaf(watch) == one.leaf_sha256


def test_a_pair_that_stays_broken_is_told_of_once(desk: Desk) -> None:
    old = desk.put(desk.made())
    watch = desk.watch()
    desk.cert.write_bytes(desk.made().chain_pem)
    assert [watch.look() for _ in range(5)] == [False] * 5
    (event,) = desk.events
    assert isinstance(event, FilesRefused)
    assert "belongs to another certificate" in event.reason
    assert "PRIVATE" not in event.reason
    assert leaf(watch) == old.leaf_sha256
    new = desk.put(desk.made())
    assert watch.look()
    assert leaf(watch) == new.leaf_sha256


def test_files_that_vanish_are_told_of_once(desk: Desk) -> None:
    desk.put(desk.made())
    watch = desk.watch()
    desk.key.unlink()
    assert [watch.look() for _ in range(4)] == [False] * 4
    assert desk.told() == [FilesRefused]


def test_nothing_to_begin_with(desk: Desk) -> None:
    watch = FilesWatch(desk.source, None, clock=desk.clock, sink=desk.events.append)
    assert [watch.look() for _ in range(3)] == [False] * 3
    assert desk.told() == [FilesRefused]
    desk.put(desk.made())
    assert watch.look()


def test_changed_between_the_loading_and_the_first_look(desk: Desk) -> None:
    desk.put(desk.made())
    served = load_files([desk.cert], [desk.key], [NAME], now=desk.clock.now()).certificates
    new = desk.put(desk.made())
    watch = FilesWatch(desk.source, served, clock=desk.clock, sink=desk.events.append)
    assert watch.look()
    assert leaf(watch) == new.leaf_sha256


def test_other_names(desk: Desk) -> None:
    old = desk.put(desk.made())
    watch = desk.watch()
    desk.put(desk.made("other.example.org"))
    assert [watch.look(), watch.look()] == [False, False]
    assert desk.told() == [FilesRefused]
    assert leaf(watch) == old.leaf_sha256


def test_one_that_is_valid_is_not_replaced_by_one_that_is_not(desk: Desk) -> None:
    old = desk.put(desk.made())
    watch = desk.watch()
    desk.put(desk.made(days=-0.01))
    assert [watch.look() for _ in range(3)] == [False] * 3
    assert leaf(watch) == old.leaf_sha256
    assert desk.told() == [FilesRefused]
    early = desk.put(desk.made(starts_in=2))
    assert [watch.look() for _ in range(3)] == [False] * 3
    assert desk.told() == [FilesRefused] * 2
    desk.clock.pass_by(3 * 86400)
    assert watch.look()
    assert leaf(watch) == early.leaf_sha256


def test_taken_back_and_tried_again_later(desk: Desk) -> None:
    old = desk.put(desk.made())
    watch = desk.watch()
    new = desk.put(desk.made())
    assert watch.look()
    assert watch.take_back()
    assert leaf(watch) == old.leaf_sha256
    assert not watch.look()
    desk.clock.pass_by(601)
    assert watch.look()
    assert leaf(watch) == new.leaf_sha256


def test_what_was_never_served_cannot_be_gone_back_to(desk: Desk) -> None:
    desk.put(desk.made())
    watch = FilesWatch(desk.source, None, clock=desk.clock, sink=desk.events.append)
    assert watch.look()
    assert not watch.take_back()


def test_nobody_is_surprised_by_their_expiry(desk: Desk) -> None:
    desk.put(desk.made(days=100))
    watch = desk.watch()
    for _ in range(110):
        desk.clock.pass_by(86400)
        watch.look()
    assert desk.told() == [Expiring, Expiring, Expiring, Expired]
    assert desk.events[0].certificate == NAME
