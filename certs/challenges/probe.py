"""The handshake a CA makes for tls-alpn-01, and what it finds, in words (RFC 8737 section 3)."""

import asyncio
import re
import ssl
from contextlib import suppress
from typing import Final

from cryptography import x509

from certs.challenges.solver import Proof
from certs.challenges.tlsalpn01 import ACME_IDENTIFIER, ACME_TLS_1, acme_identifier, sni_of
from certs.challenges.words import os_words, printable
from certs.model import subject_names

_GOODBYE_S: Final = 1.0
_SSL_DECORATION: Final = re.compile(r"^\[.*?\]\s*|\s*\(_ssl\.c:\d+\)$")
_NO_TLS: Final = frozenset(
    {"WRONG_VERSION_NUMBER", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE"}
)


class ProbeError(Exception):
    """What the listener did instead; reads on after its address."""


async def probe(proof: Proof, host: str, port: int, *, deadline_s: float) -> None:
    """Handshake with a listener and verify its answer to `proof`. Raises ProbeError."""
    try:
        async with asyncio.timeout(deadline_s):
            selected, der = await _handshake(sni_of(proof.identifier), host, port)
    except TimeoutError:
        raise ProbeError(f"does not finish a TLS handshake in {deadline_s:g} s") from None
    except ssl.SSLError as error:
        raise ProbeError(_refusal(error)) from None
    except ConnectionResetError:
        raise ProbeError("ends the connection during the TLS handshake") from None
    except OSError as error:
        raise ProbeError(f"cannot be reached: {os_words(error)}") from None
    # A server without ALPN goes on with its ordinary certificate: that tells more.
    wrong = _what_is_wrong(der, proof)
    if wrong is not None:
        raise ProbeError(wrong)
    if selected != ACME_TLS_1:
        raise ProbeError(f"does not select the protocol {ACME_TLS_1}")


async def _handshake(sni: str, host: str, port: int) -> tuple[str | None, bytes | None]:
    """The protocol selected and the certificate shown."""
    _, writer = await asyncio.open_connection(
        host, port, ssl=_client_context(), server_hostname=sni
    )
    try:
        tls: ssl.SSLObject = writer.get_extra_info("ssl_object")
        return tls.selected_alpn_protocol(), tls.getpeercert(binary_form=True)
    finally:
        writer.close()
        # The server ends the connection, too, in one way or another.
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(_GOODBYE_S):
                await writer.wait_closed()


def _client_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # The certificate is self-signed by definition; its extension is what is verified.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols([ACME_TLS_1])
    return context


def _refusal(error: ssl.SSLError) -> str:
    # Where CPython has no name for OpenSSL's reason, only the text tells.
    reason = error.reason or _SSL_DECORATION.sub("", str(error)).upper().replace(" ", "_")
    if "NO_APPLICATION_PROTOCOL" in reason:
        return f"refuses the protocol {ACME_TLS_1}"
    if "UNRECOGNIZED_NAME" in reason:
        return "does not know the name"
    if isinstance(error, ssl.SSLEOFError) or "UNEXPECTED_EOF" in reason:
        return "ends the connection during the TLS handshake"
    if reason in _NO_TLS:
        return "does not speak TLS"
    return f"refuses the TLS handshake: {printable(reason).lower().replace('_', ' ')}"


def _what_is_wrong(der: bytes | None, proof: Proof) -> str | None:
    if not der:
        return "shows no certificate"
    try:
        certificate = x509.load_der_x509_certificate(der)
        extension = certificate.extensions.get_extension_for_oid(ACME_IDENTIFIER)
        names = subject_names(certificate)
    except x509.ExtensionNotFound:
        return "shows its ordinary certificate, not the one of the challenge"
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return "shows a certificate that cannot be understood"
    if names != (proof.identifier,):
        return f"shows the challenge of another name ({printable(', '.join(names))})"
    value = extension.value
    if not (
        extension.critical
        and isinstance(value, x509.UnrecognizedExtension)
        and value.value == acme_identifier(proof.key_authorization)
    ):
        return "shows the challenge of another account or token"
    return None
