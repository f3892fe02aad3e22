"""An ACME CA for tests: RFC 8555, 8737, 8738 and 9773, with a knob for every fault.

Written from the RFCs and independent of the client it tests. It verifies every JWS; whatever no
client may send is in `Record.violations`, so a test ends with `assert ca.record.violations == []`.

    async with running_fake_ca(tmp_path, port=ports.take()) as ca:
        ca.faults.nonce_rejection = 0.9
        ...
        assert ca.record.orders == {"mail.example.org": 1}

As a process (knobs over HTTP, see `management`): `python -m tests.support.fakeca --help`.
"""

from tests.support.fakeca.core import Reach
from tests.support.fakeca.faults import Faults, Interruption, Profile, RetryAfter, Window
from tests.support.fakeca.record import Record
from tests.support.fakeca.server import FakeCa, running_fake_ca

__all__ = [
    "FakeCa",
    "Faults",
    "Interruption",
    "Profile",
    "Reach",
    "Record",
    "RetryAfter",
    "Window",
    "running_fake_ca",
]
