"""The package without the proxy: the program of docs/certs.md obtains a certificate."""

import asyncio
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.fakeca.core import Reach
from tests.support.fakeca.server import running_fake_ca
from tests.support.ports import Ports

PAGE = Path(__file__).parents[2] / "docs" / "certs.md"


def listening(port: int) -> socket.socket:
    sock = socket.create_server(("127.0.0.1", port))
    sock.setblocking(False)
    return sock


def test_the_program_of_the_page(ports: Ports, tmp_path: Path, capsys: Any) -> None:
    (program,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    names: dict[str, Any] = {"__name__": "page"}
    exec(compile(program, str(PAGE), "exec"), names)
    http_port = ports.take()

    async def body() -> None:
        async with running_fake_ca(
            tmp_path, port=ports.take(), reach=Reach(http_port=http_port, tls_port=ports.take())
        ) as ca:
            ca.faults.validation = "real"
            state = tmp_path / "state"
            run = names["main"](ca.directory, ca.ca_bundle, state, [listening(http_port)])
            async with asyncio.TaskGroup() as tasks:
                manager = tasks.create_task(run)
                said = ""
                while "certificate.served" not in said:
                    await asyncio.sleep(0.01)
                    said += capsys.readouterr().out
                manager.cancel()
            assert ca.record.violations == []
            assert ca.record.certificates == {"www.example.org": 1}
            assert "info certificate.obtained www.example.org" in said
            assert (state / "certificates" / "www.example.org+ecdsa-p256" / "current").exists()

    asyncio.run(asyncio.wait_for(body(), 30))


def test_who_only_serves_loads_no_acme_client() -> None:
    program = (
        "import sys, certs; certs.load_current, certs.FileStore, certs.challenge_context; "
        "heavy = {'acme', 'josepy', 'requests', 'aiohttp', 'dns', 'OpenSSL', 'edge'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout.strip() == "[]"
