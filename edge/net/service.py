"""What all connections of one listener share in a worker, and what all listeners share."""

import asyncio
import itertools
import secrets
import ssl
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from types import MappingProxyType
from typing import Protocol as TypingProtocol

import certs
from edge.config.tree import ClientAuth, Listener
from edge.core.hello.alpn import FOR_PROTOCOL
from edge.core.hello.memory import HelloMemory
from edge.core.hello.registry import group_name
from edge.core.protocol import Protocol
from edge.core.proxy.v2 import TlsInfo
from edge.core.starttls.dialogue import ClearRules
from edge.net.backend import BackendState
from edge.net.deadlines import Deadlines
from edge.net.poller import Poller
from edge.ops.records import Record

BUFFER_BYTES = 256 * 1024
"""One read of a busy connection. The buffer is shared: a callback is done with it before the next
one runs, so it costs a worker this much and a connection nothing."""

_KNOWN_HELLOS = 1024
"""Different hellos that are remembered; there are a few dozen on an ordinary host."""


class RecordSink(TypingProtocol):
    """Where the records of connections go. Must not block."""

    def write(self, record: Record) -> None:
        """Take one record."""


class Pausable(TypingProtocol):
    """What a service does with its acceptors when it is full."""

    def pause(self) -> None:
        """Stop accepting for now."""

    def resume(self) -> None:
        """Accept again, unless closed."""


class Worker:
    """What every connection of a worker process uses."""

    __slots__ = ("_counter", "_prefix", "buffer", "challenges", "deadlines", "hellos", "hostname",
                 "loop", "on_bug", "plain", "poller", "records", "view")  # fmt: skip

    def __init__(
        self,
        *,
        loop: asyncio.AbstractEventLoop,
        records: RecordSink,
        hostname: str,
        on_bug: Callable[[BaseException], None],
    ) -> None:
        self.loop = loop
        self.records = records
        self.hostname = hostname
        self.deadlines = Deadlines(loop)
        self.hellos = HelloMemory(_KNOWN_HELLOS)
        self.poller = Poller(loop, on_bug)
        self.on_bug = on_bug
        self.challenges: Mapping[str, ssl.SSLContext] = MappingProxyType({})
        """Answers to tls-alpn-01, by server name. Replaced as a whole."""
        self.buffer = bytearray(BUFFER_BYTES)
        self.view = memoryview(self.buffer)
        # Room for what one full read can decrypt to, and a record that waited for its end.
        self.plain = memoryview(bytearray(BUFFER_BYTES + 32 * 1024))
        # Unique over restarts without asking anybody; it ends up in logs of two programs.
        self._prefix = secrets.token_hex(5)
        self._counter = itertools.count(1)

    def new_id(self) -> str:
        """A connection id: 10 hex digits of this worker, then its connection's number in hex."""
        return f"{self._prefix}{next(self._counter):06x}"


class Service:
    """One listener in one worker: its settings, its TLS contexts and its backend."""

    __slots__ = ("_acceptors", "_is_full", "_open", "_tls_infos", "asks_client_certificate",
                 "backend", "clear_rules", "contexts", "limit", "snapshot", "spec",
                 "worker")  # fmt: skip

    def __init__(
        self,
        *,
        worker: Worker,
        spec: Listener,
        backend: BackendState,
        contexts: "Contexts",
        snapshot: certs.Snapshot,
    ) -> None:
        self.worker = worker
        self.spec = spec
        self.backend = backend
        self.snapshot = snapshot
        self.contexts = contexts
        self.limit = spec.limits.connections
        self.asks_client_certificate = spec.client_ca is not None
        """Whether a session may have a client certificate at all."""
        self.clear_rules = ClearRules(
            hostname=worker.hostname,
            require_tls=spec.require_tls,
            line_limit_bytes=spec.limits.line_bytes,
            command_limit=spec.limits.commands,
            total_limit_bytes=spec.limits.clear_bytes,
            unknown_limit=spec.limits.unknown_commands,
        )
        self._acceptors: list[Pausable] = []
        self._open = 0
        self._is_full = False
        self._tls_infos: dict[tuple[str, str, int | None, str], TlsInfo] = {}

    # --- room for connections ---

    def add(self, acceptor: "Pausable") -> None:
        """An acceptor that is to be paused while there is no room."""
        self._acceptors.append(acceptor)

    @property
    def has_room(self) -> bool:
        """Whether another connection may be accepted."""
        return self._open < self.limit

    def wait_for_room(self) -> None:
        """Accept no more until a connection has closed."""
        self._is_full = True
        for acceptor in self._acceptors:
            acceptor.pause()

    def opened(self) -> None:
        """A connection was accepted."""
        self._open += 1

    def closed(self) -> None:
        """A connection is gone."""
        self._open -= 1
        if self._is_full:
            self._is_full = False
            for acceptor in self._acceptors:
                acceptor.resume()

    # --- what connections ask ---

    @property
    def protocol(self) -> Protocol:
        """What is spoken here, as far as is known now."""
        if self.spec.protocol is not None:
            return self.spec.protocol
        learnt = self.backend.learnt
        return learnt.protocol if learnt is not None else self.spec.likely_protocol

    def tls_info(
        self,
        version: str,
        cipher: str,
        group: int | None,
        certificate: certs.Certificate,
        common_name: str | None,
        *,
        is_resumed: bool,
    ) -> TlsInfo:
        """What the header says of a session. `common_name` is None without a client certificate.

        Sessions without one are alike but for suite and group: those are made once.
        """
        key = (version, cipher, group, certificate.leaf_sha256)
        info = self._tls_infos.get(key) if common_name is None else None
        if info is None:
            info = TlsInfo(
                version=version,
                cipher=cipher,
                group=group_name(group) if group is not None else None,
                certificate_signature=certificate.signature_algorithm,
                certificate_key=certificate.key_algorithm,
                client_certificate=common_name is not None and not is_resumed,
                client_certificate_in_session=common_name is not None,
                client_cn=common_name or None,
            )
            if common_name is None:
                self._tls_infos[key] = info
        return info

    # --- new certificates ---

    def prepare(self, certificate: certs.Certificate) -> Iterator[ssl.SSLContext]:
        """Make the contexts of a certificate, one a step: each takes a millisecond or more."""
        for protocol in self.spec.protocols:
            yield self.contexts.site(certificate, protocol)

    def serve(self, snapshot: certs.Snapshot) -> None:
        """From the next handshake on, choose from this snapshot, whose contexts were prepared."""
        self.snapshot = snapshot
        leaves = {one.leaf_sha256 for served in snapshot.sets for one in served.certificates}
        self.contexts.keep(leaves)
        self._tls_infos.clear()

    def forget_sessions(self) -> None:
        """Honour no ticket that was issued before."""
        self.contexts.forget_sessions()


class Contexts:
    """The TLS contexts of one listener. Made by the master, so that all workers share tickets."""

    __slots__ = ("_built", "_client_auth", "_client_ca", "_policy", "base", "strict")

    def __init__(self, spec: Listener, client_ca_pem: bytes | None) -> None:
        self._policy = certs.TlsPolicy(spec.tls_policy.value)
        self._client_ca = client_ca_pem
        self._client_auth = certs.ClientAuth.NONE
        if client_ca_pem is not None:
            self._client_auth = (
                certs.ClientAuth.REQUIRE
                if spec.client_auth is ClientAuth.REQUIRE
                else certs.ClientAuth.REQUEST
            )
        self._built: dict[tuple[str, Protocol], ssl.SSLContext] = {}
        self.forget_sessions()

    def forget_sessions(self) -> None:
        """Begin with new ticket keys. In a worker they are its own, no longer those of all."""
        self.base = certs.base_context(self._profile((), self._policy))
        """Owns the ticket keys."""
        self.strict = certs.base_context(self._profile((), certs.TlsPolicy.MODERN))
        """The same for hellos that cannot be parsed: TLS 1.3 alone, same client certificates."""

    def keep(self, leaves: AbstractSet[str]) -> None:
        """Let go of the contexts of other certificates. Sessions that use them keep them."""
        self._built = {key: one for key, one in self._built.items() if key[0] in leaves}

    def site(self, certificate: certs.Certificate, protocol: Protocol) -> ssl.SSLContext:
        """The context that carries a certificate, for a protocol's ALPN names.

        Made once; no file is read for it.
        """
        key = (certificate.leaf_sha256, protocol)
        context = self._built.get(key)
        if context is None:
            profile = self._profile(FOR_PROTOCOL[protocol], self._policy)
            context = self._built[key] = certs.site_context(certificate, profile)
        return context

    def _profile(self, alpn: tuple[bytes, ...], policy: certs.TlsPolicy) -> certs.TlsProfile:
        return certs.TlsProfile(
            policy=policy,
            alpn=alpn,
            client_auth=self._client_auth,
            client_ca_pem=self._client_ca,
        )
