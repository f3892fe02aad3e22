"""The kinds of values in the file: a title, a constraint and examples for each.

`extra={"check": …}` is what one value must pass and JSON Schema cannot say.
"""

from typing import Annotated, Final

from msgspec import Meta

from edge.config.addresses import parse_bind, parse_host, parse_https, parse_ip, parse_server
from edge.config.units import DURATION_PATTERN, SIZE_PATTERN, duration_between

DAY_S: Final = 86400
# `$` alone also matches before a last line feed.
PRINTABLE: Final = r"^[^\x00-\x1f\x7f]+$(?!\n)"

Name = Annotated[
    str,
    Meta(
        title="a name",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$(?!\n)",
        examples=["submission", "imap-lan"],
    ),
]
HostName = Annotated[
    str,
    Meta(
        title="a host name",
        pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$(?!\n)",
        examples=["mail.example.org"],
    ),
]
Host = Annotated[
    str,
    Meta(
        title="a host",
        pattern=PRINTABLE,
        max_length=253,
        examples=["127.0.0.1", "2001:db8::53", "ns1.example.org"],
        extra={"check": parse_host},
    ),
]
Ip = Annotated[
    str,
    Meta(
        title="an IP address",
        pattern=r"^[0-9A-Fa-f:.]{2,45}$(?!\n)",
        examples=["192.0.2.53", "2001:db8::53"],
        extra={"check": parse_ip},
    ),
]
CertificateName = Annotated[
    str,
    Meta(
        title="a name for a certificate",
        pattern=PRINTABLE,
        max_length=253,
        examples=["mail.example.org", "*.example.net"],
    ),
]
FilePath = Annotated[
    str,
    Meta(title="a path", pattern=PRINTABLE, max_length=4096, examples=["/etc/ssl/mail.pem"]),
]
BindAddress = Annotated[
    str,
    Meta(
        title="an address to listen on",
        pattern=PRINTABLE,
        max_length=64,
        examples=["192.0.2.1:25", "0.0.0.0:25", "[::]:25"],
        extra={"check": parse_bind},
    ),
]
ServerAddress = Annotated[
    str,
    Meta(
        title="a server",
        pattern=PRINTABLE,
        max_length=300,
        examples=["127.0.0.1:25", "[::1]:25", "unix:/run/stalwart/smtp.sock"],
        extra={"check": parse_server},
    ),
]
Duration = Annotated[
    Annotated[int, Meta(ge=0)]
    | Annotated[float, Meta(ge=0)]
    | Annotated[str, Meta(pattern=DURATION_PATTERN)],
    Meta(title="a duration", examples=[30, "30s", "31m", "24h", "7d"]),
]
Deadline = Annotated[Duration, Meta(extra={"check": duration_between(0.1, 366 * DAY_S)})]
Size = Annotated[
    Annotated[int, Meta(ge=0)] | Annotated[str, Meta(pattern=SIZE_PATTERN)],
    Meta(title="a size", examples=[4096, "64KiB"]),
]
Count = Annotated[int, Meta(title="a number from 0 to 1000", ge=0, le=1000, examples=[20])]
Connections = Annotated[
    int,
    Meta(title="a number from 1 to 1000000", ge=1, le=1_000_000, examples=[20000]),
]
Text = Annotated[
    str,
    Meta(
        title="a text of one line",
        pattern=PRINTABLE,
        max_length=1024,
        examples=["kid-1", "ISRG Root X1"],
    ),
]
Email = Annotated[
    str,
    Meta(
        title="a mail address",
        pattern=r"^[!#-'*+/-9=?A-Z^-~.-]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$(?!\n)",
        examples=["postmaster@example.org"],
    ),
]
Https = Annotated[
    str,
    Meta(
        title="an https address",
        pattern=PRINTABLE,
        max_length=2048,
        examples=["https://acme-v02.api.letsencrypt.org/directory"],
        extra={"check": parse_https},
    ),
]
Profile = Annotated[
    str,
    Meta(
        title="a profile of a CA",
        pattern=r"^(require:)?[A-Za-z0-9][A-Za-z0-9._-]{0,62}$(?!\n)",
        examples=["tlsserver", "require:shortlived"],
    ),
]
Word = Annotated[
    str,
    Meta(
        title="a name of lower-case letters and digits",
        pattern=r"^[a-z][a-z0-9_-]{0,62}$(?!\n)",
        examples=["rfc2136", "exec", "cloudflare"],
    ),
]
Option = Annotated[
    str,
    Meta(
        title="the name of an option",
        pattern=r"^[a-z][a-z0-9_]{0,62}$(?!\n)",
        examples=["auth_token_file"],
    ),
]
OptionValue = Annotated[
    str,
    Meta(title="a text", pattern=PRINTABLE, max_length=4096, examples=["/etc/edge/token"]),
]
Port = Annotated[int, Meta(title="a port from 1 to 65535", ge=1, le=65535, examples=[53])]
