"""Ports that are free, and the files that name them."""

import socket
import ssl
import tomllib
from pathlib import Path

import pytest

from edge.demo.authority import issue
from edge.demo.commands import commands
from edge.demo.edge_toml import edge_toml
from edge.demo.places import SERVICES, STANDIN_HOST, NoPortError, Place, find_places


def held(host: str, port: int) -> socket.socket:
    return socket.create_server((host, port))


def test_a_taken_port_is_passed_over_whoever_holds_it() -> None:
    wanted = {place.service.name: place.port for place in find_places()}
    with held("127.0.0.1", wanted["mx"]), held(STANDIN_HOST, wanted["imaps"]):
        found = {place.service.name: place.port for place in find_places()}
    changed = {name for name in wanted if wanted[name] != found[name]}
    assert changed >= {"mx", "imaps"}
    assert all(port < 32_768 for port in found.values())


def test_no_port_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.demo.places._can_bind", lambda host, port: port == 0)
    with pytest.raises(NoPortError, match="no free port for mx: tried \\[2025, 12025, 22025\\]"):
        find_places()


PLACES = tuple(
    Place(service=each, port=each.port, binds=(f"127.0.0.1:{each.port}",)) for each in SERVICES
)


def test_the_certificate_is_one_that_clients_can_verify(tmp_path: Path) -> None:
    files = issue(tmp_path)
    assert files.key.stat().st_mode & 0o777 == 0o600
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(files.chain, files.key)
    assert ssl.create_default_context(cafile=files.ca).cert_store_stats()["x509_ca"] == 1


def test_edge_toml_has_every_listener_and_any_path(tmp_path: Path) -> None:
    folder = tmp_path / 'a "b" \\c'
    folder.mkdir()
    files = issue(folder)
    tree = tomllib.loads(edge_toml(PLACES, files, folder))
    assert tree["edge"]["state_dir"] == str(folder)
    assert tree["certificate"][0]["key"] == str(files.key)
    listeners = {each["name"]: each for each in tree["listener"]}
    assert set(listeners) == {each["name"] for each in tree["backend"]}
    assert listeners["mx"]["require_tls"] is False
    assert listeners["submission"]["require_tls"] is True
    assert "require_tls" not in listeners["imaps"]
    protocols = {name: each["protocol"] for name, each in listeners.items()}
    assert protocols.pop("https") == "http"
    assert set(protocols.values()) == {"auto"}


def test_commands_name_the_ports_and_the_ca() -> None:
    moved = [Place(service=each.service, port=each.port + 10_000, binds=()) for each in PLACES]
    lines = [each.line for each in commands(moved, Path("/a b/ca.pem"))]
    text = "\n".join(lines)
    assert all(str(place.port) in text for place in moved)
    assert not any(f":{place.service.port}" in text for place in moved)
    assert all("'/a b/ca.pem'" in line for line in lines if line.startswith(("curl", "openssl")))
