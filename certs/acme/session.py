"""One account at one CA, ready for orders."""

import asyncio

from certs.acme.account import AccountInfo, status_and_contact
from certs.acme.directory import Directory
from certs.acme.keeper import Account, AccountKeeper
from certs.acme.payloads import POST_AS_GET
from certs.acme.problem import AcmeProblem
from certs.acme.reply import Reply
from certs.acme.signing import Signer
from certs.acme.transport import Transport
from certs.events import EventSink
from certs.spec import AcmeSettings, Issuer
from certs.store.protocol import Store


class Session:
    """Requests of one account. Made by `open`."""

    def __init__(
        self, transport: Transport, keeper: AccountKeeper, account: Account, directory: Directory
    ) -> None:
        self._transport = transport
        self._keeper = keeper
        self._account = account
        self._directory = directory
        self._changing = asyncio.Lock()

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
        directory = await transport.directory()
        keeper = AccountKeeper(transport, store=store, issuer=issuer, settings=settings, sink=sink)
        return cls(transport, keeper, await keeper.open(), directory)

    @property
    def issuer(self) -> Issuer:
        """Whose account this is."""
        return self._keeper.issuer

    @property
    def transport(self) -> Transport:
        """What carries the requests; `skew_s` is there."""
        return self._transport

    @property
    def directory(self) -> Directory:
        """As last seen."""
        return self._directory

    @property
    def account_url(self) -> str:
        """The account's address, its `kid`. Another one after the CA has forgotten the account."""
        return self._account.stored.url

    @property
    def thumbprint(self) -> str:
        """Of the account's key (RFC 7638)."""
        return self._account.key.thumbprint

    def key_authorization(self, token: str) -> str:
        """RFC 8555 section 8.1."""
        return f"{token}.{self.thumbprint}"

    async def post(self, url: str, payload: bytes, *, signer: Signer | None = None) -> Reply:
        """POST, signed by the account unless another signer is given. Raises AcmeProblem.

        An account that the CA has forgotten is registered again, once; orders of the old one are
        gone then. An address of the directory that is gone is looked up again, once.
        """
        self._directory = await self._transport.directory()
        role = self._directory.role_of(url)
        try:
            return await self._post(url, payload, signer)
        except AcmeProblem as problem:
            if role is None or problem.status != 404:
                raise
            self._directory = await self._transport.directory(is_fresh=True)
            moved: str | None = getattr(self._directory, role)
            if moved is None or moved == url:
                raise
        return await self._post(moved, payload, signer)

    async def post_as_get(self, url: str) -> Reply:
        """RFC 8555 section 6.3. Raises AcmeProblem."""
        return await self.post(url, POST_AS_GET)

    async def get(self, url: str) -> Reply:
        """GET without a signature (ARI). Raises AcmeProblem."""
        return await self._transport.get(url)

    async def account(self) -> AccountInfo:
        """The account as the CA has it. Raises AcmeProblem."""
        status, contact = status_and_contact(await self.post_as_get(self.account_url))
        return AccountInfo(
            issuer=self.issuer.name,
            directory=self.issuer.directory,
            url=self.account_url,
            status=status,
            contact=contact,
            terms_url=self._directory.terms_url,
            created_at=self._account.stored.created_at,
            thumbprint=self.thumbprint,
        )

    async def roll_over(self) -> None:
        """Give the account a new key (RFC 8555 section 7.3.5). Raises AcmeProblem and StoreError.

        Not while an order is being proved: key authorizations change with the key.
        """
        async with self._changing:
            self._account = await self._keeper.change_key(self._account)

    async def _post(self, url: str, payload: bytes, signer: Signer | None) -> Reply:
        account = self._account
        try:
            return await self._transport.post(url, payload, signer=signer or account.signer)
        except AcmeProblem as problem:
            if signer is not None or problem.name != "accountDoesNotExist":
                raise
        async with self._changing:
            # Several requests may have been told so; one of them does something about it.
            if self._account is account:
                self._account = await self._keeper.register_again(account)
        return await self._transport.post(url, payload, signer=self._account.signer)
