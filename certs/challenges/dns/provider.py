"""The seam to whatever can change a zone."""

from typing import Protocol


class DnsProvider(Protocol):
    """Adds and removes single TXT values; the solver makes one call at a time.

    Names are absolute with a final dot (`_acme-challenge.example.org.`). Several values can be at
    one name at once, those of others too: each call concerns the one value and no other. Both are
    bounded by deadlines of their own.
    """

    async def present(self, fqdn: str, value: str) -> None:
        """Add the value; no error when it is there already. Raises PathError."""

    async def clean_up(self, fqdn: str, value: str) -> None:
        """Remove the value; no error when it is not there. Raises PathError."""
