"""tls-alpn-01 (RFC 8737, RFC 8738): one handshake, and the certificate in it."""

import asyncio
import hashlib
import ipaddress
import ssl

from cryptography import x509

from tests.support.fakeca.core import Reach
from tests.support.fakeca.problems import Problem

_PROTOCOL = "acme-tls/1"
_ACME_IDENTIFIER = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.31")


async def probe(reach: Reach, name: str, token: str, key_authorization: str) -> None:
    address = _address(name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols([_PROTOCOL])
    reader, writer = await asyncio.open_connection(
        reach.address,
        reach.tls_port,
        ssl=context,
        server_hostname=name if address is None else address.reverse_pointer,
    )
    try:
        tls = writer.get_extra_info("ssl_object")
        protocol, der = tls.selected_alpn_protocol(), tls.getpeercert(binary_form=True)
        if protocol != _PROTOCOL:
            raise _wrong(f"ALPN {protocol!r}")
        _judge(x509.load_der_x509_certificate(der), name, key_authorization)
        if await reader.read(1):
            raise _wrong("data after the handshake")
    except (ConnectionError, ssl.SSLError):
        pass  # however the other side ends it, the certificate was seen
    finally:
        writer.close()


def _judge(certificate: x509.Certificate, name: str, key_authorization: str) -> None:
    """RFC 8737 section 3, and RFC 8738 section 6 for addresses."""
    if certificate.subject != certificate.issuer:
        raise _wrong("the certificate is not self-signed")
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        extension = certificate.extensions.get_extension_for_oid(_ACME_IDENTIFIER)
    except (ValueError, x509.ExtensionNotFound) as error:
        raise _wrong(f"the certificate: {error}") from error
    address = _address(name)
    wanted = x509.DNSName(name) if address is None else x509.IPAddress(address)
    if list(names) != [wanted]:
        raise _wrong(f"the certificate is for {list(names)}")
    digest = hashlib.sha256(key_authorization.encode()).digest()
    value = extension.value
    assert isinstance(value, x509.UnrecognizedExtension)
    if not extension.critical or value.value != b"\x04\x20" + digest:
        raise _wrong("the key authorization is wrong")


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def _wrong(detail: str) -> Problem:
    return Problem("unauthorized", f"tls-alpn-01: {detail}", status=403)
