"""Telemetry: what is counted and written down.

In: exchanges, and events of the process's life. Out: Prometheus series and log lines. Never: text
of a request or an answer, or a key; never an error that reaches a request.
"""
