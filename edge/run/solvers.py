"""The challenge solvers that a configuration makes possible, for the control process and `cert`."""

from collections.abc import Mapping, Sequence
from typing import assert_never

import certs
from edge.config.acme.material import AcmeMaterial
from edge.config.tree import Acme, Dns, Exec, Lexicon, Listener, Mode, Rfc2136
from edge.run.selfcheck import dialled

_TLS_ALPN_PORT = 443


def dns_solver(
    acme: Acme, material: AcmeMaterial, sink: certs.EventSink
) -> Mapping[certs.ChallengeType, certs.Solver]:
    """dns-01 where `[acme.dns]` is configured: it works without a running edge, too."""
    if acme.dns is None:
        return {}
    resolving = certs.Resolving(resolvers=acme.dns.resolvers)
    solver = certs.Dns01Solver(
        provider=_provider(acme.dns, material, resolving),
        resolving=resolving,
        propagation=certs.Propagation(resolving=resolving)
        if acme.dns.is_propagation_checked
        else None,
        sink=sink,
    )
    return {certs.ChallengeType.DNS_01: solver}


def tls_alpn_addresses(listeners: Sequence[Listener]) -> list[tuple[str, int]]:
    """The listeners a CA could reach: those at port 443; without one, all with implicit TLS.

    Behind a port forwarding the CA's 443 may be any port of ours.
    """
    tls = [address for one in listeners if one.mode is Mode.TLS for address in one.bind]
    at_443 = [address for address in tls if address.port == _TLS_ALPN_PORT]
    return [dialled(address) for address in at_443 or tls]


def _provider(dns: Dns, material: AcmeMaterial, resolving: certs.Resolving) -> certs.DnsProvider:
    match dns.provider:
        case Rfc2136() as update:
            key = None
            if update.tsig_name is not None and material.tsig_secret is not None:
                key = certs.TsigKey(
                    name=update.tsig_name,
                    algorithm=update.tsig_algorithm,
                    secret=material.tsig_secret,
                )
            return certs.Rfc2136Provider(
                server=update.server.host, port=update.server.port, key=key, zone=update.zone
            )
        case Exec(program=program, args=args):
            return certs.ExecProvider(program=program, args=args)
        case Lexicon(provider=name):
            return certs.LexiconProvider(
                provider=name, options=material.dns_options, resolving=resolving
            )
        case other:
            assert_never(other)
