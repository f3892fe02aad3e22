"""The mail server behind the demo's edge: a stand-in that answers like Stalwart.

It runs in a process of its own, listens on loopback only, takes plaintext behind one PROXY header
per connection, and believes what the header's SSL TLV says: logins are refused without it.

What serves each protocol, and why:

- SMTP: aiosmtpd. Maintained, small, asyncio, and it reads PROXY v2 with its TLVs by code that is
  not ours: a second opinion on the header the edge sends.
- IMAP, POP3, ManageSieve: own, one file each. Twisted is maintained and has IMAP4 and POP3 servers,
  but it throws the TLVs of a PROXY v2 header away, has no ManageSieve, and would bring a second
  event loop and seven packages for one mailbox with a handful of messages. pymap has IMAP and
  ManageSieve and passes TLVs on, but has had no release since 2024 and knows no POP3.

It is a toy: one account, one mailbox in memory that is read-only but for mail that arrives by SMTP.
"""
