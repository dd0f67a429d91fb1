"""Benchmarks: scripts that measure; no test asserts on what they find."""
