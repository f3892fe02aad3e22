"""What probes learn of Stalwart, Dovecot and Postfix before TLS."""

from edge.core.protocol import Learnt, Protocol
from edge.core.starttls.rules import ClearRules

MUST_TLS = ClearRules(hostname="edge.example.org", require_tls=True)
MX = ClearRules(hostname="edge.example.org", require_tls=False)

STALWART_SMTP = Learnt(
    protocol=Protocol.SMTP,
    banner=b"mail.example.org Stalwart ESMTP at your service",
    ehlo=b"mail.example.org you had me at EHLO",
    capabilities=(
        b"STARTTLS",
        b"SMTPUTF8",
        b"SIZE 104857600",
        b"REQUIRETLS",
        b"PIPELINING",
        b"NO-SOLICITING",
        b"ENHANCEDSTATUSCODES",
        b"CHUNKING",
        b"BINARYMIME",
        b"AUTH OAUTHBEARER XOAUTH2",
        b"8BITMIME",
    ),
)
DOVECOT_SMTP = Learnt(
    protocol=Protocol.SMTP,
    banner=b"mail.example.org Dovecot (Debian) ready.",
    ehlo=b"mail.example.org",
    capabilities=(
        b"8BITMIME",
        b"AUTH PLAIN LOGIN",
        b"BURL imap",
        b"CHUNKING",
        b"ENHANCEDSTATUSCODES",
        b"SIZE",
        b"STARTTLS",
        b"XCLIENT ADDR PORT PROTO HELO LOGIN SESSION TTL TIMEOUT",
        b"PIPELINING",
    ),
)
POSTFIX_SMTP = Learnt(
    protocol=Protocol.SMTP,
    banner=b"mx.example.org ESMTP Postfix (Debian/GNU)",
    ehlo=b"mx.example.org",
    capabilities=(
        b"PIPELINING",
        b"SIZE 10240000",
        b"ETRN",
        b"STARTTLS",
        b"auth PLAIN LOGIN",
        b"AUTH=PLAIN LOGIN",
        b"XCLIENT NAME ADDR PROTO HELO REVERSE_NAME PORT LOGIN DESTADDR DESTPORT",
        b"XFORWARD NAME ADDR PROTO HELO SOURCE PORT IDENT",
        b"ENHANCEDSTATUSCODES",
        b"8BITMIME",
        b"DSN",
        b"SMTPUTF8",
    ),
)
STALWART_IMAP = Learnt(
    protocol=Protocol.IMAP,
    banner=b"Stalwart IMAP4rev2 at your service.",
    capabilities=(
        b"IMAP4rev2",
        b"IMAP4rev1",
        b"ENABLE",
        b"SASL-IR",
        b"LITERAL+",
        b"ID",
        b"UTF8=ACCEPT",
        b"AUTH=PLAIN",
        b"AUTH=OAUTHBEARER",
        b"AUTH=XOAUTH2",
        b"STARTTLS",
    ),
)
DOVECOT_IMAP = Learnt(
    protocol=Protocol.IMAP,
    banner=b"Dovecot (Debian) ready.",
    capabilities=(
        b"IMAP4rev1",
        b"SASL-IR",
        b"LOGIN-REFERRALS",
        b"ID",
        b"ENABLE",
        b"IDLE",
        b"literal-",
        b"STARTTLS",
        b"LOGINDISABLED",
        b"auth=PLAIN",
    ),
)
STALWART_POP3 = Learnt(
    protocol=Protocol.POP3,
    banner=b"Stalwart POP3 at your service.",
    capabilities=(
        b"USER",
        b"SASL PLAIN OAUTHBEARER XOAUTH2",
        b"STLS",
        b"TOP",
        b"RESP-CODES",
        b"PIPELINING",
        b"EXPIRE NEVER",
        b"UIDL",
        b"UTF8",
        b"IMPLEMENTATION Stalwart Server",
    ),
)
DOVECOT_POP3 = Learnt(
    protocol=Protocol.POP3,
    banner=b"Dovecot (Debian) ready. <1d3.1.64a1c0f2.Qm9vCg==@mail.example.org>",
    capabilities=(
        b"CAPA",
        b"TOP",
        b"UIDL",
        b"RESP-CODES",
        b"PIPELINING",
        b"AUTH-RESP-CODE",
        b"STLS",
        b"USER",
        b"SASL PLAIN",
    ),
)
STALWART_SIEVE = Learnt(
    protocol=Protocol.SIEVE,
    banner=b"Stalwart ManageSieve at your service.",
    capabilities=(
        b'"IMPLEMENTATION" "Stalwart ManageSieve"',
        b'"VERSION" "1.0"',
        b'"STARTTLS"',
        b'"SASL" "OAUTHBEARER XOAUTH2"',
        b'"SIEVE" "body copy date envelope fileinto imap4flags reject vacation variables"',
        b'"NOTIFY" "mailto"',
        b'"MAXREDIRECTS" "1"',
    ),
)
DOVECOT_SIEVE = Learnt(
    protocol=Protocol.SIEVE,
    banner=b"Dovecot (Debian) ready.",
    capabilities=(
        b'"IMPLEMENTATION" "Dovecot (Debian) Pigeonhole"',
        b'"SIEVE" "fileinto reject envelope vacation subaddress relational regex imap4flags"',
        b'"NOTIFY" "mailto"',
        b'"SASL" "PLAIN"',
        b'"STARTTLS"',
        b'"VERSION" "1.0"',
    ),
)

ALL = {
    "stalwart-smtp": STALWART_SMTP,
    "dovecot-smtp": DOVECOT_SMTP,
    "postfix-smtp": POSTFIX_SMTP,
    "stalwart-imap": STALWART_IMAP,
    "dovecot-imap": DOVECOT_IMAP,
    "stalwart-pop3": STALWART_POP3,
    "dovecot-pop3": DOVECOT_POP3,
    "stalwart-sieve": STALWART_SIEVE,
    "dovecot-sieve": DOVECOT_SIEVE,
}

ONE_EACH = (STALWART_SMTP, STALWART_IMAP, STALWART_POP3, STALWART_SIEVE)
"""One backend of every mail protocol."""

STARTTLS = {
    Protocol.SMTP: b"STARTTLS\r\n",
    Protocol.IMAP: b"a1 STARTTLS\r\n",
    Protocol.POP3: b"STLS\r\n",
    Protocol.SIEVE: b"STARTTLS\r\n",
}

NOOP = {
    Protocol.SMTP: b"NOOP\r\n",
    Protocol.IMAP: b"a2 NOOP\r\n",
    Protocol.POP3: b"CAPA\r\n",
    Protocol.SIEVE: b"NOOP\r\n",
}
"""One harmless command of each protocol that is answered before TLS."""
