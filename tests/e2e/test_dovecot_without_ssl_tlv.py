"""The counter-proof of the login tests: without the SSL TLV, Dovecot refuses the same login.

The header is made by hand here, without the edge. Were this login accepted, the others would prove
nothing.
"""

import socket

import pytest

from tests.support.hosts import EDGE_HOST, DovecotHost
from tests.support.proxy_header import make_header

CREDENTIALS = b"AHVzZXIAc2VjcmV0"  # \0user\0secret

DIALOGUES = {
    "imap": ([b"a LOGIN user secret\r\n"], b"a OK", b"a NO [PRIVACYREQUIRED]"),
    "pop3": ([b"USER user\r\n", b"PASS secret\r\n"], b"+OK Logged in", b"-ERR [AUTH]"),
    "sieve": ([b'AUTHENTICATE "PLAIN" "' + CREDENTIALS + b'"\r\n'], b"OK", b"NO "),
    "smtp": ([b"EHLO x\r\n", b"AUTH PLAIN " + CREDENTIALS + b"\r\n"], b"235 ", b"523 "),
}


@pytest.mark.parametrize("is_tls", [True, False])
@pytest.mark.parametrize("protocol", DIALOGUES)
def test_the_ssl_tlv_decides(protocol: str, is_tls: bool, dovecot_host: DovecotHost) -> None:
    commands, accepted, refused = DIALOGUES[protocol]
    header = make_header(("127.0.0.9", 40000), (EDGE_HOST, 143), tls=is_tls)
    address = ("127.0.0.1", dovecot_host.dovecot.ports[protocol])
    with socket.create_connection(address, 15) as sock, sock.makefile("rb") as lines:
        sock.sendall(header + b"".join(commands))
        wanted = accepted if is_tls else refused
        line = b"start"
        while line and not line.startswith(wanted):
            line = lines.readline()
            # The greeting of ManageSieve ends in an OK too.
            if line.startswith(b'OK "Dovecot'):
                line = b"greeting"
    assert line.startswith(wanted)
