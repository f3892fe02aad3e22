"""Certificates of a test authority: an ECDSA and an RSA pair of one name, and client ones."""

import hashlib
import ssl
from dataclasses import dataclass
from pathlib import Path

from trustme import CA, KeyType

HOSTNAME = "mail.example.org"
# Clients without a way to name the server otherwise verify the address.
_ADDRESSES = ("127.0.0.1", "127.0.0.2", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A chain and its key, as files."""

    cert: Path
    key: Path

    @property
    def sha256(self) -> str:
        """Of the first certificate's DER, in lower-case hex."""
        pem = self.cert.read_text()
        end = pem.index("-----END CERTIFICATE-----") + len("-----END CERTIFICATE-----")
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem[:end] + "\n")).hexdigest()


class Pki:
    """One authority for servers and one for clients, below `directory`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        # Dovecot and Postfix read the files as other users.
        directory.chmod(0o755)
        self._servers = CA()
        self._clients = CA(organization_name="clients")
        self.ca = directory / "ca.pem"
        self.client_ca = directory / "client-ca.pem"
        self._servers.cert_pem.write_to_path(str(self.ca))
        self._clients.cert_pem.write_to_path(str(self.client_ca))
        self.ecdsa = self.server("ecdsa", HOSTNAME, *_ADDRESSES)
        self.rsa = self.server("rsa", HOSTNAME, *_ADDRESSES, key_type=KeyType.RSA)

    def server(self, label: str, *names: str, key_type: KeyType = KeyType.ECDSA) -> Pair:
        """A server certificate for `names` (DNS names, wildcards or addresses)."""
        # mbsync insists on a common name.
        return self._issue(self._servers, label, *names, common_name=names[0], key_type=key_type)

    def client(self, label: str, common_name: str) -> Pair:
        """A client certificate of the client authority."""
        return self._issue(self._clients, label, f"{label}@example.org", common_name=common_name)

    def stranger(self, label: str, common_name: str) -> Pair:
        """A client certificate of an authority that no listener knows."""
        return self._issue(CA(), label, f"{label}@example.org", common_name=common_name)

    def _issue(
        self,
        authority: CA,
        label: str,
        *names: str,
        common_name: str | None = None,
        key_type: KeyType = KeyType.ECDSA,
    ) -> Pair:
        issued = authority.issue_cert(*names, common_name=common_name, key_type=key_type)
        pair = Pair(
            cert=self._directory / f"{label}.cert.pem", key=self._directory / f"{label}.key.pem"
        )
        pair.cert.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        pair.key.touch(mode=0o600)
        pair.key.write_bytes(issued.private_key_pem.bytes())
        return pair

    def client_context(
        self,
        *,
        version: ssl.TLSVersion | None = None,
        alpn: tuple[str, ...] = (),
        certificate: Pair | None = None,
    ) -> ssl.SSLContext:
        """A client that verifies our servers; `version` pins TLS to exactly that one."""
        context = ssl.create_default_context(cafile=str(self.ca))
        if version is not None:
            context.minimum_version = context.maximum_version = version
        if alpn:
            context.set_alpn_protocols(list(alpn))
        if certificate is not None:
            context.load_cert_chain(certificate.cert, certificate.key)
        return context
