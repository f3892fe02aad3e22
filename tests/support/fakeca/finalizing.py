"""Finalization and the certificate resource (RFC 8555 sections 7.4 and 7.4.2)."""

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.fakeca.core import Answer, Call, Core
from tests.support.fakeca.encoding import unb64url
from tests.support.fakeca.issuance import cert_id_of, issue
from tests.support.fakeca.keys import public_key
from tests.support.fakeca.orders import order_answer, refresh
from tests.support.fakeca.problems import Problem, malformed
from tests.support.fakeca.record import identifiers_key
from tests.support.fakeca.state import Issued, Order, new_id

_KEY_BITS = {2048, 3072, 4096}


async def finalize(core: Core, call: Call) -> Answer:
    order = core.state.order(call.path["id"], call.account)
    refresh(core, order)
    if order.status != "ready":
        raise Problem("orderNotReady", f"the order is {order.status}", status=403)
    wanted = call.json()
    if set(wanted) != {"csr"}:
        raise malformed("finalize takes a csr")
    csr = _csr(wanted["csr"], order)
    if core.faults.finalize_error is not None:
        order.status = "invalid"
        order.error = Problem(core.faults.finalize_error, "it was not to be").document()
        return order_answer(core, order)
    order.issued = _issue(core, order, csr)
    order.status = "processing" if order.polls_left > 0 else "valid"
    return order_answer(core, order)


async def certificate(core: Core, call: Call) -> Answer:
    if not call.is_get:
        core.record.violations.append("certificate: not a POST-as-GET")
        raise malformed("a certificate is read by POST-as-GET")
    issued = core.state.certificate(call.path["id"], call.account)
    number = int(call.path["chain"])
    if number >= len(issued.chains):
        raise Problem("malformed", "no such chain", status=404)
    others = [n for n in range(len(issued.chains)) if n != number]
    return Answer(
        body=issued.chains[number],
        headers={"Content-Type": "application/pem-certificate-chain"},
        links=[(core.url("certificate", issued.id, str(n)), "alternate") for n in others],
    )


def _issue(core: Core, order: Order, csr: x509.CertificateSigningRequest) -> Issued:
    values = [i["value"] for i in order.identifiers]
    profiles = core.faults.profiles or {}
    profile = profiles.get(order.profile or "")
    leaf, chains = issue(
        core.authority,
        core.faults,
        csr,
        values,
        lifetime_s=core.faults.lifetime_s if profile is None else profile.lifetime_s,
        now=core.now(),
    )
    issued = Issued(
        id=new_id(),
        account=order.account,
        leaf=leaf,
        chains=chains,
        cert_id=cert_id_of(leaf),
        identifiers=values,
    )
    core.state.certificates[issued.id] = issued
    replaced = core.state.certificate_of(order.replaces) if order.replaces else None
    if replaced is not None:
        replaced.is_replaced = True
    key = identifiers_key(values)
    core.record.certificates[key] = core.record.certificates.get(key, 0) + 1
    return issued


def _csr(text: object, order: Order) -> x509.CertificateSigningRequest:
    try:
        csr = x509.load_der_x509_csr(unb64url(text))
        is_signed = csr.is_signature_valid
        names = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, UnsupportedAlgorithm, x509.ExtensionNotFound) as error:
        raise Problem("badCSR", f"{error}") from error
    if not is_signed:
        raise Problem("badCSR", "its signature is wrong")
    _check_key(csr, order)
    asked = [*names.get_values_for_type(x509.DNSName)]
    asked += map(str, names.get_values_for_type(x509.IPAddress))
    if sorted(asked) != sorted(i["value"] for i in order.identifiers):
        raise Problem("badCSR", "its names are not those of the order")
    common_names = csr.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    if any(name.value not in asked for name in common_names):
        raise Problem("badCSR", "its common name is not a name of the order")
    return csr


def _check_key(csr: x509.CertificateSigningRequest, order: Order) -> None:
    key = csr.public_key()
    match key:
        case ec.EllipticCurvePublicKey():
            is_good = key.curve.name in {"secp256r1", "secp384r1"}
        case rsa.RSAPublicKey():
            is_good = key.key_size in _KEY_BITS
        case _:
            is_good = False
    if not is_good:
        raise Problem("badCSR", "keys of this kind are not signed")
    account_key = public_key(order.account.jwk)
    if _der(key) == _der(account_key):
        raise Problem("badCSR", "it is the account's key")


def _der(key: object) -> bytes:
    assert isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey)
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
