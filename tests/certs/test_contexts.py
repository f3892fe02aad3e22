"""Real handshakes: what a base context decides, what a site decides, and what neither allows."""

import dataclasses
import os
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from certs import (
    CertError,
    Certificate,
    ClientAuth,
    TlsPolicy,
    TlsProfile,
    base_context,
    load_files,
    site_context,
)
from tests.support.memory_tls import HandshakeError, handshake

TLS_1_2, TLS_1_3 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
VERSIONS = pytest.mark.parametrize("version", [TLS_1_2, TLS_1_3], ids=["1.2", "1.3"])
NAME, OTHER = "mail.example.org", "imap.example.org"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Certificates of a server authority for two names, and a client authority."""

    authority: trustme.CA
    client_ca_pem: bytes
    client_pem: Path
    stranger_pem: Path
    mail: Certificate
    imap: Certificate
    rsa: Certificate

    def client(
        self,
        version: ssl.TLSVersion | None = None,
        *,
        alpn: tuple[str, ...] = (),
        ciphers: str | None = None,
        certificate: Path | None = None,
    ) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.authority.configure_trust(context)
        if version is not None:
            context.minimum_version = context.maximum_version = version
        if alpn:
            context.set_alpn_protocols(list(alpn))
        if ciphers is not None:
            context.set_ciphers(ciphers)
        if certificate is not None:
            context.load_cert_chain(certificate)
        return context


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("pki")
    servers, clients = trustme.CA(), trustme.CA(organization_name="clients")

    def served(name: str, key_type: trustme.KeyType = trustme.KeyType.ECDSA) -> Certificate:
        leaf = servers.issue_cert(name, key_type=key_type)
        path = folder / "served.pem"
        leaf.private_key_and_cert_chain_pem.write_to_path(str(path))
        path.chmod(0o600)
        loaded = load_files([path], [path], [name], now=datetime.now(UTC))
        return loaded.certificates.certificates[0]

    def client(authority: trustme.CA, label: str) -> Path:
        path = folder / f"{label}.pem"
        leaf = authority.issue_cert(f"{label}@example.org", common_name=label)
        leaf.private_key_and_cert_chain_pem.write_to_path(str(path))
        return path

    return World(
        authority=servers,
        client_ca_pem=clients.cert_pem.bytes(),
        client_pem=client(clients, "client"),
        stranger_pem=client(trustme.CA(), "stranger"),
        mail=served(NAME),
        imap=served(OTHER),
        rsa=served(NAME, trustme.KeyType.RSA),
    )


def profile(
    policy: TlsPolicy = TlsPolicy.INTERMEDIATE,
    *,
    alpn: tuple[bytes, ...] = (),
    client_auth: ClientAuth = ClientAuth.NONE,
    client_ca_pem: bytes | None = None,
) -> TlsProfile:
    return TlsProfile(
        policy=policy, alpn=alpn, client_auth=client_auth, client_ca_pem=client_ca_pem
    )


PLAIN = profile()


# What comes from where. Base and site come from different profiles here, as they never should.


@VERSIONS
def test_certificate_comes_from_the_site(world: World, version: ssl.TLSVersion) -> None:
    base = base_context(PLAIN)
    for certificate, name in [(world.mail, NAME), (world.imap, OTHER)]:
        pair = handshake(
            world.client(version), base, site_context(certificate, PLAIN), server_name=name
        )
        assert pair.send_to_server(b"hello") == b"hello"
        assert pair.send_to_client(b"hello") == b"hello"


def test_lowest_version_comes_from_the_base(world: World) -> None:
    modern = profile(TlsPolicy.MODERN)
    with pytest.raises(HandshakeError, match="UNSUPPORTED_PROTOCOL"):
        handshake(world.client(TLS_1_2), base_context(modern), site_context(world.mail, PLAIN))
    handshake(world.client(TLS_1_2), base_context(PLAIN), site_context(world.mail, modern))


def test_tls_1_2_suites_come_from_the_site(world: World) -> None:
    base, site = base_context(PLAIN), site_context(world.mail, PLAIN)
    base.set_ciphers("ECDHE+AESGCM")
    site.set_ciphers("ECDHE+CHACHA20")
    cipher = handshake(world.client(TLS_1_2), base, site).client.cipher()
    assert cipher is not None
    assert cipher[0] == "ECDHE-ECDSA-CHACHA20-POLY1305"


@VERSIONS
def test_alpn_comes_from_the_site(world: World, version: ssl.TLSVersion) -> None:
    client = world.client(version, alpn=("http/1.1", "imap"))
    http, imap = profile(alpn=(b"http/1.1",)), profile(alpn=(b"imap",))
    pair = handshake(client, base_context(http), site_context(world.mail, imap))
    assert pair.client.selected_alpn_protocol() == "imap"
    assert pair.server.selected_alpn_protocol() == "imap"
    pair = handshake(client, base_context(http), site_context(world.mail, PLAIN))
    assert pair.server.selected_alpn_protocol() is None


@VERSIONS
def test_asking_for_a_client_certificate_comes_from_the_base(
    world: World, version: ssl.TLSVersion
) -> None:
    asking = profile(client_auth=ClientAuth.REQUIRE, client_ca_pem=world.client_ca_pem)
    with pytest.raises(HandshakeError, match="PEER_DID_NOT_RETURN_A_CERTIFICATE"):
        handshake(world.client(version), base_context(asking), site_context(world.mail, PLAIN))
    handshake(world.client(version), base_context(PLAIN), site_context(world.mail, asking))


@VERSIONS
def test_the_ca_of_a_client_certificate_comes_from_the_site(
    world: World, version: ssl.TLSVersion
) -> None:
    asking = profile(client_auth=ClientAuth.REQUIRE, client_ca_pem=world.client_ca_pem)
    without_ca = profile(client_auth=ClientAuth.REQUIRE)
    client = world.client(version, certificate=world.client_pem)
    with pytest.raises(HandshakeError, match="CERTIFICATE_VERIFY_FAILED"):
        handshake(client, base_context(asking), site_context(world.mail, without_ca))
    pair = handshake(client, base_context(without_ca), site_context(world.mail, asking))
    assert pair.server.getpeercert()


@VERSIONS
def test_getpeercert_is_empty_when_the_site_does_not_ask(
    world: World, version: ssl.TLSVersion
) -> None:
    asking = profile(client_auth=ClientAuth.REQUIRE, client_ca_pem=world.client_ca_pem)
    not_asking = profile(client_ca_pem=world.client_ca_pem)
    client = world.client(version, certificate=world.client_pem)
    pair = handshake(client, base_context(asking), site_context(world.mail, not_asking))
    assert pair.server.getpeercert() == {}


def test_number_of_tickets_comes_from_the_base(world: World) -> None:
    base, site = base_context(PLAIN), site_context(world.mail, PLAIN)
    assert base.num_tickets == 1
    base.num_tickets = 0
    pair = handshake(world.client(TLS_1_3), base, site)
    pair.send_to_client(b"x")
    assert pair.client.session is None or not pair.client.session.has_ticket


# Client certificates as the edge uses them: base and site of one profile.


@VERSIONS
@pytest.mark.parametrize(
    ("client_auth", "presented", "outcome"),
    [
        (ClientAuth.NONE, "client", "no name"),
        (ClientAuth.REQUEST, None, "no name"),
        (ClientAuth.REQUEST, "client", "name"),
        (ClientAuth.REQUEST, "stranger", "refused"),
        (ClientAuth.REQUIRE, None, "refused"),
        (ClientAuth.REQUIRE, "client", "name"),
        (ClientAuth.REQUIRE, "stranger", "refused"),
    ],
)
def test_client_certificates(
    world: World,
    version: ssl.TLSVersion,
    client_auth: ClientAuth,
    presented: str | None,
    outcome: str,
) -> None:
    ca_pem = None if client_auth is ClientAuth.NONE else world.client_ca_pem
    asking = profile(client_auth=client_auth, client_ca_pem=ca_pem)
    files = {"client": world.client_pem, "stranger": world.stranger_pem}
    client = world.client(version, certificate=files[presented] if presented else None)
    base, site = base_context(asking), site_context(world.mail, asking)
    if outcome == "refused":
        with pytest.raises(HandshakeError) as caught:
            handshake(client, base, site)
        assert caught.value.side == "server"
    else:
        assert bool(handshake(client, base, site).server.getpeercert()) == (outcome == "name")


@pytest.mark.parametrize("ca_pem", [b"", b"hello", "é".encode()])
def test_a_client_ca_that_is_none(ca_pem: bytes) -> None:
    with pytest.raises(CertError, match="no usable CA certificate"):
        base_context(profile(client_auth=ClientAuth.REQUIRE, client_ca_pem=ca_pem))


# Resumption (attack class: ticket key reuse).


@VERSIONS
def test_a_ticket_resumes_on_its_base_whatever_the_site(
    world: World, version: ssl.TLSVersion
) -> None:
    client, base = world.client(version), base_context(PLAIN)
    first = handshake(client, base, site_context(world.mail, PLAIN))
    first.send_to_client(b"x")
    assert not first.client.session_reused
    for certificate, name in [(world.rsa, NAME), (world.imap, OTHER)]:
        site = site_context(certificate, PLAIN)
        again = handshake(client, base, site, server_name=name, session=first.client.session)
        assert again.client.session_reused
        assert again.server.session_reused
        assert again.send_to_server(b"hello") == b"hello"


@VERSIONS
def test_a_ticket_does_not_resume_on_another_base(world: World, version: ssl.TLSVersion) -> None:
    client, site = world.client(version), site_context(world.mail, PLAIN)
    first = handshake(client, base_context(PLAIN), site)
    first.send_to_client(b"x")
    again = handshake(client, base_context(PLAIN), site, session=first.client.session)
    assert not again.client.session_reused


@VERSIONS
def test_a_ticket_never_replaces_a_client_certificate(
    world: World, version: ssl.TLSVersion
) -> None:
    asking = profile(client_auth=ClientAuth.REQUIRE, client_ca_pem=world.client_ca_pem)
    client = world.client(version)
    open_door = handshake(client, base_context(PLAIN), site_context(world.mail, PLAIN))
    open_door.send_to_client(b"x")
    with pytest.raises(HandshakeError, match="PEER_DID_NOT_RETURN_A_CERTIFICATE"):
        handshake(
            client,
            base_context(asking),
            site_context(world.mail, asking),
            session=open_door.client.session,
        )


@VERSIONS
def test_a_resumed_session_still_knows_its_client_certificate(
    world: World, version: ssl.TLSVersion
) -> None:
    asking = profile(client_auth=ClientAuth.REQUIRE, client_ca_pem=world.client_ca_pem)
    client = world.client(version, certificate=world.client_pem)
    base = base_context(asking)
    first = handshake(client, base, site_context(world.mail, asking))
    first.send_to_client(b"x")
    again = handshake(client, base, site_context(world.rsa, asking), session=first.client.session)
    assert again.server.session_reused
    assert again.server.getpeercert() == first.server.getpeercert() != {}


# What no policy allows (attack classes: renegotiation, early data, weak suites, truncation).

AEAD = {
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-RSA-CHACHA20-POLY1305",
}
OLD = {
    "AES128-GCM-SHA256",
    "AES128-SHA",
    "AES128-SHA256",
    "AES256-GCM-SHA384",
    "AES256-SHA",
    "AES256-SHA256",
    "ECDHE-ECDSA-AES128-SHA",
    "ECDHE-ECDSA-AES128-SHA256",
    "ECDHE-ECDSA-AES256-SHA",
    "ECDHE-ECDSA-AES256-SHA384",
    "ECDHE-RSA-AES128-SHA",
    "ECDHE-RSA-AES128-SHA256",
    "ECDHE-RSA-AES256-SHA",
    "ECDHE-RSA-AES256-SHA384",
}


@pytest.mark.parametrize(
    ("policy", "suites"),
    [
        (TlsPolicy.MODERN, AEAD),
        (TlsPolicy.INTERMEDIATE, AEAD),
        (TlsPolicy.COMPATIBLE, AEAD | OLD),
    ],
)
def test_exactly_these_suites(policy: TlsPolicy, suites: set[str]) -> None:
    context = base_context(profile(policy))
    named = [cipher["name"] for cipher in context.get_ciphers()]
    tls_1_3 = {name for name in named if name.startswith("TLS_")}
    assert tls_1_3 == {
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
    }
    assert set(named) - tls_1_3 == suites
    # The strong ones come first, and the server's order counts.
    assert set(named[len(tls_1_3) :][: len(AEAD)]) == AEAD
    assert context.options & ssl.OP_CIPHER_SERVER_PREFERENCE


@pytest.mark.parametrize(
    ("policy", "version", "ciphers", "is_served"),
    [
        (TlsPolicy.MODERN, TLS_1_3, None, True),
        (TlsPolicy.MODERN, TLS_1_2, None, False),
        (TlsPolicy.INTERMEDIATE, TLS_1_3, None, True),
        (TlsPolicy.INTERMEDIATE, TLS_1_2, "ECDHE-RSA-AES128-GCM-SHA256", True),
        (TlsPolicy.INTERMEDIATE, TLS_1_2, "ECDHE-RSA-AES128-SHA", False),
        (TlsPolicy.INTERMEDIATE, TLS_1_2, "AES128-GCM-SHA256", False),
        (TlsPolicy.INTERMEDIATE, TLS_1_2, "DHE-RSA-AES128-GCM-SHA256", False),
        (TlsPolicy.COMPATIBLE, TLS_1_3, None, True),
        (TlsPolicy.COMPATIBLE, TLS_1_2, "ECDHE-RSA-AES128-SHA", True),
        (TlsPolicy.COMPATIBLE, TLS_1_2, "AES256-SHA", True),
        (TlsPolicy.COMPATIBLE, TLS_1_2, "DHE-RSA-AES128-GCM-SHA256", False),
        (TlsPolicy.COMPATIBLE, TLS_1_2, "ECDHE-RSA-CAMELLIA128-SHA256", False),
    ],
)
def test_policies(
    world: World,
    policy: TlsPolicy,
    version: ssl.TLSVersion,
    ciphers: str | None,
    is_served: bool,
) -> None:
    wanted = profile(policy)
    client = world.client(version, ciphers=ciphers)
    base, site = base_context(wanted), site_context(world.rsa, wanted)
    if is_served:
        assert handshake(client, base, site).server.version() == version.name.replace("_", ".")
    else:
        with pytest.raises(HandshakeError):
            handshake(client, base, site)


@pytest.mark.parametrize("policy", list(TlsPolicy))
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1:DeprecationWarning")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_older_versions_are_refused(
    world: World, policy: TlsPolicy, version: ssl.TLSVersion
) -> None:
    client = world.client(ciphers="ALL:@SECLEVEL=0")
    client.minimum_version = client.maximum_version = version
    with pytest.raises(HandshakeError) as caught:
        handshake(client, base_context(profile(policy)), site_context(world.rsa, profile(policy)))
    assert caught.value.side == "server"


@pytest.mark.parametrize("policy", list(TlsPolicy))
def test_options_of_every_context(world: World, policy: TlsPolicy) -> None:
    wanted = profile(policy)
    for context in (base_context(wanted), site_context(world.mail, wanted)):
        assert context.options & ssl.OP_NO_RENEGOTIATION
        assert context.options & ssl.OP_NO_COMPRESSION
        assert not context.options & ssl.OP_IGNORE_UNEXPECTED_EOF
        assert context.num_tickets == 1
        assert context.minimum_version >= TLS_1_2


@VERSIONS
def test_truncation_is_not_an_end(world: World, version: ssl.TLSVersion) -> None:
    pair = handshake(world.client(version), base_context(PLAIN), site_context(world.mail, PLAIN))
    pair.to_server.write_eof()
    # SSLEOFError since Python 3.11.3, by name alone before that.
    with pytest.raises(ssl.SSLError) as caught:
        pair.server.read(1)
    assert caught.value.reason == "UNEXPECTED_EOF_WHILE_READING"


@VERSIONS
def test_visible_truncation_comes_from_the_base(world: World, version: ssl.TLSVersion) -> None:
    careless = base_context(PLAIN)
    careless.options |= ssl.OP_IGNORE_UNEXPECTED_EOF
    pair = handshake(world.client(version), careless, site_context(world.mail, PLAIN))
    pair.to_server.write_eof()
    assert pair.server.read(1) == b""


@VERSIONS
def test_close_notify_is_an_end(world: World, version: ssl.TLSVersion) -> None:
    pair = handshake(world.client(version), base_context(PLAIN), site_context(world.mail, PLAIN))
    with pytest.raises(ssl.SSLWantReadError):
        pair.client.unwrap()
    pair.carry()
    pair.to_server.write_eof()
    assert pair.server.read(1) == b""


def test_profiles_can_be_keys() -> None:
    assert {PLAIN: 1}[profile()] == 1
    assert dataclasses.replace(PLAIN, alpn=(b"imap",)) != PLAIN


# The way of a key into OpenSSL.


def test_no_descriptor_is_left_open(world: World) -> None:
    descriptors = Path("/proc/self/fd")
    before = len(list(descriptors.iterdir()))
    for _ in range(20):
        site_context(world.mail, PLAIN)
    assert len(list(descriptors.iterdir())) == before


def test_a_host_without_memory_files(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create")
    with pytest.raises(CertError, match="memfd_create"):
        site_context(world.mail, PLAIN)


def test_openssl_has_the_last_word(world: World) -> None:
    mixed = dataclasses.replace(world.mail, key_pem=world.imap.key_pem)
    with pytest.raises(CertError, match="key_values_mismatch"):
        site_context(mixed, PLAIN)
