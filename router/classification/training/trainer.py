"""Fitting the weights.

In: examples. Out: `Weights`. Never: a library beside numpy, a clock, or chance that is not drawn
from a fixed seed: the same examples give the same weights on the same machine.

The model is multinomial logistic regression over hashed features. It is fitted one example at a
time with step sizes per feature (AdaGrad: Duchi, Hazan and Singer, JMLR 12, 2011, figure 1). The
two logits of a row are the parts of one complex number, so that an array operation moves both.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from router.classification.features import ROW_BITS, measure
from router.classification.training.augmentation import varied
from router.classification.training.calibration import fit_temperature
from router.classification.training.example import Example
from router.classification.training.groups import FOLD_COUNT, fold_of, group_of, is_own
from router.classification.weights import Weights
from router.types import Prompt

Vector: TypeAlias = tuple[NDArray[np.int64], NDArray[np.float32]]
"""Distinct rows of the table, ascending, and what each counts."""
Table: TypeAlias = NDArray[np.complex64]
"""Logits of code generation (real part) and of code edit (imaginary part) by row."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train. The defaults are what won on sources that were not trained on."""

    epochs: int = 4
    most_of_a_group: int = 300
    """Rows of one group of public sources that an epoch sees, drawn anew for each: large sources
    teach their own habits. The project's own rows are all seen."""
    rate: float = 0.5
    """AdaGrad's step size."""
    start: float = 0.01
    """What a feature's sum of squared gradients starts from."""
    dropout: float = 0.3
    """The share of an example's features that one step does not see."""
    framed: float = 0.15
    """The share of prompts that are put between greetings and thanks."""
    seed: int = 20_240_229


@dataclass(frozen=True, slots=True)
class Trained:
    """Weights, and how well the recipe did on sources that it had not seen."""

    weights: Weights
    unseen: NDArray[np.float64]
    """Probabilities of the three kinds, shape (examples, 3), each from the weights of the other
    folds; calibrated by the temperature that was fitted on them."""


DEFAULT_RECIPE: Final = Recipe()


def train(examples: Sequence[Example], recipe: Recipe = DEFAULT_RECIPE) -> Trained:
    """Train weights, with a temperature fitted on unseen sources.

    Args:
        examples: At least one of each kind.
        recipe: How to train.

    Raises:
        ValueError: A kind has no example.
    """
    kinds = np.array([example.kind for example in examples], dtype=np.int64)
    if len(set(kinds.tolist())) != 1 + 2:
        raise ValueError("training needs examples of not-code, code-generation and code-edit")
    logits = cross_fitted(examples, recipe)
    temperature = fit_temperature(logits, kinds)
    table = fit(examples, recipe)
    pairs = np.stack((table.real, table.imag), axis=1).astype(np.float64)
    scaled = np.exp(logits / temperature - (logits / temperature).max(axis=1, keepdims=True))
    unseen = scaled / scaled.sum(axis=1, keepdims=True)
    return Trained(Weights.quantised(pairs, temperature), unseen)


def cross_fitted(
    examples: Sequence[Example], recipe: Recipe, tested: Collection[int] = range(FOLD_COUNT)
) -> NDArray[np.float64]:
    """Return logits from weights that have not seen an example's group.

    Args:
        examples: Of as many groups as may be.
        recipe: How to train.
        tested: The groups (0 to 7) that are left out in turn.

    Returns:
        Shape (examples, 3); zeros for examples of groups that are not tested.
    """
    folds = np.array([fold_of(example.source) for example in examples])
    logits = np.zeros((len(examples), 3))
    for fold in tested:
        places = np.flatnonzero(folds == fold).tolist()
        if places:
            table = fit([examples[i] for i in np.flatnonzero(folds != fold).tolist()], recipe)
            logits[places] = [logits_of(table, vector_of(examples[i].prompt)) for i in places]
    return logits


def vector_of(prompt: Prompt) -> Vector:
    """Return the features of a prompt with repeats added up."""
    measured = measure(prompt)
    rows, places = np.unique(measured.rows, return_inverse=True)
    values = np.bincount(places, weights=measured.values, minlength=len(rows))
    return rows, values.astype(np.float32)


def logits_of(table: Table, vector: Vector) -> tuple[float, float, float]:
    """Return the logits of the three kinds."""
    both = complex(np.dot(vector[1], table[vector[0]]))
    return 0.0, both.real, both.imag


def fit(examples: Sequence[Example], recipe: Recipe) -> Table:
    """Fit a table to examples, each seen once an epoch, in an order drawn from the seed."""
    table = np.zeros(1 << ROW_BITS, dtype=np.complex64)
    squares = np.full(1 << ROW_BITS, recipe.start, dtype=np.float32)
    chance = np.random.default_rng(recipe.seed)
    vectors = [vector_of(varied(example.prompt, chance, recipe.framed)) for example in examples]
    for _ in range(recipe.epochs):
        for i in drawn(examples, recipe.most_of_a_group, chance):
            rows, values = vectors[i]
            kept = chance.random(len(rows), dtype=np.float32) >= recipe.dropout
            rows, values = rows[kept], values[kept] / np.float32(1 - recipe.dropout)
            weights = table[rows]
            slope = _slope(complex(np.dot(values, weights)), examples[i].kind)
            seen = squares[rows] + np.square(values) * np.float32(abs(slope) ** 2)
            squares[rows] = seen
            table[rows] = weights - np.complex64(recipe.rate * slope) * (values / np.sqrt(seen))
    return table


def drawn(examples: Sequence[Example], most: int, chance: np.random.Generator) -> list[int]:
    """Return places of examples in random order, at most `most` of each public group."""
    taken: Counter[str] = Counter()
    places = []
    for place in chance.permutation(len(examples)).tolist():
        source = examples[place].source
        group = group_of(source)
        if is_own(source) or taken[group] < most:
            taken[group] += 1
            places.append(place)
    return places


def _slope(both: complex, kind: int) -> complex:
    """Return the gradient of the log loss by the two logits, as one complex number."""
    top = max(0.0, both.real, both.imag)
    odds = np.exp(np.array((-top, both.real - top, both.imag - top)))
    odds /= odds.sum()
    return complex(odds[1] - (kind == 1), odds[2] - (kind == 1 + 1))
