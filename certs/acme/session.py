"""One account at one CA, ready for orders."""

from certs.acme.account import AccountInfo
from certs.acme.directory import Directory
from certs.acme.reply import Reply
from certs.acme.signing import Signer
from certs.acme.transport import Transport
from certs.events import EventSink
from certs.spec import AcmeSettings, Issuer
from certs.store.protocol import Store


class Session:
    """Requests of one account. Made by `open`."""

    @classmethod
    async def open(
        cls,
        transport: Transport,
        *,
        store: Store,
        issuer: Issuer,
        settings: AcmeSettings,
        sink: EventSink,
    ) -> "Session":
        """Find the account in the store, or create it. Raises AcmeProblem and StoreError."""
        raise NotImplementedError

    @property
    def issuer(self) -> Issuer:
        """Whose account this is."""
        raise NotImplementedError

    @property
    def transport(self) -> Transport:
        """For requests that are not signed by the account's key."""
        raise NotImplementedError

    @property
    def directory(self) -> Directory:
        """As last seen."""
        raise NotImplementedError

    @property
    def account_url(self) -> str:
        """The account's address, its `kid`."""
        raise NotImplementedError

    @property
    def thumbprint(self) -> str:
        """Of the account's key (RFC 7638)."""
        raise NotImplementedError

    def key_authorization(self, token: str) -> str:
        """RFC 8555 section 8.1."""
        raise NotImplementedError

    async def post(self, url: str, payload: bytes, *, signer: Signer | None = None) -> Reply:
        """POST, signed by the account unless another signer is given. Raises AcmeProblem."""
        raise NotImplementedError

    async def post_as_get(self, url: str) -> Reply:
        """RFC 8555 section 6.3. Raises AcmeProblem."""
        raise NotImplementedError

    async def get(self, url: str) -> Reply:
        """GET without a signature (ARI). Raises AcmeProblem."""
        raise NotImplementedError

    async def account(self) -> AccountInfo:
        """The account as the CA has it. Raises AcmeProblem."""
        raise NotImplementedError

    async def roll_over(self) -> None:
        """Give the account a new key (RFC 8555 section 7.3.5). Raises AcmeProblem and StoreError.

        Not while an order is being proved: key authorizations change with the key.
        """
        raise NotImplementedError
