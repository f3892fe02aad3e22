"""Where an account lives in a store, one place for each issuer's name.

- `accounts/<issuer>/key.pem`: its key. Stored before the CA hears of it.
- `accounts/<issuer>/account.json`: `StoredAccount`. Without it the CA is asked for the account.
- `accounts/<issuer>/next-key.pem`: there while the key is being changed (see `keychange`).
- `accounts/<issuer>/aside-<hash of the directory>/`: the account at another directory that the
  issuer had before; taken up again when that directory returns.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

import msgspec

from certs.acme.problem import AcmeProblem, Kind
from certs.acme.signing import AccountKey
from certs.clock import Clock
from certs.store.protocol import Store

_ACCOUNT: Final = "account.json"
_KEY: Final = "key.pem"
_NEXT_KEY: Final = "next-key.pem"
_LOCK_POLL_S: Final = 0.2
_LOCK_DEADLINE_S: Final = 120.0


class StoredAccount(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an account without asking."""

    url: str
    directory: str
    created_at: datetime
    contact: tuple[str, ...]
    """As asked for, not as the CA keeps it: some keep none."""
    terms_url: str | None = None
    """Of the terms that held when it was last looked."""


class AccountStore:
    """One issuer's account. Every call is one or a few in a thread. Raises StoreError.

    A key that cannot be read is an AcmeProblem of kind `configuration`: it is never overwritten.
    """

    def __init__(self, store: Store, issuer_name: str) -> None:
        self._store = store
        self._place = f"accounts/{issuer_name}"
        self._name = issuer_name

    @asynccontextmanager
    async def locked(self, clock: Clock) -> AsyncIterator[None]:
        """Keep others, of other processes too, from changing the account. Raises AcmeProblem."""
        give_up_at = clock.monotonic() + _LOCK_DEADLINE_S
        # Not in a thread: cancelled there, it would leave behind a lock that nobody has.
        while (lock := self._store.lock(f"account-{self._name}")) is None:
            if clock.monotonic() > give_up_at:
                detail = f"another process is busy with the account at {self._name}"
                raise AcmeProblem(type="locked", detail=detail, kind=Kind.PASSING)
            await clock.sleep(_LOCK_POLL_S)
        try:
            yield
        finally:
            lock.release()

    async def load(self) -> StoredAccount | None:
        """The account; None when there is none, or none that can be understood."""
        found = await self._get(_ACCOUNT)
        try:
            return None if found is None else msgspec.json.decode(found, type=StoredAccount)
        except msgspec.DecodeError:
            return None  # the key finds it again

    async def save(self, account: StoredAccount) -> None:
        """Remember the account."""
        await self._put(_ACCOUNT, msgspec.json.encode(account))

    async def key(self) -> AccountKey | None:
        """The account's key."""
        return await self._key(_KEY)

    async def next_key(self) -> AccountKey | None:
        """The key that may have become the account's."""
        return await self._key(_NEXT_KEY)

    async def save_key(self, key: AccountKey) -> None:
        """Before the CA hears of it."""
        await self._put(_KEY, key.to_pem())

    async def save_next_key(self, key: AccountKey) -> None:
        """Before the CA hears of it; the old one stays until `promote`."""
        await self._put(_NEXT_KEY, key.to_pem())

    async def promote(self, key: AccountKey) -> None:
        """The next key is the account's now."""
        await self.save_key(key)
        await self.drop_next_key()

    async def drop_next_key(self) -> None:
        """The CA does not know it."""
        await asyncio.to_thread(self._store.delete, f"{self._place}/{_NEXT_KEY}")

    async def change_directory(self, before: str, after: str) -> None:
        """Set the account at one directory aside, take up the one at the other if there is one.

        May be cut off anywhere and done again: what is deleted has been copied, and `account.json`,
        which says that there is something to do, goes last.
        """
        aside = _aside(before)
        for name in (_KEY, _NEXT_KEY, _ACCOUNT):
            content = await self._get(name)
            if content is not None:
                await self._put(f"{aside}/{name}", content)
        for name in (_NEXT_KEY, _KEY, _ACCOUNT):
            await asyncio.to_thread(self._store.delete, f"{self._place}/{name}")
        for name in (_KEY, _NEXT_KEY, _ACCOUNT):
            content = await self._get(f"{_aside(after)}/{name}")
            if content is not None:
                await self._put(name, content)

    async def _key(self, name: str) -> AccountKey | None:
        pem = await self._get(name)
        try:
            return None if pem is None else AccountKey.from_pem(pem)
        except ValueError as error:
            detail = f"{self._place}/{name}: {error}. Restore it, or remove it for a new account"
            raise AcmeProblem(type="key", detail=detail, kind=Kind.CONFIGURATION) from None

    async def _get(self, name: str) -> bytes | None:
        return await asyncio.to_thread(self._store.get, f"{self._place}/{name}")

    async def _put(self, name: str, content: bytes) -> None:
        await asyncio.to_thread(self._store.put, f"{self._place}/{name}", content)


def _aside(directory: str) -> str:
    return f"aside-{hashlib.sha256(directory.encode()).hexdigest()[:16]}"
