"""How steady a classifier is: does it say the same of a request that is only worded otherwise?

In: labelled rows and a classifier. Out: pairs of a row and its transformation, and how often the
two were told apart. Never: files, chance, or a pair whose category truly differs.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from router.assay.evaluate import LABELS, predict
from router.assay.rows import Row
from router.assay.transformations import TRANSFORMATIONS
from router.classification.classifier import Classifier

PER_CELL: Final = 16
"""Pairs of each transformation and label: 64 of a transformation, over 1,000 in all."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A row, and the same with its request transformed."""

    transformation: str
    before: Row
    after: Row


@dataclass(frozen=True, slots=True)
class Flip:
    """A pair of which the classifier said two things."""

    transformation: str
    id: str
    label: str
    before: str
    """The category predicted for the row as it is."""
    after: str
    """The category predicted for the transformed row."""


@dataclass(frozen=True, slots=True)
class Steadiness:
    """How often a classifier changed its mind."""

    pairs: int
    flips: int
    """Pairs whose predicted category changed."""
    spoilt: int
    """Flips that turned a right answer wrong."""
    share: float
    """Flips among pairs; 0 where there are no pairs."""


@dataclass(frozen=True, slots=True)
class Robustness:
    """How steady a classifier is."""

    total: Steadiness
    transformations: Mapping[str, Steadiness]
    flipped: tuple[Flip, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the figures as plain JSON values."""
        return asdict(self)


def pairs_of(rows: Sequence[Row], per_cell: int = PER_CELL) -> list[Pair]:
    """Choose rows and transform them: the same for the same rows in any order.

    Args:
        rows: Labelled rows with ids of their own.
        per_cell: Pairs of each transformation and label, as far as it applies to so many rows.
    """
    pairs: list[Pair] = []
    for name in TRANSFORMATIONS:
        order = sorted(rows, key=lambda row: _place(name, row))
        for label in LABELS:
            applied = _applied(name, (row for row in order if row.label == label))
            pairs.extend(pair for pair, _ in zip(applied, range(per_cell), strict=False))
    return pairs


def _applied(name: str, rows: Iterator[Row]) -> Iterator[Pair]:
    """Yield a pair for each row to which a transformation applies."""
    for row in rows:
        request = TRANSFORMATIONS[name](json.loads(row.request), f"{name}:{row.id}")
        if request is not None:
            yield Pair(name, row, replace(row, request=json.dumps(request).encode()))


def _place(name: str, row: Row) -> bytes:
    """Return a row's place in the order in which it is tried: another for each transformation."""
    return hashlib.blake2b(f"{name}:{row.id}".encode(errors="replace"), digest_size=16).digest()


def robustness(
    classifier: Classifier, pairs: Sequence[Pair], clock: Callable[[], float]
) -> tuple[Robustness, list[str]]:
    """Classify both sides of each pair.

    Args:
        classifier: What is measured.
        pairs: Of `pairs_of`.
        clock: Monotonic seconds.

    Returns:
        The figures, and a message for each request on which the classifier failed.
    """
    originals = list(dict.fromkeys(pair.before for pair in pairs))
    before, failures = predict(classifier, originals, clock)
    after, more = predict(classifier, [pair.after for pair in pairs], clock)
    said = {row: one.predicted for row, one in zip(originals, before, strict=True)}
    flips = tuple(
        Flip(pair.transformation, pair.before.id, pair.before.label, said[pair.before], after_it)
        for pair, after_it in zip(pairs, (one.predicted for one in after), strict=True)
        if said[pair.before] != after_it
    )
    by_name = {
        name: _steadiness(count, [flip for flip in flips if flip.transformation == name])
        for name, count in Counter(pair.transformation for pair in pairs).items()
    }
    return Robustness(_steadiness(len(pairs), flips), by_name, flips), failures + more


def _steadiness(pairs: int, flips: Sequence[Flip]) -> Steadiness:
    """Count flips, and those that did harm."""
    return Steadiness(
        pairs=pairs,
        flips=len(flips),
        spoilt=sum(flip.before == flip.label for flip in flips),
        share=len(flips) / pairs if pairs else 0.0,
    )
