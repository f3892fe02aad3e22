"""The alert records that OpenSSL would send too, and their names."""

import ssl

import pytest

from edge.core.hello.alerts import (
    DECODE_ERROR,
    HANDSHAKE_FAILURE,
    INTERNAL_ERROR,
    NO_APPLICATION_PROTOCOL,
    UNEXPECTED_MESSAGE,
    UNRECOGNIZED_NAME,
    alert_name,
    alert_record,
)

ALERTS = [
    (UNEXPECTED_MESSAGE, 10, "unexpected_message"),
    (HANDSHAKE_FAILURE, 40, "handshake_failure"),
    (DECODE_ERROR, 50, "decode_error"),
    (INTERNAL_ERROR, 80, "internal_error"),
    (UNRECOGNIZED_NAME, 112, "unrecognized_name"),
    (NO_APPLICATION_PROTOCOL, 120, "no_application_protocol"),
]


@pytest.mark.parametrize(("description", "number", "name"), ALERTS)
def test_a_client_understands_the_alert(description: int, number: int, name: str) -> None:
    assert description == number
    assert alert_name(description) == name
    assert alert_record(description) == bytes.fromhex("15030300 0202") + bytes((number,))
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="a.example")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    incoming.write(alert_record(description))
    with pytest.raises(ssl.SSLError, match="(?i)" + name.replace("_", "[_ ]")):
        client.do_handshake()


def test_a_warning_says_so() -> None:
    assert alert_record(0, level=1) == bytes.fromhex("15030300020100")


def test_an_unregistered_alert_is_named_by_its_number() -> None:
    assert alert_name(255) == "alert_255"
