"""Where accounts, keys, certificates and the state of orders survive a restart."""
