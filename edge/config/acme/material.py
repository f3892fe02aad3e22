"""The files that `[acme]` names: secrets, CAs, a program. Read, judged, never shown."""

import base64
import binascii
import importlib.util
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final, assert_never

import certs
from edge.config.findings import Findings, did_you_mean
from edge.config.places import Table
from edge.config.readfiles import is_readable_by_all, read_ca, read_secret
from edge.config.tree import Acme, Exec, Lexicon, Rfc2136

_DNS: Final[Table] = ("acme", "dns")
_OPTIONS: Final[Table] = ("acme", "dns", "options")
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]+={0,2}")
_SECRET_OPTION: Final = re.compile(r"token|secret|password|passwd|key")


@dataclass(frozen=True, slots=True, kw_only=True)
class AcmeMaterial:
    """`settings` are complete; the rest is for the provider of `[acme.dns]`."""

    settings: certs.AcmeSettings
    tsig_secret: bytes | None = field(repr=False)
    dns_options: Mapping[str, str] = field(repr=False)


def load_acme(acme: Acme, config_path: Path, findings: Findings) -> AcmeMaterial:
    """Read everything; problems go to `findings`. With an error in it, not to be used."""
    issuers = []
    for at, issuer in enumerate(acme.settings.issuers):
        table = ("acme", "issuer", at)
        if issuer.ca_bundle is not None:
            read_ca(issuer.ca_bundle, table, "ca_bundle", findings)
        path = acme.eab_hmac_key_files.get(issuer.name)
        key = None if path is None else _hmac_key(path, table, findings)
        issuers.append(replace(issuer, eab_hmac_key=key))
    tsig_secret: bytes | None = None
    options: dict[str, str] = {}
    match acme.dns.provider if acme.dns else None:
        case Rfc2136(tsig_secret_file=path):
            tsig_secret = None if path is None else _tsig_secret(path, findings)
        case Exec(program=program):
            _check_program(program, findings)
        case Lexicon() as lexicon:
            options = _lexicon_options(lexicon, config_path, findings)
        case None:
            pass
        case provider:
            assert_never(provider)
    return AcmeMaterial(
        settings=replace(acme.settings, issuers=tuple(issuers)),
        tsig_secret=tsig_secret,
        dns_options=MappingProxyType(options),
    )


def _hmac_key(path: Path, table: Table, findings: Findings) -> str | None:
    """base64url without padding, as `certs.Issuer` has it (RFC 8555 section 7.3.4)."""
    text = read_secret(path, table, "eab_hmac_key_file", findings)
    if text is None:
        return None
    bare = text.rstrip("=")
    # One character more than whole groups of four encodes nothing.
    if _BASE64URL.fullmatch(text) is None or len(bare) % 4 == 1:
        findings.error(
            table,
            "eab_hmac_key_file",
            f"{path}: holds no key in base64url",
            "Put the HMAC key there as the CA shows it: letters, digits, - and _.",
        )
        return None
    return bare


def _tsig_secret(path: Path, findings: Findings) -> bytes | None:
    text = read_secret(path, _DNS, "tsig_secret_file", findings)
    if text is None:
        return None
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        findings.error(
            _DNS,
            "tsig_secret_file",
            f"{path}: holds no key in base64",
            "Put only the text there that stands behind `secret` in the name server's file.",
        )
        return None


def _check_program(program: Path, findings: Findings) -> None:
    if not program.is_file():
        message = f"{program}: there is no such program"
        findings.error(_DNS, "program", message, "Write the path of an executable file.")
    elif not os.access(program, os.X_OK):
        message = f"{program}: cannot be executed"
        findings.error(_DNS, "program", message, f"chmod +x {program}")


def _lexicon_options(lexicon: Lexicon, config_path: Path, findings: Findings) -> dict[str, str]:
    _check_provider(lexicon.provider, findings)
    if is_readable_by_all(config_path):
        for name in filter(_SECRET_OPTION.search, lexicon.options):
            findings.warn(
                _OPTIONS,
                name,
                f"every user of this host can read this file, and with it {name}",
                f'chmod o-r {config_path}, or write {name}_file = "/path/to/it".',
            )
    options = dict(lexicon.options)
    for name, path in lexicon.option_files.items():
        value = read_secret(path, _OPTIONS, f"{name}_file", findings)
        if value is not None:
            options[name] = value
    return options


def _check_provider(provider: str, findings: Findings) -> None:
    """Whether dns-lexicon is there and knows the provider. Its modules are not loaded for that."""
    spec = importlib.util.find_spec("lexicon")
    if spec is None or not spec.submodule_search_locations:
        findings.error(
            _DNS,
            "provider",
            f'"{provider}" needs dns-lexicon, which is not installed',
            "Run: pip install 'stalwart-edge[lexicon]'",
        )
        return
    places = [Path(place) / "providers" for place in spec.submodule_search_locations]
    places += [place.with_name("_private") / "providers" for place in places]
    known = {found.stem for place in places for found in place.glob("[a-z]*.py")} - {"base"}
    if known and provider not in known:
        near = did_you_mean(provider, {*known, "rfc2136", "exec"})
        remedy = f'Did you mean "{near}"?' if near else 'Write "rfc2136", "exec" or one of it.'
        findings.error(_DNS, "provider", f'dns-lexicon has no provider "{provider}"', remedy)
