"""Assays: what the router would do, or how well it does, without anything sent.

In: policies, requests, labelled rows. Out: findings, reports, figures. Never: I/O beyond the files
that were named, or a request to a backend.
"""
