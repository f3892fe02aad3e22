"""Files swapped by the manager: looked at, and taken back when they are not served."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path

from certs.events import FilesChanged, NotServed, Served
from certs.manager.watching import FilesSource
from certs.selfsigned import self_signed
from tests.support.manager_world import HOUR, World

Worlds = Callable[..., AbstractAsyncContextManager[World]]
NAME = "files.example.org"


def put(place: Path, on: World) -> str:
    (one,) = self_signed([NAME], now=on.clock.now(), valid_for=timedelta(days=90)).certificates
    (place / "c.pem").write_bytes(one.chain_pem)
    (place / "k.pem").write_bytes(one.key_pem)
    return one.leaf_sha256


def source(place: Path) -> FilesSource:
    return FilesSource(names=(NAME,), cert=(place / "c.pem",), key=(place / "k.pem",))


def test_new_files_are_served_within_a_tick(a_world: Worlds, tmp_path: Path) -> None:
    async def scene() -> None:
        async with a_world(wanted=[], tick_s=5.0) as on:
            first = put(tmp_path, on)
            async with on.running(files=[source(tmp_path)]):
                await on.settle()
                assert on.deployer.leaf(NAME) == first
                second = put(tmp_path, on)
                await on.pass_by(timedelta(seconds=6))
                assert on.deployer.leaf(NAME) == second
                assert on.of(Served)[-1].leaf_sha256 == second

    asyncio.run(scene())


def test_those_that_are_not_served_are_taken_back_and_tried_again(
    a_world: Worlds, tmp_path: Path
) -> None:
    async def scene() -> None:
        async with a_world(wanted=[], tick_s=5.0) as on:
            first = put(tmp_path, on)
            async with on.running(files=[source(tmp_path)]):
                await on.settle()
                on.deployer.is_stuck = True
                second = put(tmp_path, on)
                await on.pass_by(timedelta(seconds=6))
                (wrong,) = on.of(NotServed)
                assert (wrong.expected_sha256, wrong.served_sha256) == (second, first)
                assert on.deployer.deployed[-1][0].certificates[0].leaf_sha256 == first
                on.deployer.is_stuck = False
                await on.pass_by(HOUR / 4)
                assert on.deployer.leaf(NAME) == second
                assert len(on.of(FilesChanged)) == 3

    asyncio.run(scene())
