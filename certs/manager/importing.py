"""Whether a certificate from elsewhere may take the place of one of ours."""

from datetime import datetime

from certs.acme.chain import ChainError, verify
from certs.acme.keys import key_type_of
from certs.errors import CertError, CertProblem
from certs.model import Certificate
from certs.pem import parse_pair
from certs.spec import KeyType, Managed


def fit_for(
    managed: Managed, *, key_pem: bytes, chain_pem: bytes, now: datetime
) -> tuple[Certificate, KeyType]:
    """Return the certificate and its kind of key. Raises CertError, saying what to give instead.

    What is asked of a CA's answer is asked of it as well: a valid certificate is never replaced by
    one that is not, nor by one that is signed by itself.
    """
    try:
        certificate = parse_pair(chain_pem, key_pem)
        key_type = key_type_of(key_pem)
    except ValueError as error:
        raise _unfit(str(error), "Give a chain, leaf first, and its key, both PEM.") from error
    if certificate.is_self_signed:
        raise _unfit("it is signed by itself", "Import one that a CA has signed.")
    if set(certificate.names) != set(managed.names):
        raise _unfit(
            f"it is for {', '.join(certificate.names)}, not for {', '.join(managed.names)}",
            "Import it for the certificate with exactly these names.",
        )
    if certificate.not_after <= now:
        raise _unfit("it has expired", "Import a valid one, or let it be renewed.")
    if key_type is None or key_type not in managed.key_types:
        wanted = ", ".join(one.value for one in managed.key_types)
        raise _unfit(
            f"its key is {key_type.value if key_type else 'of another kind'}, not {wanted}",
            "Add the kind to key_types, or use a key of these.",
        )
    try:
        verify(chain_pem, key_pem=key_pem, names=managed.names, now=now, may_be_leaf_alone=True)
    except ChainError as error:
        raise _unfit(str(error), "Give the chain as the CA gave it, leaf first.") from error
    return certificate, key_type


def _unfit(message: str, remedy: str) -> CertError:
    return CertError([CertProblem(place="certificate", message=message, remedy=remedy, fatal=True)])
