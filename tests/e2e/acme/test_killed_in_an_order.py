"""kill -9 in the middle of an order: mail goes on, and there is one order and one certificate."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.acme_edge import NAME, AcmePorts, Ca, acme_toml, leaf
from tests.support.edge import Edge, running_edge
from tests.support.edge_config import Backend, Listener
from tests.support.fakeca.process import FakeCaProcess, running_fake_ca_process
from tests.support.ports import Ports

STEPS = ["ordered", "the answer is in place", "the CA is convinced", "the CSR is sent"]


@pytest.fixture(name="ca")
def _ca(ports: Ports, tmp_path: Path) -> Iterator[tuple[FakeCaProcess, AcmePorts]]:
    own = AcmePorts(http=ports.take(), tls=ports.take())
    directory = tmp_path / "ca"
    directory.mkdir()
    with running_fake_ca_process(directory, ports, http_port=own.http, tls_port=own.tls) as process:
        # As Let's Encrypt does it: open orders are given again, and nobody is told a list of them.
        process.change(
            validation="real",
            authz_polls=1,
            processing_polls=1,
            is_order_reused=True,
            has_order_list=False,
        )
        yield process, own


def toml(ca: tuple[FakeCaProcess, AcmePorts], directory: Path, back: int) -> str:
    process, own = ca
    return acme_toml(
        Ca(pebble=process, dns=None, ports=own),  # type: ignore[arg-type]
        directory,
        Listener(port=own.tls, backend="echo", mode="tls", protocol="raw"),
        Backend(name="echo", server=back),
        workers=2,
    )


def wait_for_step(edge: Edge, step: str) -> None:
    """By the text of the step."""
    since = 0
    while True:
        record = edge.wait_for("certificate.progress", since=since, timeout_s=30)
        if step in str(record["step"]):
            return
        since = edge.records().index(record) + 1


@pytest.mark.parametrize("step", STEPS)
def test_the_control_process(
    step: str, ca: tuple[FakeCaProcess, AcmePorts], ports: Ports, tmp_path: Path
) -> None:
    process, own = ca
    edge = Edge(toml(ca, tmp_path, ports.take()), tmp_path)
    try:
        bootstrap = leaf(own.tls)
        wait_for_step(edge, step)
        control = edge.ready["control"]
        assert isinstance(control, int)
        os.kill(control, signal.SIGKILL)
        assert leaf(own.tls)  # mail has not noticed
        edge.wait_for("control.replaced", timeout_s=15)
        edge.wait_for("certificate.served", timeout_s=40)
        assert leaf(own.tls) != bootstrap
        assert_one_of_everything(process)
    finally:
        edge.kill()


@pytest.mark.parametrize("step", STEPS)
def test_the_whole_edge(
    step: str, ca: tuple[FakeCaProcess, AcmePorts], ports: Ports, tmp_path: Path
) -> None:
    process, _ = ca
    text = toml(ca, tmp_path, ports.take())
    edge = Edge(text, tmp_path)
    try:
        wait_for_step(edge, step)
        for pid in (edge.pid, edge.ready["control"], *edge.workers):
            assert isinstance(pid, int)
            os.kill(pid, signal.SIGKILL)
    finally:
        edge.kill()
    with running_edge(text, tmp_path) as again:
        again.wait_for("certificate.served", timeout_s=40)
        assert_one_of_everything(process)
        assert again.records("certificate.obtained")[-1]["certificate"] == NAME


def assert_one_of_everything(process: FakeCaProcess) -> None:
    record = process.record()
    assert record.violations == []
    assert record.certificates == {NAME: 1}
    assert len(process.certificates()) == 1
