"""From labelled rows to trained weights: joins reading and training.

In: rows. Out: trained weights and the examples they came from. Never: files; the verb reads and
writes them.
"""

from collections.abc import Sequence

from router.assay.rows import Row
from router.classification.training.example import Example
from router.classification.training.trainer import DEFAULT_RECIPE, Recipe, Trained, train
from router.request import read_body, read_prompt


def examples_of(rows: Sequence[Row], *, share_alike: bool = False) -> list[Example]:
    """Read the prompts of rows.

    Args:
        rows: Labelled rows.
        share_alike: Keep rows whose licence asks that adaptations carry it too (CC BY-SA).
    """
    return [
        Example(read_prompt(read_body(row.request)), row.label, row.source, row.license)
        for row in rows
        if share_alike or "CC-BY-SA" not in row.license
    ]


def train_on(examples: Sequence[Example], recipe: Recipe = DEFAULT_RECIPE) -> Trained:
    """Train on examples.

    Raises:
        ValueError: A kind has no example.
    """
    return train(examples, recipe)
