"""The demo: a small real model on this machine behind the router, and a tour through both.

In: an installed model. Out: rows, tables, processes that end with their starter. Never: an account,
a key, or a connection that leaves this machine.
"""
