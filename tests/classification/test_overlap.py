"""How alike the rows of the project's own corpus are."""

import json

import pytest

from router.classification.training.corpus import CORPUS_FILES
from router.classification.training.overlap import share_of_repeats


@pytest.mark.parametrize(
    ("texts", "share"),
    [
        (["write me a poem about rain", "write me a poem about snow"], 1.0),
        (["page 3 of 12 is missing, why", "Page 4 of 90 is missing"], 1.0),
        (["write a poem", "write a poem"], 0.0),
        (["what is the tide table for", "my aunt grows plums in Kent", "one two"], 0.0),
    ],
    ids=["a run of five", "numbers and case", "too short", "unlike"],
)
def test_rows_that_share_five_tokens_repeat_each_other(texts: list[str], share: float) -> None:
    """Numbers count as one sign, case is ignored, short texts share nothing."""
    assert share_of_repeats(texts) == share


def test_rows_written_by_hand_rarely_repeat_each_other() -> None:
    """The latest words of the users; the composed seed is left out and named as such."""
    texts = [
        str([m["content"] for m in json.loads(line)["request"]["messages"] if m["role"] == "user"])
        for path in CORPUS_FILES
        if path.stem in {"developers", "everyday", "languages_a"}
        for line in path.read_text().splitlines()
    ]
    assert share_of_repeats(texts) < 0.2
