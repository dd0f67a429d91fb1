"""From labelled rows to trained weights: joins reading and training.

In: rows. Out: examples and trained weights. Never: files but the project's own corpus.
"""

from collections.abc import Sequence

from router.assay.rows import Row, read_rows
from router.classification.training.corpus import CORPUS_FILES
from router.classification.training.example import Example
from router.classification.training.sources import is_share_alike
from router.classification.training.trainer import DEFAULT_RECIPE, Recipe, Trained, train
from router.request import read_body, read_prompt


def usable(row: Row) -> bool:
    """Tell whether a row's licence lets the shipped weights learn from it."""
    return not is_share_alike(row.license)


def examples_of(rows: Sequence[Row], *, share_alike: bool = False) -> list[Example]:
    """Read the prompts of rows.

    Args:
        rows: Labelled rows.
        share_alike: Keep rows whose licence asks that adaptations carry it too (CC BY-SA).
    """
    return [
        Example(read_prompt(read_body(row.request)), row.label, row.source, row.license)
        for row in rows
        if share_alike or usable(row)
    ]


def own_rows() -> list[Row]:
    """Read the project's own corpus.

    Raises:
        ConfigurationError: A file of it is damaged.
    """
    return [row for path in CORPUS_FILES for row in read_rows(path)]


def train_on(examples: Sequence[Example], recipe: Recipe = DEFAULT_RECIPE) -> Trained:
    """Train on examples and on the project's own corpus.

    Returns:
        The weights; `unseen` has a row for each of `examples` alone.

    Raises:
        ConfigurationError: A file of the corpus is damaged.
    """
    trained = train([*examples, *examples_of(own_rows())], recipe)
    return Trained(trained.weights, trained.unseen[: len(examples)])
