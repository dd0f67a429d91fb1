"""The table of dialects: the APIs that backends speak.

In: a backend and a request. Out: the HTTP request that goes to it. Never: sending it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from router.backends.dialects import openai
from router.backends.dialects.contract import Encode

DIALECTS: Final[Mapping[str, Encode]] = MappingProxyType({"openai": openai.encode})
"""A dialect's name in policies → its encoder."""
