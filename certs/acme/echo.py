"""Whether an order is for what was asked for."""

from collections.abc import Iterable

from certs.acme.payloads import identifier_of
from certs.acme.wire import Identifier, Order
from certs.names import canonical_name


def is_echo(order: Order, names: Iterable[str]) -> bool:
    """Compare identifiers; their order and spelling do not matter."""
    wanted = {identifier_of(name) for name in names}
    return {canonical_identifier(one) for one in order.identifiers} == wanted


def canonical_identifier(identifier: Identifier) -> Identifier:
    """As `identifier_of` writes it."""
    return Identifier(identifier.type, canonical_name(identifier.value))
