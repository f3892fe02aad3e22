"""When to renew, as pure decisions: values and a time in, a decision out."""
