"""Which task a prompt is: features, weights, and stages in order.

In: a `Prompt`. Out: a `Classification`. Never: a request's bytes, a policy, or I/O after loading.
"""
