"""The fixed parts of a version 2 header, for the writer and the reader."""

from struct import Struct
from typing import Final

SIGNATURE: Final = b"\r\n\r\n\x00\r\nQUIT\n"
PREFIX: Final = Struct("!12sBBH")
"""Signature, version and command, family, length of all that follows."""

LOCAL: Final = 0x20
PROXY: Final = 0x21

UNSPEC: Final = 0x00
TCP4: Final = 0x11
TCP6: Final = 0x21
UNIX_STREAM: Final = 0x31

ADDRESSES_V4: Final = Struct("!4s4sHH")
ADDRESSES_V6: Final = Struct("!16s16sHH")
ADDRESSES_UNIX: Final = Struct("216x")

TLV_HEAD: Final = Struct("!BH")
CLIENT_AND_VERIFY: Final = Struct("!BI")
"""The fixed part of the SSL TLV: PP2_CLIENT_* bits and the verification result."""

MAX_HEADER_BYTES: Final = 536
"""The smallest TCP segment every host accepts: the specification promises to stay below it."""
