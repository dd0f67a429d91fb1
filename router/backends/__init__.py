"""Backends: who is there, how each is called, and what to do when one fails.

In: decisions and requests. Out: answers under way. Never: the choice of a backend.
"""
