"""Where a CA may send us: https, and nowhere else."""

import pytest

from certs.acme.addresses import check_address
from certs.acme.problem import AcmeProblem, Kind


@pytest.mark.parametrize(
    "url",
    ["https://ca.example/x", "https://ca.example:14000/x?y", "https://[::1]/", "https://127.0.0.1"],
)
def test_https(url: str) -> None:
    check_address(url, is_loopback_http_allowed=False)


LOCAL = ["http://127.0.0.1:4000/dir", "http://[::1]/", "http://localhost/"]


@pytest.mark.parametrize("url", LOCAL)
def test_http_to_this_very_host_has_to_be_allowed(url: str) -> None:
    check_address(url, is_loopback_http_allowed=True)
    with pytest.raises(AcmeProblem) as caught:
        check_address(url, is_loopback_http_allowed=False)
    assert caught.value.kind is Kind.CONFIGURATION


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ca.example",
        "/dir",
        "http://ca.example/x",
        "http://127.0.0.1.example/x",
        "http://localhost.example/x",
        "http://127.0.0.1@ca.example/x",
        "ftp://127.0.0.1/x",
        "file:///etc/passwd",
        "https:///x",
        "https://user:secret@ca.example/x",
        "https://ca.example:port/",
        "https://[::1/",
        "https://ca.example/a b\r\nx",
        "https://bücher.example/",
    ],
)
def test_refused(url: str) -> None:
    with pytest.raises(AcmeProblem) as caught:
        check_address(url, is_loopback_http_allowed=True)
    assert caught.value.detail.isprintable()
