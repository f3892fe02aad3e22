"""A world to renew in: a CA that counts as Let's Encrypt does, and a host with a wrong clock."""
