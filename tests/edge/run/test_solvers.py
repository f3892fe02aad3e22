"""`[acme.dns]` to a solver: each provider gets what the file and its secrets say."""

from pathlib import Path
from types import MappingProxyType

import pytest

import certs
from edge.config.acme.material import AcmeMaterial
from edge.config.tree import Acme, Dns, Exec, Lexicon, Rfc2136, TcpAddress
from edge.run.solvers import dns_solver

SETTINGS = certs.AcmeSettings(email=None, agree_to_terms=True, issuers=(), user_agent="test")
PRIMARY = Rfc2136(
    server=TcpAddress(host="192.0.2.53", port=5353),
    zone="example.org",
    tsig_name="edge",
    tsig_algorithm="hmac-sha512",
    tsig_secret_file=Path("/tsig"),
)
HOOK = Exec(program=Path("/hook"), args=("a",))
SERVICE = Lexicon(
    provider="cloudflare", options=MappingProxyType({}), option_files=MappingProxyType({})
)


@pytest.mark.parametrize(
    ("provider", "expected"),
    [
        (PRIMARY, certs.Rfc2136Provider),
        (HOOK, certs.ExecProvider),
        (SERVICE, certs.LexiconProvider),
    ],
)
@pytest.mark.parametrize("is_checked", [True, False])
def test_each_provider(
    monkeypatch: pytest.MonkeyPatch,
    provider: Rfc2136 | Exec | Lexicon,
    expected: type,
    is_checked: bool,
) -> None:
    built: dict[str, dict[str, object]] = {}

    def note(name: str) -> object:
        original = getattr(certs, name)

        def build(**arguments: object) -> object:
            built[name] = arguments
            return original(**arguments)

        return build

    for name in ("Dns01Solver", "Resolving", expected.__name__):
        monkeypatch.setattr(certs, name, note(name), raising=False)
    dns = Dns(provider=provider, resolvers=("192.0.2.1",), is_propagation_checked=is_checked)
    options = MappingProxyType({"auth_token": "s3cret"})
    material = AcmeMaterial(settings=SETTINGS, tsig_secret=b"secret", dns_options=options)
    acme = Acme(settings=SETTINGS, eab_hmac_key_files={}, http_bind=(), dns=dns)
    (solver,) = dns_solver(acme, material, lambda event: None).values()
    assert solver.type is certs.ChallengeType.DNS_01
    assert (built["Dns01Solver"]["propagation"] is not None) == is_checked
    assert built["Resolving"] == {"resolvers": ("192.0.2.1",)}
    arguments = built[expected.__name__]
    match provider:
        case Rfc2136():
            key = certs.TsigKey(name="edge", algorithm="hmac-sha512", secret=b"secret")
            assert arguments == {
                "server": "192.0.2.53",
                "port": 5353,
                "zone": "example.org",
                "key": key,
            }
        case Exec():
            assert arguments == {"program": Path("/hook"), "args": ("a",)}
        case Lexicon():
            assert arguments["options"] == {"auth_token": "s3cret"}


def test_without_the_table_there_is_no_solver() -> None:
    acme = Acme(settings=SETTINGS, eab_hmac_key_files={}, http_bind=(), dns=None)
    material = AcmeMaterial(settings=SETTINGS, tsig_secret=None, dns_options={})
    assert dns_solver(acme, material, lambda event: None) == {}
