"""Dovecot lets clients log in through the edge, because the SSL TLV says that TLS is on.

`disable_plaintext_auth` is set, so it would refuse otherwise; its log then has `secured`, and the
client's own address as `rip`.
"""

import pytest

from tests.support.clear import MAIL_PROTOCOLS
from tests.support.hosts import EDGE_HOST, DovecotHost
from tests.support.library_clients import login
from tests.support.pki import HOSTNAME, Pki
from tests.support.routing import Route

CASES = [
    (protocol, mode)
    for protocol in MAIL_PROTOCOLS
    for mode in ("starttls", "tls")
    # The ManageSieve library has no implicit TLS; curl and openssl do not speak the protocol.
    if (protocol, mode) != ("sieve", "tls")
]


@pytest.mark.parametrize(("protocol", "mode"), CASES)
def test_login_is_secured_and_from_the_client(
    protocol: str, mode: str, dovecot_host: DovecotHost, pki: Pki, route: Route
) -> None:
    user = f"library-{protocol}-{mode}"
    source = f"127.1.0.{10 + CASES.index((protocol, mode))}"
    route.to(EDGE_HOST, source)
    since = dovecot_host.edge.mark()

    login(protocol, mode, dovecot_host.ports[protocol, mode], user, pki.client_context())

    line = dovecot_host.dovecot.login_line(user)
    assert f"rip={source}, lip={EDGE_HOST}, " in line
    assert "secured" in line
    record = dovecot_host.edge.wait_for("connection.closed", since=since, client_ip=source)
    assert (record["protocol"], record["sni"]) == (protocol, HOSTNAME)
    # These libraries close without close_notify, sometimes before the backend has closed.
    assert record["outcome"] in {"client_closed", "backend_closed", "client_aborted"}
    if protocol == "smtp":
        dovecot_host.relayed.messages.wait_for(
            lambda message: message.mail_from == f"{user}@example.org", "relayed message"
        )
