"""stalwart-edge: the TLS boundary of one mail host.

Theory of operation. A single-threaded master binds the listening sockets, loads the certificates,
builds the TLS contexts and forks workers (the data path) and one control process (probes, log).
A worker takes a connection through these steps, top to bottom in `edge.net.connection`:

    accept -> [clear phase: greeting, EHLO, STARTTLS] -> ClientHello -> handshake
           -> dial the backend, PROXY header -> [swallow its greeting] -> relay -> close

What a protocol says and when is decided in `edge.core`, which does no IO at all: bytes and time in,
events out. `edge.net` moves the bytes, `edge.run` owns the processes, `edge.config` compiles the
operator's file into an immutable tree, `certs` (a package of its own) owns certificates.
"""

__version__ = "0.1.0"
