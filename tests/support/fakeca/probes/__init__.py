"""How a CA looks at a host: one module for each challenge type, `probe` in each.

`probe(reach, name, token, key_authorization)` raises Problem, OSError or TimeoutError.
"""
