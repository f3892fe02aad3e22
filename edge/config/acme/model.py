"""`[acme]`, `[[acme.issuer]]` and `[acme.dns]` as the operator writes them."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from edge.config.values import (
    BindAddress,
    Email,
    FilePath,
    Host,
    HostName,
    Https,
    Ip,
    Name,
    Option,
    OptionValue,
    Port,
    Profile,
    Text,
    Word,
)

TsigAlgorithm = Literal["hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512"]


class Issuer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A certification authority."""

    name: Annotated[Name, Meta(description="For the log; its account is kept under it.")]
    directory: Annotated[Https, Meta(description="Its ACME directory.")]
    staging_directory: (
        Annotated[Https, Meta(description="That of its test system, for dry runs.")] | UnsetType
    ) = UNSET
    profile: (
        Annotated[Profile, Meta(description='Preferred; "require:NAME" makes it required.')]
        | UnsetType
    ) = UNSET
    eab_kid: Annotated[Text, Meta(description="Key id of your account there.")] | UnsetType = UNSET
    eab_hmac_key_file: (
        Annotated[FilePath, Meta(description="File with its HMAC key, base64url.")] | UnsetType
    ) = UNSET
    ca_bundle: (
        Annotated[FilePath, Meta(description="PEM of the CAs of its own TLS certificate.")]
        | UnsetType
    ) = UNSET
    preferred_chain: (
        Annotated[Text, Meta(description="Common name of the root or intermediate to prefer.")]
        | UnsetType
    ) = UNSET


class Dns(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the records of dns-01 are published."""

    provider: Annotated[Word, Meta(description='"rfc2136", "exec", or a provider of dns-lexicon.')]
    server: Annotated[Host, Meta(description="rfc2136: the primary.")] | UnsetType = UNSET
    port: Annotated[Port, Meta(description="rfc2136. Default 53.")] | UnsetType = UNSET
    zone: (
        Annotated[HostName, Meta(description="rfc2136: default: found by asking.")] | UnsetType
    ) = UNSET
    tsig_name: Annotated[HostName, Meta(description="rfc2136: name of the key.")] | UnsetType = (
        UNSET
    )
    tsig_algorithm: (
        Annotated[TsigAlgorithm, Meta(description="rfc2136. Default hmac-sha256.")] | UnsetType
    ) = UNSET
    tsig_secret_file: (
        Annotated[FilePath, Meta(description="rfc2136: file with the key, base64.")] | UnsetType
    ) = UNSET
    program: Annotated[FilePath, Meta(description="exec: what is run.")] | UnsetType = UNSET
    args: (
        Annotated[tuple[Text, ...], Meta(description="exec: its first arguments.")] | UnsetType
    ) = UNSET
    resolvers: (
        Annotated[
            tuple[Ip, ...], Meta(description="Who is asked. Default: those of /etc/resolv.conf.")
        ]
        | UnsetType
    ) = UNSET
    check_propagation: Annotated[
        bool, Meta(description="Wait until all authoritative servers have the record.")
    ] = True
    options: (
        Annotated[
            dict[Option, OptionValue],
            Meta(description="dns-lexicon: its options; NAME_file is read from a file."),
        ]
        | UnsetType
    ) = UNSET


class Acme(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What holds for all certificates with source "acme"."""

    agree_to_terms: Annotated[
        bool, Meta(description="Must be true: you accept the terms of the issuers.")
    ]
    email: Annotated[Email, Meta(description="For the CA, if it wants one.")] | UnsetType = UNSET
    http_bind: Annotated[
        tuple[BindAddress, ...],
        Meta(description="Answers http-01 and redirects to https; empty: off."),
    ] = ("0.0.0.0:80", "[::]:80")
    issuer: Annotated[
        tuple[Issuer, ...],
        Meta(description="In order of preference. Default: Let's Encrypt."),
    ] = ()
    dns: Annotated[Dns, Meta(description="For dns-01.")] | UnsetType = UNSET
