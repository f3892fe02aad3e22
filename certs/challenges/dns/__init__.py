"""dns-01: who can change TXT records, and whether the world sees the change.

`provider` is the seam; `rfc2136`, `exec_hook` and `lexicon` are behind it. `resolving` asks
recursive resolvers where a record belongs, `propagation` asks the zone's own servers for it.
"""
