"""The task router: an OpenAI-compatible proxy that sends each prompt to the best backend for it.

In: HTTP requests in OpenAI's shape. Out: the answer of the backend that the policy names for the
request's task. Never: anything at import time but the version.
"""

__version__ = "0.1.0"
