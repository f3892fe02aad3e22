"""`[acme]` of the file: certificates that the edge obtains and renews itself."""
