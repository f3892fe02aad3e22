"""Protocol logic without IO: bytes and time in, events out.

Nothing below this package imports asyncio, socket, ssl, logging or a clock (a contract in
pyproject.toml checks it). Parsers return a value, return `NEED_MORE`, or raise `ProtocolError`.
"""
