"""revokeCert (RFC 8555 section 7.6), by the account or by the certificate's own key."""

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.fakeca.core import Answer, Call, Core
from tests.support.fakeca.encoding import unb64url
from tests.support.fakeca.keys import public_key
from tests.support.fakeca.problems import Problem, malformed
from tests.support.fakeca.state import Issued

# As Let's Encrypt: unspecified, keyCompromise, superseded, cessationOfOperation.
_REASONS = {0, 1, 4, 5}


async def revoke_cert(core: Core, call: Call) -> Answer:
    wanted = call.json()
    try:
        leaf = x509.load_der_x509_certificate(unb64url(wanted.get("certificate")))
    except ValueError as error:
        raise malformed("no certificate") from error
    reason = wanted.get("reason", 0)
    if reason not in _REASONS or isinstance(reason, bool):
        raise Problem("badRevocationReason", f"reason {reason!r}")
    found = (i for i in core.state.certificates.values() if i.leaf == leaf)
    issued = next(found, None)
    if issued is None:
        raise Problem("malformed", "not of this CA", status=404)
    _authorize(call, issued)
    if issued.revocation_reason is not None:
        raise Problem("alreadyRevoked", "it is revoked already")
    issued.revocation_reason = reason
    return Answer()


def _authorize(call: Call, issued: Issued) -> None:
    if call.jwk is None:
        is_allowed = call.signer is issued.account
    else:
        key = issued.leaf.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        signer = public_key(call.jwk).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        is_allowed = key == signer
    if not is_allowed:
        raise Problem("unauthorized", "neither its account nor its key", status=403)
