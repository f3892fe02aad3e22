"""Proofs of control over names: one module a challenge type, all behind `Solver`."""
