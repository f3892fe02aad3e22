"""The PROXY protocol: the header a backend reads first, and the strict reader of such headers.

Source: HAProxy's doc/proxy-protocol.txt (2026/04/27), "the specification" below. `v2` and `v1`
write, `decode` reads both, `tlv` has the numbers and the operator's choices.
"""
