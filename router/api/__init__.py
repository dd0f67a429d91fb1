"""The HTTP face: OpenAI's paths, the operator's paths, health and metrics.

In: ASGI events. Out: ASGI events. Never: a decision; those are made in the pipeline.
"""
