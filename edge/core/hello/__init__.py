"""What the edge reads and says of TLS without a TLS library: hellos, fingerprints, alerts.

The edge reads the ClientHello before TLS starts, because certificate, policy and ALPN refusal are
chosen from it and `ssl` decides them too late or not at all. The same bytes then go to OpenSSL,
which judges them again: this package may be stricter than OpenSSL, never more lenient in what it
believes.

    reader       bytes as they arrive -> one handshake message, over segments and records
    parser       that message -> `ClientHello`
    ja4          `ClientHello` -> the JA4 fingerprint
    memory       both of these, remembered for messages that differ only in what is random
    alpn         the offered protocols -> the one to speak, or a refusal
    serverhello  our own first flight -> the negotiated group
    alerts       the refusals that are sent before OpenSSL is involved
    registry     the names IANA gave the numbers
"""
