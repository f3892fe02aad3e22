"""Lets library clients reach `HOSTNAME` on loopback, each from an address of its own."""

import socket

import pytest

from tests.support.pki import HOSTNAME, Pki


class Route:
    """Replaces `socket.create_connection` for one test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, pki: Pki) -> None:
        self._monkeypatch = monkeypatch
        self._pki = pki

    def to(self, edge_host: str, source: str) -> None:
        """From now on `HOSTNAME` is `edge_host`, and clients come from the address `source`."""
        connect = socket.create_connection

        def create_connection(
            address: tuple[str, int],
            timeout: float | None = None,
            source_address: tuple[str, int] | None = None,
        ) -> socket.socket:
            assert address[0] == HOSTNAME
            return connect((edge_host, address[1]), timeout or 15, (source, 0))

        self._monkeypatch.setattr(socket, "create_connection", create_connection)
        # For clients that take no context of ours.
        self._monkeypatch.setenv("SSL_CERT_FILE", str(self._pki.ca))
