"""Clients: who may come in, by their keys.

In: `clients.yaml`; a key that somebody presents. Out: the configured name of its owner, or nothing.
Never: a key kept, logged or shown.
"""

from router.clients.book import ClientBook, load_clients

__all__ = ["ClientBook", "load_clients"]
