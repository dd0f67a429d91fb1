"""The stages of classification, one file each.

In: a `Prompt`. Out: a `Classification`, or nothing where a stage is not sure. Never: one stage
that knows of another; `classifier.py` has their order.
"""
