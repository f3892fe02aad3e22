"""Where accounts, keys, certificates and the state of orders survive a restart.

A store is a small contract (`certs.store.protocol`): bytes under keys that are paths, replaced one
at a time, each whole or not at all. `FileStore` keeps them in a folder, `MemoryStore` forgets them;
one that several edges share can follow. `Versions` keeps certificates in any of them.

Layout, below `$STATE_DIRECTORY/certs`. `<lineage>` is `Lineage.key`: the certificate's first name
and the type of its key, `mail.example.org+ecdsa-p256`, a wildcard's star as `_`.

    certificates/<lineage>/current              JSON: the version that is served, and the one before
    certificates/<lineage>/<version>/key.pem    PKCS #8
    certificates/<lineage>/<version>/chain.pem  the leaf first
    certificates/<lineage>/<version>/meta.json  issuer, profile, order, dates …; written last
    certificates/<lineage>/next-key.pem         of the version to come, for its DANE record
    bootstrap/<name>.pem                        key and self-signed leaf, until there is a real one
    accounts/<issuer>/account.json, key.pem     and next-key.pem while the key is changed
    orders/<lineage>/<issuer>/order.json        the order under way, and its key.pem
    state/<lineage>.json                        failures, renewal window, next attempt
    budgets/<issuer>.json                       what was spent of the CA's rate limits
    challenges/<identifier>.json                which type worked last, which failed and when
    revoked/<lineage>.json                      the last version that was revoked, and why
    .locks/                                     a file a lock; empty of meaning when nobody has it
    .*.new                                      a file that is being written

What holds, whenever a process is killed, the power fails or the disk is full:

- A version is immutable. It is written under a name of its own, `meta.json` last, and never touched
  again; without that file it is no version, but what a crash left, and `Versions.prune` clears it.
- `current` is replaced by one rename. Should it or its version be damaged all the same, the version
  before is served, else the newest whole one, and that is reported. The one before stays.
- A file is written beside its place, synced, renamed, and its folder synced. Files are 0600 and
  folders 0700, whatever the umask. `FileStore.tighten` mends others at start, or reports them: they
  are no reason not to serve.
- A lock belongs to an open file: the kernel takes it from whoever dies, so none is ever stale. Once
  taken it is compared with what lies there (somebody may have cleared the folder), and `is_held`
  compares again. `Versions.switch(expected=…)` refuses who was overtaken even so.

Nothing in here is needed to be edited by hand, all of it may be copied while in use.
"""
