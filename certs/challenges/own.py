"""What rehearsals need: our own addresses, and a proof that no CA has asked for."""

import secrets
from collections.abc import Callable, Sequence

from certs.challenges.solver import Proof

OwnAddresses = Callable[[], Sequence[tuple[str, int]]]
"""Host and port of each of our own listeners that a CA could reach, as seen from here: an
unspecified address (`0.0.0.0`) is already replaced by one that can be dialled."""

_RANDOM_BYTES = 32


def made_up_proof(identifier: str, *, is_ip: bool) -> Proof:
    """A proof like any other, for a token and an account that do not exist."""
    token = secrets.token_urlsafe(_RANDOM_BYTES)
    return Proof(
        identifier=identifier,
        is_ip=is_ip,
        is_wildcard=False,
        token=token,
        key_authorization=f"{token}.{secrets.token_urlsafe(_RANDOM_BYTES)}",
    )


def address_words(host: str, port: int) -> str:
    """`192.0.2.1:443`, `[2001:db8::1]:443`."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
