"""Attack class renegotiation: a TLS 1.2 client that starts one is refused, and nothing more."""

import select
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest

from certs import ClientAuth, TlsPolicy, TlsProfile, base_context, self_signed, site_context

PROFILE = TlsProfile(
    policy=TlsPolicy.INTERMEDIATE, alpn=(), client_auth=ClientAuth.NONE, client_ca_pem=None
)
SITE = site_context(
    self_signed(["localhost"], now=datetime.now(UTC), valid_for=timedelta(days=1)).certificates[0],
    PROFILE,
)
ALLOW_CLIENT_RENEGOTIATION = 1 << 8
"""SSL_OP_ALLOW_CLIENT_RENEGOTIATION of OpenSSL 3, which `ssl` does not name."""
TIMEOUT_S = 20


def echo(listener: socket.socket, base: ssl.SSLContext) -> None:
    connection, _ = listener.accept()
    connection.settimeout(TIMEOUT_S)
    with base.wrap_socket(connection, server_side=True, do_handshake_on_connect=False) as tls:
        tls.context = SITE
        with suppress(OSError):
            tls.do_handshake()
            while data := tls.recv(4096):
                tls.sendall(data)


@contextmanager
def s_client(base: ssl.SSLContext) -> Iterator[subprocess.Popen[bytes]]:
    """`openssl s_client`, connected: a line `R` makes it renegotiate."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=echo, args=(listener, base), daemon=True)
        thread.start()
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        process = subprocess.Popen(
            ["openssl", "s_client", "-connect", address, "-tls1_2"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()
            thread.join(TIMEOUT_S)


def say(process: subprocess.Popen[bytes], line: bytes) -> None:
    assert process.stdin is not None
    process.stdin.write(line)
    process.stdin.flush()


def read_until(process: subprocess.Popen[bytes], *parts: bytes) -> bytes:
    """Its output up to the first of `parts`, or to its end."""
    assert process.stdout is not None
    output = b""
    while not any(part in output for part in parts):
        assert select.select([process.stdout], [], [], TIMEOUT_S)[0], output
        data = process.stdout.read1(65536)
        if not data:
            break
        output += data
    return output


@pytest.mark.parametrize("after_data", [False, True])
def test_renegotiation_is_refused(after_data: bool) -> None:
    with s_client(base_context(PROFILE)) as process:
        assert b"New, TLSv1.2" in read_until(process, b"---\nNew, TLSv1.2")
        if after_data:
            say(process, b"hello\n")
            assert b"hello" in read_until(process, b"hello")
        say(process, b"R\n")
        output = read_until(process, b"no renegotiation")
        assert b"RENEGOTIATING" in output
        assert b"no renegotiation" in output


def test_the_same_client_succeeds_where_it_is_allowed() -> None:
    careless = base_context(PROFILE)
    careless.options &= ~ssl.OP_NO_RENEGOTIATION
    careless.options |= ALLOW_CLIENT_RENEGOTIATION
    with s_client(careless) as process:
        read_until(process, b"---\nNew, TLSv1.2")
        say(process, b"R\n")
        read_until(process, b"RENEGOTIATING")
        say(process, b"hello\n")
        assert b"no renegotiation" not in read_until(process, b"hello")
