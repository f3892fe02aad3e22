"""TLS, HTTP, RDP, SSH and noise on a clear-text port: one line, close, nothing reflected."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.protocol import Learnt, Protocol
from edge.core.starttls.rules import ClearRules
from edge.outcome import Outcome
from tests.edge.core.starttls.backends import ALL, MUST_TLS, MX, NOOP, ONE_EACH
from tests.edge.core.starttls.talk import each_byte, ended, talk

each_protocol = pytest.mark.parametrize("learnt", ONE_EACH, ids=lambda learnt: learnt.protocol)
each_rules = pytest.mark.parametrize("rules", [MUST_TLS, MX], ids=["must-tls", "mx"])

TLS_HELLO = b"\x16\x03\x01\x00\xf8\x01\x00\x00\xf4\x03\x03" + b"\xaa" * 242
RDP_HELLO = b"\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x03\x00\x00\x00"
HTTP_REQUEST = b"GET /<script>alert(1)</script> HTTP/1.1\r\nHost: mail.example.org\r\n\r\n"
HTTP_POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 40\r\n\r\nEHLO x\r\nMAIL FROM:<a@b>\r\n"
H2_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
FOREIGN = [
    TLS_HELLO,
    TLS_HELLO[:2],
    RDP_HELLO,
    HTTP_REQUEST,
    HTTP_POST,
    H2_PREFACE,
    b"OPTIONS * HTTP/1.0\r\n\r\n",
    b"CONNECT a:25 HTTP/1.1\r\n\r\n",
    b"SSH-2.0-OpenSSH_9.2p1\r\n",
]
COMPLAINT = {
    Protocol.SMTP: b"500 5.5.2 This port speaks another protocol\r\n",
    Protocol.IMAP: b"* BAD This port speaks another protocol\r\n",
    Protocol.POP3: b"-ERR This port speaks another protocol\r\n",
    Protocol.SIEVE: b'NO "This port speaks another protocol"\r\n',
}


@each_protocol
@each_rules
@pytest.mark.parametrize("data", FOREIGN)
def test_one_line_and_close(learnt: Learnt, rules: ClearRules, data: bytes) -> None:
    for reads in ([data], each_byte(data)):
        result = talk(learnt, *reads, rules=rules)
        assert result.replies == b""
        assert ended(result).data == COMPLAINT[learnt.protocol]
        assert ended(result).outcome is Outcome.WRONG_PROTOCOL


@each_protocol
def test_http_on_a_later_line(learnt: Learnt) -> None:
    noop = NOOP[learnt.protocol]
    for data in (HTTP_POST, HTTP_REQUEST):
        result = talk(learnt, noop + data)
        assert result.replies == talk(learnt, noop).replies
        assert ended(result).outcome is Outcome.WRONG_PROTOCOL


@each_protocol
@pytest.mark.parametrize("data", [TLS_HELLO, b"\x16", RDP_HELLO, b"\x03"])
def test_binary_on_a_later_line_is_just_malformed(learnt: Learnt, data: bytes) -> None:
    for reads in ([NOOP[learnt.protocol] + data], [NOOP[learnt.protocol], *each_byte(data)]):
        assert ended(talk(learnt, *reads)).outcome is Outcome.MALFORMED_LINE


@each_protocol
def test_headers_of_a_request_in_pieces_run_out_of_unknown_commands(learnt: Learnt) -> None:
    headers = b"Host: x\r\nUser-Agent: y\r\nAccept: */*\r\nOrigin: z\r\n"
    assert ended(talk(learnt, headers)).outcome is Outcome.TOO_MANY_COMMANDS


@each_protocol
@pytest.mark.parametrize(
    "data",
    [
        b"\xff",
        b"\xff\xfb\x1f\xff\xfb\x20",
        b"\x00" * 100,
        b"\x16\x02",
        b"\x03\x01",
        b"\x80\x2e\x01\x03\x01",
        b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c",
    ],
    ids=["0xff", "telnet", "zeros", "nearly-tls", "nearly-rdp", "sslv2", "proxy-v2"],
)
def test_noise(learnt: Learnt, data: bytes) -> None:
    for reads in ([data], each_byte(data)):
        assert ended(talk(learnt, *reads)).outcome is Outcome.MALFORMED_LINE


@each_protocol
def test_a_proxy_v1_header_is_an_unknown_command(learnt: Learnt) -> None:
    header = b"PROXY TCP4 127.0.0.1 127.0.0.1 4711 25\r\n"
    assert talk(learnt, header).ending is None
    assert ended(talk(learnt, header * 3)).outcome is Outcome.TOO_MANY_COMMANDS


@given(learnt=st.sampled_from(list(ALL.values())), data=st.binary(min_size=1, max_size=64))
def test_nothing_of_foreign_bytes_is_reflected(learnt: Learnt, data: bytes) -> None:
    marked = b"GET /<" + data.hex().encode() + b"> HTTP/1.1\r\n\r\n"
    assert data.hex().encode() + b">" not in talk(learnt, marked).written
