"""ACME renewal information (RFC 9773): the certificate's id, and the question."""

import base64
from datetime import UTC, datetime
from typing import Any, Final

from acme.fields import RFC3339Field
from cryptography import x509
from josepy.errors import Error as JoseError

from certs.acme.problem import Kind
from certs.acme.problems import plain_text, protocol_problem
from certs.acme.reply import Reply
from certs.acme.session import Session
from certs.renewal.ari import RenewalInfo, Window

_MAX_URL: Final = 500


def cert_id_of(leaf: x509.Certificate) -> str | None:
    """`base64url(AKI) "." base64url(serial)` (section 4.1); None: there is no key identifier."""
    try:
        extension = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    except x509.ExtensionNotFound:
        return None
    key_identifier = extension.value.key_identifier
    if key_identifier is None:
        return None
    return cert_id(key_identifier, leaf.serial_number)


def cert_id(key_identifier: bytes, serial_number: int) -> str:
    """Join the two; the serial number as DER has it: signed, perhaps with a leading zero."""
    serial = serial_number.to_bytes(serial_number.bit_length() // 8 + 1, "big")
    return f"{_base64url(key_identifier)}.{_base64url(serial)}"


async def fetch(session: Session, cert_id: str) -> RenewalInfo | None:
    """Ask when a certificate should be renewed; None: this CA does not say.

    The window may be nonsense, see `certs.renewal.ari.fault`. Raises AcmeProblem: of kind PASSING
    it is worth asking again soon, else not before some hours.
    """
    address = session.directory.renewal_info
    if address is None:
        return None
    return _info(await session.get(f"{address.rstrip('/')}/{cert_id}"))


def _info(reply: Reply) -> RenewalInfo:
    try:
        raw = reply.json()
        window = raw["suggestedWindow"]
        start, end = _time(window["start"]), _time(window["end"])
    except (ValueError, LookupError, TypeError, RecursionError, OverflowError, JoseError):
        raise protocol_problem(
            "the renewal information has no window", url=reply.url, kind=Kind.ORDER
        ) from None
    return RenewalInfo(
        window=Window(start=start, end=end),
        explanation_url=_explanation(raw.get("explanationURL")),
        retry_after_s=reply.retry_after_s,
    )


def _time(text: Any) -> datetime:  # noqa: ANN401 - whatever was in the JSON
    if not isinstance(text, str):
        raise TypeError("not a time")
    at: datetime = RFC3339Field.default_decoder(text)
    if at.tzinfo is None:
        raise ValueError("a time of no zone")
    return at.astimezone(UTC)


def _explanation(value: object) -> str | None:
    """Only what people can open: it ends up in records and on pages."""
    if not isinstance(value, str) or not value.startswith(("https://", "http://")):
        return None
    shown = plain_text(value, _MAX_URL + 1)
    return shown if shown == value and len(shown) <= _MAX_URL else None


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")
