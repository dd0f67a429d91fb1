"""How alike the rows of the project's own corpus are."""

from collections import Counter

import pytest

from router.assay.training_run import examples_of, own_rows
from router.classification.training.overlap import share_of_repeats


@pytest.mark.parametrize(
    ("texts", "share"),
    [
        (["write me a poem about rain", "write me a poem about snow"], 1.0),
        (["page 3 of 12 is missing, why", "Page 4 of 90 is missing"], 1.0),
        (["write a poem", "write a poem"], 0.0),
        (["请帮我写一个计算器", "我想写一个计算器"], 0.0),
        (["请帮我写一个好用的计算器", "你能写一个好用的计算器吗"], 1.0),
        (["1 2 3 4 5 apples", "6 7 8 9 10 pears"], 0.0),
        (["what is the tide table for", "my aunt grows plums in Kent", "one two"], 0.0),
    ],
    ids=[
        "a run of five",
        "numbers and case",
        "too short",
        "few characters",
        "nine characters",
        "only numbers",
        "unlike",
    ],
)
def test_rows_that_share_five_tokens_repeat_each_other(texts: list[str], share: float) -> None:
    """Numbers count as one sign, case is ignored, short texts share nothing."""
    assert share_of_repeats(texts) == share


def test_the_corpus_is_not_made_of_templates() -> None:
    """At most five rows in a hundred share a skeleton with another, over all hands."""
    asks = [example.prompt.ask for example in examples_of(own_rows())]
    assert len(asks) >= 8_000
    assert share_of_repeats(asks) <= 0.05


def test_the_corpus_is_as_varied_as_it_says() -> None:
    """Languages, Chinese, follow-ups after code, agents, laypeople, terse asks; each label."""
    rows = own_rows()
    languages = Counter(row.lang for row in rows)
    slices = Counter(tag for row in rows for tag in row.slices)
    assert sum(count >= 60 for count in languages.values()) >= 27
    assert languages["zh"] >= 1_000
    assert slices["after-code"] >= 800
    assert slices["agent"] >= 600
    assert slices["layperson"] >= 800
    assert slices["terse"] >= 600
    for label, count in Counter(row.label for row in rows).items():
        assert count / len(rows) > 0.2, label
    assert len({row.id for row in rows}) == len(rows)
