"""The scheduler: looks at every certificate, obtains and renews, deploys, and tells."""
