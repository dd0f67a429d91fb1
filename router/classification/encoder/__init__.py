"""The encoder: a small transformer for prompts that the weights of words leave in doubt.

In: a `Prompt`. Out: logits of the three kinds. Never: torch, or a thread of its own; whoever asks
decides where it runs.
"""
