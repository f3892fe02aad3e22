"""Which of Pebble's chains is taken, and that it is whole."""

import asyncio

from cryptography import x509

from tests.support.acme_client import acme_client
from tests.support.certificates import chain_of, common_name, leads_to
from tests.support.challenge_paths import challenge_paths
from tests.support.pebble import Pebble


def test_alternate_roots_by_their_name(pebble: Pebble) -> None:
    roots = [x509.load_pem_x509_certificate(pem) for pem in pebble.roots()]

    async def chain(preferred: str | None) -> list[x509.Certificate]:
        options = pebble.options
        async with (
            challenge_paths(http_port=options.http_port, tls_port=options.tls_port) as paths,
            acme_client(
                pebble.directory, ca_bundle=pebble.ca_bundle, preferred_chain=preferred
            ) as client,
        ):
            issued = await client.obtain("chain.example.org", solvers=paths.solvers)
        return chain_of(issued.chain_pem)

    for preferred, root in [
        (None, roots[0]),
        (common_name(roots[0]), roots[0]),
        (common_name(roots[2]), roots[2]),
        ("a root that nobody has", roots[0]),
    ]:
        found = asyncio.run(chain(preferred))
        assert len(found) == 1 + pebble.options.chain_length
        assert leads_to(found, root), preferred
