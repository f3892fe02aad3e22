"""The fake CA as a process: knobs and counters over HTTP."""

import ssl
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.support.fakeca.process import running_fake_ca_process
from tests.support.ports import Ports


def test_knobs_and_counters_over_http(tmp_path: Path, ports: Ports) -> None:
    with running_fake_ca_process(tmp_path, ports, http_port=1, tls_port=1) as ca:
        context = ssl.create_default_context(cafile=str(ca.ca_bundle))
        with urllib.request.urlopen(ca.directory, context=context, timeout=5) as response:
            assert b"renewalInfo" in response.read()
        assert ca.record().count("directory", status=200) == 1
        ca.change(has_renewal_info=False, interruptions=[{"resource": "directory"}])
        with pytest.raises(urllib.error.HTTPError, match="503") as caught:
            urllib.request.urlopen(ca.directory, context=context, timeout=5)
        caught.value.close()
        with urllib.request.urlopen(ca.directory, context=context, timeout=5) as response:
            assert b"renewalInfo" not in response.read()
        assert b"BEGIN CERTIFICATE" in ca.roots_pem()
        assert ca.certificates() == []
        with pytest.raises(urllib.error.HTTPError, match="400") as caught:
            ca.change(no_such_knob=True)
        caught.value.close()
