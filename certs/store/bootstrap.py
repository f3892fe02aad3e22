"""The certificate of a host that has none yet: self-signed and marked, the same for all processes.

With it listeners answer and challenges run. It has its own place: it is no version of anything.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from certs.select import CertificateSet
from certs.selfsigned import parse_self_signed, self_signed
from certs.store.keys import segment
from certs.store.protocol import Store, StoreError

_VALID_FOR: Final = timedelta(days=30)


def bootstrap_set(
    store: Store, names: Sequence[str], now: datetime, *, is_dry: bool = False
) -> tuple[CertificateSet, StoreError | None]:
    """Return the bootstrap certificate for `names`, a new one where there is none that is good.

    With it comes why it could not be kept, if so: it is then good for this process only.
    """
    key = f"bootstrap/{segment(names[0])}.pem"
    trouble: StoreError | None = None
    try:
        content = store.get(key)
        kept = None if content is None else parse_self_signed(content, names, now)
        if kept is not None:
            return kept, None
    except StoreError as error:
        trouble = error
    made = self_signed(names, now=now, valid_for=_VALID_FOR)
    if not is_dry and trouble is None:
        (certificate,) = made.certificates
        try:
            # Key and certificate in one value: no process ever sees the half of a pair.
            store.put(key, certificate.key_pem + certificate.chain_pem)
        except StoreError as error:
            trouble = error
    return made, trouble


def forget_bootstrap(store: Store, names: Sequence[str]) -> None:
    """Remove it, once there is a real certificate. Raises StoreError."""
    store.delete(f"bootstrap/{segment(names[0])}.pem")
