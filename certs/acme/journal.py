"""What is persisted of an order under way, so that a crash costs neither it nor its key.

`orders/<lineage.key>/<issuer>/key.pem` and `order.json`. Each issuer has its own place: an order
that one CA is still thinking about outlives an attempt with another.

What is written when, by `certs.acme.ordering`:

    key.pem, then order.json without a URL      before newOrder
    order.json with the URL                     when the CA has answered
    order.json with `is_finalized`              before the CSR is sent: from here on the key counts
    both removed, the key first                 when the order is dead, or its version stored
"""

from typing import Final

import msgspec

from certs.acme.keys import spki_sha256
from certs.renewal.validity import Moment
from certs.spec import KeyType, Lineage
from certs.store.keys import segment
from certs.store.protocol import Store

ORDERS: Final = "orders"


class PendingOrder(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`order.json`. Unknown fields are ignored, new ones have defaults."""

    issuer: str
    directory: str
    account_url: str
    names: tuple[str, ...]
    key_type: KeyType
    key_sha256: str
    """`spki_sha256` of key.pem."""
    started_at: Moment
    wanted_profile: str | None = None
    """`Issuer.profile` when it was begun."""
    profile: str | None = None
    """What was asked for in the end."""
    replaces: str | None = None
    url: str | None = None
    """None: asked for, but what the CA answered was never seen."""
    is_finalized: bool = False
    """The CSR was sent, or was about to be."""


class Journal:
    """The place of one lineage's order at one issuer."""

    def __init__(self, store: Store, lineage: Lineage, issuer_name: str) -> None:
        folder = f"{ORDERS}/{lineage.key}/{segment(issuer_name)}"
        self._store = store
        self._order_key = f"{folder}/order.json"
        self._key_key = f"{folder}/key.pem"

    def load(self) -> PendingOrder | None:
        """The order, None when there is none that can be understood."""
        return _decode(self._store.get(self._order_key))

    def save(self, pending: PendingOrder) -> None:
        """Replace what is known of the order."""
        self._store.put(self._order_key, msgspec.json.encode(pending))

    def load_key(self) -> tuple[bytes, str] | None:
        """The key and its hash, None when there is none that can be understood."""
        key_pem = self._store.get(self._key_key)
        if key_pem is None:
            return None
        try:
            return key_pem, spki_sha256(key_pem)
        except ValueError:
            return None

    def save_key(self, key_pem: bytes) -> None:
        """Replace the key. Never once an order with it was finalized."""
        self._store.put(self._key_key, key_pem)

    def forget(self) -> None:
        """Remove both.

        The key first: left alone, it would look like one that no certificate has.
        """
        self._store.delete(self._key_key)
        self._store.delete(self._order_key)

    def is_known_elsewhere(self, url: str) -> bool:
        """Whether another lineage, or another issuer of this one, has an order at this address."""
        others = (key for key in self._store.list(ORDERS) if key.endswith("/order.json"))
        found = (_decode(self._store.get(key)) for key in others if key != self._order_key)
        return any(pending is not None and pending.url == url for pending in found)


def discard(store: Store, lineage: Lineage) -> None:
    """Forget a lineage's orders, at all issuers: a version has been stored. Raises StoreError."""
    keys = store.list(f"{ORDERS}/{lineage.key}")
    for key in sorted(keys, key=lambda key: not key.endswith("/key.pem")):
        store.delete(key)


def _decode(raw: bytes | None) -> PendingOrder | None:
    try:
        return None if raw is None else msgspec.json.decode(raw, type=PendingOrder)
    except msgspec.DecodeError:
        return None
