"""Certificates cross from process to process whole, in memory, and cannot change on the way."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import certs
from edge.run.ipc import Picture, Ready, pair
from edge.run.picture import CertificatePicture, pack, unpack

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def picture(*names: str, challenges: dict[str, bytes] | None = None) -> CertificatePicture:
    return CertificatePicture(
        sets=tuple(certs.self_signed([n], now=NOW, valid_for=timedelta(days=9)) for n in names),
        challenges=challenges or {},
        session_epoch=3,
    )


def test_a_picture_is_unpacked_as_it_was() -> None:
    sent = picture("a.example.org", "*.example.net", "192.0.2.1", challenges={"a": b"PEM"})
    got = unpack(pack(sent))
    assert got == sent
    assert got.sets[0].certificates[0].not_after == NOW + timedelta(days=9)
    # What a set works out for itself is there again.
    assert got.sets[0].choose(signature_algorithms=(), ciphers=(), max_version=0x0304)


def test_it_can_be_larger_than_any_message() -> None:
    sent = picture("a.example.org", challenges={"b": os.urandom(2_000_000)})
    assert unpack(pack(sent)) == sent


def test_nobody_can_change_what_was_packed() -> None:
    fd = pack(picture("a.example.org"))
    try:
        with pytest.raises(PermissionError):
            os.write(fd, b"x")
        with pytest.raises(PermissionError):
            os.ftruncate(fd, 0)
    finally:
        os.close(fd)


def test_keys_do_not_show() -> None:
    sent = picture("a.example.org", challenges={"a": b"SECRET"})
    assert "SECRET" not in repr(sent)
    assert "PRIVATE" not in repr(sent)


@pytest.mark.parametrize("content", [b"", b"\x93", b"\xc0", b"not msgpack at all"])
def test_anything_else_is_an_error(content: bytes) -> None:
    fd = os.memfd_create("test")
    os.write(fd, content)
    with pytest.raises(ValueError, match="no picture"):
        unpack(fd)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)


def test_a_descriptor_travels_with_its_message() -> None:
    left, right = pair()
    fd = pack(picture("a.example.org"))
    assert left.send(Picture(1), fd=fd)
    assert left.send(Ready(2))
    os.close(fd)
    assert right.receive() == Picture(1)
    assert unpack(right.take_fd()).sets[0].names == ("a.example.org",)
    with pytest.raises(LookupError):
        right.take_fd()
    assert right.receive() == Ready(2)
    left.close()
    right.close()


def test_a_descriptor_that_nobody_takes_is_closed() -> None:
    left, right = pair()
    fd = pack(picture("a.example.org"))
    before = len([*Path("/proc/self/fd").iterdir()])
    for number in range(20):
        assert left.send(Picture(number), fd=fd)
        right.receive()
    right.receive()
    assert len([*Path("/proc/self/fd").iterdir()]) == before
    os.close(fd)
    left.close()
    right.close()
