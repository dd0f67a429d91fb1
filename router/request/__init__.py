"""Reading a request: from raw bytes to what classification and routing need to know of it.

In: the body of a chat or completion request. Out: `ChatRequest`, `Prompt`, `Needs`. Never: a
change to the client's bytes, or an exception on any shape of JSON.
"""

from router.request.body import read_body
from router.request.needs import read_needs
from router.request.prompt import read_prompt

__all__ = ["read_body", "read_needs", "read_prompt"]
