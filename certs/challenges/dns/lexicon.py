"""Any of the services that dns-lexicon knows. It is an optional extra and blocks: it gets a thread.

Options are the provider's own (`auth_token`, `auth_username`, …), as `lexicon PROVIDER --help`
lists them with `--` and dashes; what is not given is looked for in `LEXICON_…` of the environment.
"""

import asyncio
import importlib
import importlib.util
import re
from collections.abc import Mapping
from typing import Any, Final, Literal

from certs.challenges.dns.resolving import Resolving
from certs.challenges.solver import PathError
from certs.challenges.words import printable

DEADLINE_S: Final = 120.0
TTL_S: Final = 60
_QUERY_STRING: Final = re.compile(r"\?\S+")
_REMEDY_INSTALL: Final = "Run: pip install 'stalwart-edge[lexicon]'"


class LexiconProvider:
    """One account at one service."""

    def __init__(
        self,
        *,
        provider: str,
        options: Mapping[str, str],
        resolving: Resolving,
        ttl_s: int = TTL_S,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        """Raises PathError when dns-lexicon is not installed."""
        self._provider = provider
        self._options = dict(options)
        self._resolving = resolving
        self._ttl_s = ttl_s
        self._deadline_s = deadline_s
        _check(provider)

    async def present(self, fqdn: str, value: str) -> None:
        """Add the value."""
        await self._run("create", fqdn, value)

    async def clean_up(self, fqdn: str, value: str) -> None:
        """Remove the value."""
        await self._run("delete", fqdn, value)

    async def _run(self, verb: Literal["create", "delete"], fqdn: str, value: str) -> None:
        zone = (await self._resolving.zone_of(fqdn)).rstrip(".")
        name = fqdn.rstrip(".")
        try:
            async with asyncio.timeout(self._deadline_s):
                is_done = await asyncio.to_thread(self._call, verb, zone, name, value)
        except TimeoutError:
            raise PathError(
                f"{self._provider} does not {verb} a TXT record in {self._deadline_s:g} s",
                remedy="Look whether this host can reach the service.",
            ) from None
        except Exception as error:  # noqa: BLE001 - the code for 90 services raises anything
            raise PathError(
                f"{self._provider} cannot {verb} a TXT record in {zone}: {self._words(error)}",
                remedy="Look at the options in acme.dns and at what the account may change.",
            ) from None
        if not is_done:
            raise PathError(
                f"{self._provider} did not {verb} a TXT record in {zone}",
                remedy="Look at what the account may change.",
            )

    def _call(self, verb: Literal["create", "delete"], zone: str, name: str, value: str) -> bool:
        """In a thread of its own."""
        # Here, for an optional package; by name, for whoever checks types without it.
        client: Any = importlib.import_module("lexicon.client")
        config: Any = importlib.import_module("lexicon.config")
        settings: dict[str, Any] = {
            "provider_name": self._provider,
            "domain": zone,
            "ttl": self._ttl_s,
            self._provider: self._options,
        }
        resolver = config.ConfigResolver().with_dict(settings).with_env()
        ready = client.Client(resolver)
        # By now it has guessed a zone from the public suffixes. We know it: ours goes first.
        resolver.add_config_source(config.DictConfigSource({"domain": zone}), 0)
        with ready as operations:
            match verb:
                case "create":
                    return bool(operations.create_record("TXT", name, value))
                case "delete":
                    return bool(operations.delete_record(rtype="TXT", name=name, content=value))

    def _words(self, error: Exception) -> str:
        """What it says, without credentials: some services take them in the address."""
        text = _QUERY_STRING.sub("?…", f"{type(error).__name__}: {error}")
        for secret in self._options.values():
            if secret:
                text = text.replace(secret, "…")
        return printable(text)


def _check(provider: str) -> None:
    if importlib.util.find_spec("lexicon") is None:
        raise PathError(
            f"the DNS provider {printable(provider)} needs dns-lexicon, which is not installed",
            remedy=_REMEDY_INSTALL,
        )
