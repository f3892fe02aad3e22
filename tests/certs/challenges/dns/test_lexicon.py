"""dns-lexicon: its own dynamic update against a real server, its absence, its errors."""

import asyncio
import base64
import functools
import importlib.util
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import dns.query
import pytest

from certs.challenges.dns.lexicon import LexiconProvider
from certs.challenges.dns.resolving import Resolving
from certs.challenges.solver import PathError
from tests.support.knot import KEY_ALGORITHM, KEY_NAME, ZONE, Knots


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The extra; its list of public suffixes stays the one that came with it.

    Forgotten afterwards: it warns whoever looks at its attributes, as hypothesis does with all
    modules there are.
    """
    tldextract = pytest.importorskip("tldextract")
    pytest.importorskip("lexicon")
    offline = functools.partial(tldextract.TLDExtract, suffix_list_urls=())
    monkeypatch.setattr(tldextract, "TLDExtract", offline)
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "lexicon"]:
        del sys.modules[name]


def options_of(knots: Knots) -> Mapping[str, str]:
    secret = base64.b64encode(knots.secret).decode()
    return {
        "auth_token": f"{KEY_ALGORITHM}:{KEY_NAME}:{secret}",
        "ddns_server": knots.primary.address,
        "domain": ZONE,  # which this one provider does not take from where the others do
    }


@pytest.mark.usefixtures("installed")
def test_adds_and_removes_one_value(
    knots: Knots, resolving: Resolving, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Its provider for dynamic updates knows no port.
    monkeypatch.setattr(dns.query, "tcp", functools.partial(dns.query.tcp, port=knots.port))
    name = f"_acme-challenge.lexicon.sub.{ZONE}."

    async def dialogue() -> None:
        provider = LexiconProvider(provider="ddns", options=options_of(knots), resolving=resolving)
        await provider.present(name, "one")
        await provider.present(name, "two")
        assert knots.primary.texts(name) == {"one", "two"}
        await provider.clean_up(name, "one")
        assert knots.primary.texts(name) == {"two"}
        await provider.clean_up(name, "two")

    asyncio.run(dialogue())
    assert knots.primary.texts(name) == set()


@pytest.mark.usefixtures("installed")
def test_a_provider_that_does_not_exist(resolving: Resolving) -> None:
    provider = LexiconProvider(provider="no-such", options={}, resolving=resolving)
    with pytest.raises(PathError, match=r"no-such cannot create .*: ProviderNotAvailableError"):
        asyncio.run(provider.present(f"a.{ZONE}.", "value"))


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (
            RuntimeError("403: d.test?key=hunter2&x=1 as hunter2\n"),
            "ddns cannot create a TXT record in example.test: RuntimeError: 403: d.test?… as …",
        ),
        (False, "ddns did not create a TXT record in example.test"),
    ],
)
def test_errors_hold_no_credentials(
    resolving: Resolving, monkeypatch: pytest.MonkeyPatch, outcome: Exception | bool, words: str
) -> None:
    def create(*_: Any) -> bool:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    ddns = importlib.import_module("lexicon._private.providers.ddns")
    monkeypatch.setattr(ddns.Provider, "create_record", create)
    options = {"auth_token": "hmac-sha256:hunter2:aHVudGVyMg==", "ddns_server": "hunter2"}
    provider = LexiconProvider(provider="ddns", options=options, resolving=resolving)
    with pytest.raises(PathError) as caught:
        asyncio.run(provider.present(f"a.{ZONE}.", "value"))
    assert caught.value.message == words


def test_not_installed(resolving: Resolving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "lexicon", raising=False)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(PathError, match=r"not installed\. Run: pip install 'stalwart-edge\[lex"):
        LexiconProvider(provider="cloudflare", options={}, resolving=resolving)
