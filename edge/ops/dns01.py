"""The solver for dns-01 that `[acme.dns]` describes."""

from typing import assert_never

import certs
from edge.config.acme.material import AcmeMaterial
from edge.config.tree import Dns, Exec, Lexicon, Rfc2136


def dns01_solver(dns: Dns, material: AcmeMaterial, sink: certs.EventSink) -> certs.Dns01Solver:
    """Build it. Raises certs.PathError when what it needs is not installed."""
    resolving = certs.Resolving(resolvers=dns.resolvers)
    return certs.Dns01Solver(
        provider=_provider(dns, material, resolving),
        resolving=resolving,
        propagation=(
            certs.Propagation(resolving=resolving) if dns.is_propagation_checked else None
        ),
        sink=sink,
    )


def _provider(dns: Dns, material: AcmeMaterial, resolving: certs.Resolving) -> certs.DnsProvider:
    match dns.provider:
        case Rfc2136() as primary:
            key = None
            if primary.tsig_name is not None and material.tsig_secret is not None:
                key = certs.TsigKey(
                    name=primary.tsig_name,
                    algorithm=primary.tsig_algorithm,
                    secret=material.tsig_secret,
                )
            return certs.Rfc2136Provider(
                server=primary.server.host,
                port=primary.server.port,
                zone=primary.zone,
                key=key,
            )
        case Exec(program=program, args=args):
            return certs.ExecProvider(program=program, args=args)
        case Lexicon(provider=provider):
            return certs.LexiconProvider(
                provider=provider, options=material.dns_options, resolving=resolving
            )
        case provider:
            assert_never(provider)
