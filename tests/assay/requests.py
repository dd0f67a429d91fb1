"""Requests to transform, and what tests ask of a transformation.

In: names of transformations, requests. Out: transformed requests. Never: a test.
"""

import copy
import json
from typing import Any

from router.assay.transformations import TRANSFORMATIONS
from router.request import read_body, read_prompt
from router.types import Prompt

SEEDS = [f"row-{at}" for at in range(40)]
FUNCTION = """def total(prices):
    result = 0
    for price in prices:
        result += price
    return result"""
ASK = "Please rename the variable result in Python and explain every change that you made"
QUESTION = "Which of the larger rivers of Europe carry the most water in spring?"


def asks(text: Any, **members: Any) -> dict[str, Any]:
    """Return a request with one message of a user."""
    return {"model": "auto", "messages": [{"role": "user", "content": text}], **members}


def applied(name: str, request: dict[str, Any], seed: str = "row-1") -> dict[str, Any]:
    """Return a transformed request; it has to apply, and to be another than before."""
    before = copy.deepcopy(request)
    after = TRANSFORMATIONS[name](request, seed)
    assert after is not None
    assert after != before
    assert request == before, "the request that came in was written to"
    return after


def text_of(request: dict[str, Any]) -> str:
    """Return the text of the last message."""
    text = request["messages"][-1]["content"]
    assert isinstance(text, str)
    return text


def skipped(name: str, request: dict[str, Any]) -> bool:
    """Tell whether a transformation leaves a request out, for any seed."""
    return all(TRANSFORMATIONS[name](request, seed) is None for seed in SEEDS)


def prompt_of(request: dict[str, Any]) -> Prompt:
    """Read a request as the router does."""
    return read_prompt(read_body(json.dumps(request).encode()))
