"""When to renew, as pure decisions: values and a time in, a decision out.

Nothing here does IO, reads a clock or rolls dice of its own: `now` and a `random.Random` come in, a
frozen value comes out. A scheduler calls, in this order, on every pass and for every lineage:

1. `state.decode_lineage` and `budget.decode_budget`: what earlier runs have left in the store;
   `settled` of both, in case the clock was put back since.
2. `ari.ask_at`: whether the CA is to be asked for its renewal window now; the answer goes through
   `ari.after_reply` or `ari.after_error`.
3. `decide.decide` (or `decide.obtain`, where there is nothing to renew): whether it is due, and
   why. Its `ari` holds the moment picked in the window: store it before acting on it.
4. `plan.plan`: when and with which issuer to try, after back-off, budgets and failover.
5. `state.after_success` or `state.after_failure`, and what was spent into the issuer's budget.

Everything is a fraction of the certificate's lifetime, so 160 hours, 45 days and 90 days are alike.
"""
