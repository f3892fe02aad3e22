"""An ACME client (RFC 8555): wire objects and signing from `acme` and `josepy`, IO on aiohttp.

Importing it costs what `acme` costs (requests, pyOpenSSL: 29 MiB): only the process that talks to a
CA does.
"""
