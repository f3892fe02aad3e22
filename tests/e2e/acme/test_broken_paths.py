"""A way of proving that does not work is told in words, and the next one is taken."""

from collections.abc import Sequence
from pathlib import Path

from cryptography import x509

from tests.support.acme_edge import NAME, AcmePorts, Ca, acme_toml, leaf
from tests.support.cert_command import CertCommand
from tests.support.edge import Edge, running_edge
from tests.support.edge_config import Backend, Listener
from tests.support.fakeca.process import FakeCaProcess, running_fake_ca_process
from tests.support.ports import Ports


def tables(ports: Ports, port: int) -> Sequence[Listener | Backend]:
    return (
        Listener(port=port, backend="echo", mode="tls", protocol="raw"),
        Backend(name="echo", server=ports.take()),
    )


def fake(process: FakeCaProcess, own: AcmePorts) -> Ca:
    return Ca(pebble=process, dns=None, ports=own)  # type: ignore[arg-type]


def test_the_next_one_is_taken_and_remembered(ports: Ports, tmp_path: Path) -> None:
    """The CA sees another host behind its port 443, which we cannot know before."""
    own = AcmePorts(http=ports.take(), tls=ports.take())
    (tmp_path / "ca").mkdir()
    with running_fake_ca_process(
        tmp_path / "ca", ports, http_port=own.http, tls_port=ports.take()
    ) as process:
        text = acme_toml(fake(process, own), tmp_path, *tables(ports, own.tls))
        with running_edge(text, tmp_path) as edge:
            edge.wait_for("certificate.served", timeout_s=30)
        failed = [one for one in process.record().validations if one.startswith("tls-alpn-01")]
        assert failed
        with running_edge(text, tmp_path) as edge:
            edge.wait_for("certificate.served", timeout_s=30)
            CertCommand(directory=tmp_path)("renew", NAME, "--force")
        validations = process.record().validations
        assert [one for one in validations if one.startswith("tls-alpn-01")] == failed
        assert process.record().certificates == {NAME: 2}


def failure(text: str, directory: Path, port: int | None = None) -> tuple[str, str]:
    """What the log and `cert list` say of the first attempt of an edge.

    What it serves meanwhile, at `port`, nobody can take for more than it is.
    """
    edge = Edge(text, directory)
    try:
        failed = edge.wait_for("certificate.failed", timeout_s=30)
        if port is not None:
            served = x509.load_der_x509_certificate(leaf(port))
            assert served.issuer == served.subject
            (mark,) = served.subject.get_attributes_for_oid(x509.NameOID.ORGANIZATION_NAME)
            assert "self-signed" in str(mark.value)
        assert edge.records("certificate.served") == []
        return str(failed["reason"]), CertCommand(directory=directory)("list")
    finally:
        # Not `stop`: the failure is an error in its log, and rightly so.
        edge.kill()


def test_no_way_at_all(ports: Ports, tmp_path: Path) -> None:
    """Nothing listens where a CA would look: it is not asked at all, and people are told why."""
    own = AcmePorts(http=ports.take(), tls=ports.take())
    (tmp_path / "ca").mkdir()
    with running_fake_ca_process(
        tmp_path / "ca", ports, http_port=own.http, tls_port=own.tls
    ) as process:
        mail = (
            Listener(port=own.tls, backend="smtp"),
            Backend(name="smtp", server=ports.take()),
        )
        text = acme_toml(fake(process, own), tmp_path, *mail, challenges=["tls-alpn-01"])
        reason, listed = failure(text, tmp_path)
        for said in (reason, listed):
            assert f"{NAME} cannot be proved: tls-alpn-01 needs a TLS listener" in said
        assert process.record().orders == {}


def test_a_ca_that_cannot_get_through(ports: Ports, tmp_path: Path) -> None:
    """We reach our own port 80, the CA does not: its own words are what people get to see."""
    own = AcmePorts(http=ports.take(), tls=ports.take())
    (tmp_path / "ca").mkdir()
    with running_fake_ca_process(
        tmp_path / "ca", ports, http_port=ports.take(), tls_port=own.tls
    ) as process:
        text = acme_toml(
            fake(process, own), tmp_path, *tables(ports, own.tls), challenges=["http-01"]
        )
        reason, listed = failure(text, tmp_path, own.tls)
        assert "a self-signed one is served" in listed
        for said in (reason, listed):
            assert f"{NAME} by http-01" in said
            assert "Connect call failed" in said
        assert process.record().certificates == {}
