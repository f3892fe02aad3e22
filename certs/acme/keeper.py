"""Keeps one account usable: found, created, registered again, moved to another key or directory."""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from certs.acme.account import change_contact, contact_of, register
from certs.acme.accountstore import AccountStore, StoredAccount
from certs.acme.keychange import change_key, settle
from certs.acme.problem import AcmeProblem
from certs.acme.signing import AccountKey, Signer
from certs.acme.transport import Transport
from certs.events import AccountChanged, EventSink
from certs.spec import AcmeSettings, Issuer
from certs.store.protocol import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What requests are signed with, and what the store says about it."""

    key: AccountKey
    stored: StoredAccount

    @property
    def signer(self) -> Signer:
        """Signs in the account's name."""
        return Signer(key=self.key, kid=self.stored.url)


class AccountKeeper:
    """The account of one issuer. Everything raises AcmeProblem and StoreError."""

    def __init__(
        self,
        transport: Transport,
        *,
        store: Store,
        issuer: Issuer,
        settings: AcmeSettings,
        sink: EventSink,
    ) -> None:
        self.issuer = issuer
        self._transport = transport
        self._accounts = AccountStore(store, issuer.name)
        self._settings = settings
        self._sink = sink

    async def open(self) -> Account:
        """Find the account, or create it; tell the CA of another contact.

        Without a request about the account when all is well.
        """
        account = await self._whole()
        if account is None:
            async with self._accounts.locked(self._transport.clock):
                # Another process may have had the lock for the same reason.
                account = await self._whole() or await self._made_whole()
        return await self._up_to_date(account)

    async def register_again(self, lost: Account) -> Account:
        """The CA has forgotten the account: the same key gets one again."""
        async with self._accounts.locked(self._transport.clock):
            account = await self._whole()
            if account is not None and account.stored.url != lost.stored.url:
                return account  # another process was faster
            return await self._registered(lost.key, lambda _: "registered again")

    async def change_key(self, account: Account) -> Account:
        """RFC 8555 section 7.3.5."""
        async with self._accounts.locked(self._transport.clock):
            directory = await self._transport.directory()
            key = await change_key(self._transport, directory, self._accounts, account.signer)
        self._say("new key")
        return Account(key=key, stored=account.stored)

    async def _whole(self) -> Account | None:
        """The account as stored, when nothing is left to be done about it."""
        stored, key = await self._accounts.load(), await self._accounts.key()
        if stored is None or key is None or stored.directory != self.issuer.directory:
            return None
        if await self._accounts.next_key() is not None:
            return None
        return Account(key=key, stored=stored)

    async def _made_whole(self) -> Account:
        stored = await self._accounts.load()
        if stored is not None and stored.directory != self.issuer.directory:
            await self._accounts.change_directory(stored.directory, self.issuer.directory)
            stored = await self._accounts.load()
        key = await self._accounts.key()
        if key is None:
            key = AccountKey.create()
            await self._accounts.save_key(key)
            stored = None
        new = await self._accounts.next_key()
        if new is not None and stored is not None:
            key = await self._settled(stored, key, new)
        if stored is None:
            return await self._registered(key, lambda new: "created" if new else "found")
        return Account(key=key, stored=stored)

    async def _settled(self, stored: StoredAccount, key: AccountKey, new: AccountKey) -> AccountKey:
        """A change of key was cut off."""
        directory = await self._transport.directory()
        is_changed = await settle(
            self._transport, directory, self._accounts, account_url=stored.url, new=new
        )
        if is_changed:
            self._say("new key")
        return new if is_changed else key

    async def _registered(self, key: AccountKey, change: Callable[[bool], str]) -> Account:
        directory = await self._transport.directory()
        url, is_new = await register(
            self._transport, directory, key, issuer=self.issuer, settings=self._settings
        )
        stored = StoredAccount(
            url=url,
            directory=self.issuer.directory,
            created_at=self._transport.clock.now(),
            contact=contact_of(self._settings),
            terms_url=directory.terms_url,
        )
        await self._accounts.save(stored)
        self._say(change(is_new))
        return Account(key=key, stored=stored)

    async def _up_to_date(self, account: Account) -> Account:
        stored, contact = account.stored, contact_of(self._settings)
        terms_url = (await self._transport.directory()).terms_url
        if terms_url != stored.terms_url:
            self._say(f"terms are now at {terms_url}")
            stored = msgspec.structs.replace(stored, terms_url=terms_url)
        if contact != stored.contact:
            try:
                await change_contact(self._transport, account.signer, contact)
            except AcmeProblem as problem:
                if problem.name == "accountDoesNotExist":
                    return await self.register_again(account)
                # Certificates do not depend on it.
                self._say(f"contact not changed: {problem.detail}")
            else:
                self._say("contact changed")
                stored = msgspec.structs.replace(stored, contact=contact)
        if stored != account.stored:
            await self._accounts.save(stored)
        return Account(key=account.key, stored=stored)

    def _say(self, change: str) -> None:
        self._sink(AccountChanged(issuer=self.issuer.name, change=change))
