"""Measurements: the same words hit the same rows wherever they stand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.classification.facts import FACTS, facts_of
from router.classification.features import GROUPS, ROW_BITS, measure
from router.classification.tokens import token_bounds
from router.types import Prompt


def tokens_of(text: str) -> list[str]:
    """Cut a text into its tokens."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    starts, ends = token_bounds(points)
    return [text[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]


def rows_of(group: str, ask: str) -> list[int]:
    """Return the rows that one group of an ask's features hits."""
    measured = measure(Prompt(ask))
    at = 0
    for name, count in zip(GROUPS, measured.counts, strict=True):
        if name == group:
            return [int(row) for row in measured.rows[at : at + count]]
        at += count
    raise AssertionError(group)


def test_words_signs_and_wide_characters_are_tokens() -> None:
    """Korean is written with spaces, Chinese is not."""
    assert tokens_of("x_1 = foo(2);") == ["x_1", "=", "foo", "(", "2", ")", ";"]
    assert tokens_of("写代码 어디서") == ["写", "代", "码", "어디서"]
    assert tokens_of(" \n") == []


def test_a_word_hits_the_same_row_wherever_it_stands_and_in_any_case() -> None:
    """The hash depends on the characters alone."""
    one, two = rows_of("word", "fix the bug"), rows_of("word", "The bug, please FIX")
    assert one[0] == two[-1]
    assert one[1:] == two[:2]


def test_order_matters_to_pairs() -> None:
    """Pairs are more than two words."""
    assert set(rows_of("pair", "a b")).isdisjoint(rows_of("pair", "b a"))


@settings(deadline=None)
@given(st.text(max_size=400), st.text(max_size=100), st.booleans())
def test_every_feature_has_a_row_and_a_value(ask: str, code: str, chat: bool) -> None:
    """Spans lie in the text; every group has length one."""
    measured = measure(Prompt(ask, code=code, has_assistant=chat))
    assert len(measured.rows) == len(measured.values)
    assert len(measured.rows) == len(measured.starts) + len(measured.facts)
    assert np.all((measured.rows >= 0) & (measured.rows < 1 << ROW_BITS))
    assert np.all(measured.starts < measured.ends)
    assert np.all(measured.ends <= len(measured.text))
    assert np.isfinite(measured.values).all()


@pytest.mark.parametrize(
    ("prompt", "facts"),
    [
        (Prompt("hi"), {"single turn, no code in the ask", "ask of 2 or more characters"}),
        (
            Prompt("why\uff1f", code="x", has_assistant=True, history_has_code=True),
            {"conversation with code, code in the ask", "code in the ask, with words"},
        ),
        (Prompt("", code="x", code_first=True), {"code first in the ask, without words"}),
        (Prompt("a" * 9_000, answer_has_code=True), {"the last answer has code"}),
        (
            Prompt("why?", has_assistant=True),
            {"a question, conversation without code, no code in the ask"},
        ),
    ],
)
def test_facts_are_named_in_words(prompt: Prompt, facts: set[str]) -> None:
    """One of each kind, out of a closed table."""
    named = [FACTS[fact] for fact in facts_of(prompt)]
    assert facts <= set(named)
    assert len(named) == len(set(named)) == 7
