"""All certificates at one moment, on their way from the control process to a worker.

They travel in an anonymous file in memory: a picture may be larger than any message, and keys must
not touch a disk. The file is sealed, so that what was decoded once cannot change under the reader.
"""

import fcntl
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

import certs

_SEALS: Final = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
_MAX_BYTES: Final = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificatePicture:
    """What workers serve. Replaced as a whole."""

    sets: tuple[certs.CertificateSet, ...]
    challenges: Mapping[str, bytes] = field(repr=False)
    """Answers to tls-alpn-01: PEM of certificate and key, by server name."""
    session_epoch: int
    """Greater each time that tickets of earlier sessions must not be honoured any longer; 0: never
    yet, as far as this control process knows."""


class _Set(msgspec.Struct, frozen=True, array_like=True):
    names: tuple[str, ...]
    certificates: tuple[certs.Certificate, ...]


class _Content(msgspec.Struct, frozen=True, array_like=True):
    sets: tuple[_Set, ...]
    challenges: dict[str, bytes]
    session_epoch: int


def pack(picture: CertificatePicture) -> int:
    """A descriptor of a sealed memory file, the caller's to close. Raises OSError."""
    content = _Content(
        sets=tuple(_Set(one.names, one.certificates) for one in picture.sets),
        challenges=dict(picture.challenges),
        session_epoch=picture.session_epoch,
    )
    fd = os.memfd_create("certificates", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        view = memoryview(msgspec.msgpack.encode(content))
        while view:
            view = view[os.write(fd, view) :]
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, _SEALS)
    except BaseException:
        os.close(fd)
        raise
    return fd


def unpack(fd: int) -> CertificatePicture:
    """What `pack` made; closes the descriptor. Raises ValueError when it holds something else."""
    try:
        size = os.fstat(fd).st_size
        if size > _MAX_BYTES:
            raise ValueError("a picture of certificates has at most 64 MiB")
        data = os.pread(fd, size, 0)
    finally:
        os.close(fd)
    try:
        content = msgspec.msgpack.decode(data, type=_Content)
    except msgspec.MsgspecError as error:
        raise ValueError("this is no picture of certificates") from error
    return CertificatePicture(
        sets=_sets(content.sets),
        challenges=content.challenges,
        session_epoch=content.session_epoch,
    )


def _sets(packed: Sequence[_Set]) -> tuple[certs.CertificateSet, ...]:
    return tuple(
        certs.CertificateSet(names=one.names, certificates=one.certificates) for one in packed
    )
