"""ALPACA: a hello meant for one kind of server, sent to another one with the same certificate."""

import itertools

import pytest

from edge.core.hello.alerts import NO_APPLICATION_PROTOCOL, alert_record
from edge.core.hello.alpn import FOR_PROTOCOL, choose
from edge.core.protocol import Protocol
from edge.errors import ProtocolError
from edge.outcome import Outcome
from tests.edge.core.hello.handmade import alpn, body, message, record
from tests.edge.core.hello.reading import CLIENT_HELLOS, hello_of

NAMED = [protocol for protocol in Protocol if protocol is not Protocol.RAW]
MAIL = [protocol for protocol in Protocol if protocol.is_mail]


def choice(wire: bytes, protocol: Protocol) -> bytes | Outcome | None:
    try:
        return choose(hello_of(wire).alpn, FOR_PROTOCOL[protocol])
    except ProtocolError as error:
        return error.outcome


@pytest.mark.parametrize("protocol", MAIL)
@pytest.mark.parametrize("browser", ["chrome-146", "curl-7.88"])
def test_a_browser_never_reaches_a_mail_server(browser: str, protocol: Protocol) -> None:
    request = b"GET /?alert(1) HTTP/1.1\r\nHost: mail.example.org\r\n\r\n"
    assert choice(CLIENT_HELLOS[browser] + request, protocol) is Outcome.ALPN_MISMATCH


@pytest.mark.parametrize(("meant", "reached"), list(itertools.permutations(NAMED, 2)))
def test_no_service_answers_for_another(meant: Protocol, reached: Protocol) -> None:
    wire = record(message(body(alpn(*FOR_PROTOCOL[meant]))))
    assert choice(wire, meant) in FOR_PROTOCOL[meant]
    assert choice(wire, reached) is Outcome.ALPN_MISMATCH


def test_no_name_belongs_to_two_protocols() -> None:
    names = [name for protocol in Protocol for name in FOR_PROTOCOL[protocol]]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("client", "protocol"),
    [
        ("openssl-3.0", Protocol.IMAP),
        ("gnutls-3.7", Protocol.POP3),
        ("go-1.26", Protocol.SIEVE),
        ("chrome-146", Protocol.HTTP),
        ("curl-7.88", Protocol.HTTP),
    ],
)
def test_a_client_that_names_the_protocol_gets_it(client: str, protocol: Protocol) -> None:
    assert choice(CLIENT_HELLOS[client], protocol) == FOR_PROTOCOL[protocol][0]


@pytest.mark.parametrize("protocol", Protocol)
def test_a_client_that_names_none_is_served(protocol: Protocol) -> None:
    assert choice(CLIENT_HELLOS["python-3.11"], protocol) is None


def test_a_raw_listener_judges_nobody() -> None:
    assert choice(CLIENT_HELLOS["chrome-146"], Protocol.RAW) is None


def test_the_refusal_is_alert_120() -> None:
    """RFC 7301 section 3.2: fatal no_application_protocol."""
    assert alert_record(NO_APPLICATION_PROTOCOL) == b"\x15\x03\x03\x00\x02\x02\x78"
