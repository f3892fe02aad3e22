"""The clear-text part of a mail connection, without IO.

Toward the client, `dialogue.open_dialogue` gives the machine that speaks the backend's part before
TLS: `smtp`, `imap`, `pop3` or `sieve` (what a command is answered) on `linedialogue` (order, limits
and closing) on `lines` (what a line is). A dialogue ends with one of three events: TLS may start,
the client of an MX goes on without TLS, or close.

Toward the backend, `probe` learns greeting and capabilities ahead of time, `gate` swallows the
greeting of the fresh connection made after the handshake, and `replay` does the same for a session
without TLS. All three read through `backendlines`, `smtpreply` and `detect`. `refusals` has the
lines that are said when there is no session to give.
"""
