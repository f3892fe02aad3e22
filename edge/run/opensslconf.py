"""What of TLS has no API in `ssl` before Python 3.15: suite order and key-exchange groups.

OpenSSL's own configuration file is the public way to them. It is read once, when a process first
uses OpenSSL, so `run` writes the file and starts itself again with `OPENSSL_CONF` set.
"""

import os
import ssl
import sys
from typing import Final

_VARIABLE: Final = "OPENSSL_CONF"
_MARK: Final = "STALWART_EDGE_OPENSSL_CONF"

_CLASSIC_GROUPS: Final = "X25519:P-256:P-384"
_HYBRID_SINCE: Final = (3, 5)

# AES-128 first: cheaper, and no weaker in practice. Groups: the hybrid post-quantum exchange first
# where the library has it, so that a recorded session stays unreadable.
_TEMPLATE: Final = """\
# Written by stalwart-edge at every start; changes here are lost.
openssl_conf = stalwart_edge
[stalwart_edge]
ssl_conf = ssl
[ssl]
system_default = tls
[tls]
MinProtocol = TLSv1.2
Ciphersuites = TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256
Groups = {groups}
"""


def text(version: tuple[int, ...] = ssl.OPENSSL_VERSION_INFO) -> str:
    """The configuration for a version of OpenSSL."""
    is_hybrid = version[:2] >= _HYBRID_SINCE
    groups = f"X25519MLKEM768:{_CLASSIC_GROUPS}" if is_hybrid else _CLASSIC_GROUPS
    return _TEMPLATE.format(groups=groups)


def apply() -> None:
    """Start this program again under the configuration, unless that is done or not wanted.

    An `OPENSSL_CONF` that the operator has set (FIPS, a system policy) is left alone. The file is
    an anonymous one in memory: nothing is left behind, and nothing can be changed in between.
    """
    mark = os.environ.pop(_MARK, None)
    if mark is not None:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)  # makes OpenSSL read the file, if nothing did yet
        # Programs that this one starts have no such descriptor.
        del os.environ[_VARIABLE]
        os.close(int(mark))
    elif _VARIABLE not in os.environ:
        fd = os.memfd_create("openssl.cnf", 0)  # 0: it stays open over exec
        os.write(fd, text().encode())
        os.environ[_VARIABLE] = f"/proc/self/fd/{fd}"
        os.environ[_MARK] = str(fd)
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606
