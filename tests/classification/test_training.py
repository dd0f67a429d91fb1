"""Training: deterministic, calibrated, and saved in a file that knows its version."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from router.categories import CODE_GENERATION
from router.classification.classifier import load_classifier
from router.classification.training.augmentation import varied
from router.classification.training.calibration import fit_temperature
from router.classification.training.example import Example
from router.classification.training.groups import FOLD_COUNT, fold_of, group_of
from router.classification.training.trainer import Recipe, cross_fitted, drawn, train
from router.classification.weights import SHIPPED, load_weights, save_weights
from router.errors import ConfigurationError
from router.types import Prompt
from tests.classification.prompts import small_examples

_SHORT = Recipe(epochs=2)


def test_the_same_examples_give_the_same_bytes(tmp_path: Path) -> None:
    """And another seed gives others."""
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        save_weights(train(small_examples(), replace(_SHORT, seed=seed)).weights, tmp_path / name)
    first = (tmp_path / "a").read_bytes()
    assert first == (tmp_path / "b").read_bytes()
    assert first != (tmp_path / "c").read_bytes()


def test_trained_weights_know_what_they_were_trained_on(tmp_path: Path) -> None:
    """Through the file and the whole classifier."""
    save_weights(train(small_examples(), Recipe(epochs=10, dropout=0.0)).weights, tmp_path / "w")
    classifier = load_classifier(tmp_path / "w")
    for example in small_examples():
        assert classifier.classify(example.prompt).category == example.label


def test_training_needs_every_kind() -> None:
    """Two categories of code and one of the rest."""
    with pytest.raises(ValueError, match="code-edit"):
        train([one for one in small_examples() if one.label == CODE_GENERATION], _SHORT)


def _broken(data: bytes, **header: object) -> bytes:
    """Return a weights file with changed header members."""
    values = json.loads(data[:4096]) | header
    return json.dumps(values).encode().ljust(4095) + b"\n" + data[4096:]


@pytest.mark.parametrize(
    ("harm", "complaint"),
    [
        (lambda _data: b"", "cannot be read"),
        (lambda _data: b"hello", "not a weights file"),
        (lambda data: data[:-2], "damaged"),
        (lambda data: data[:-2] + b"zz", "checksum"),
        (lambda data: _broken(data, format=99), "format 99"),
        (lambda data: _broken(data, features=-1), "features -1"),
        (lambda data: _broken(data, unit="x"), "scale"),
        (lambda data: _broken(data, temperature=0.0), "scale"),
    ],
    ids=["empty", "other", "short", "changed", "format", "features", "unit", "temperature"],
)
def test_a_wrong_or_damaged_file_says_what_to_do(
    tmp_path: Path,
    harm: Callable[[bytes], bytes],
    complaint: str,
) -> None:
    """The message names the file, what is wrong, and the remedy."""
    path = tmp_path / "weights.bin"
    path.write_bytes(harm(SHIPPED.read_bytes()))
    with pytest.raises(ConfigurationError, match=complaint) as caught:
        load_weights(path)
    assert "task-router train" in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    """As a damaged one does."""
    with pytest.raises(ConfigurationError, match="task-router train"):
        load_weights(tmp_path / "none")


def test_the_shipped_weights_fit_in_the_wheel() -> None:
    """At most 8 MB."""
    assert SHIPPED.stat().st_size <= 8 * 2**20


def test_temperature_turns_overconfidence_into_confidence() -> None:
    """Logits three times too large are divided by three."""
    chance = np.random.default_rng(1)
    honest = chance.normal(size=(4_000, 3)) * 2
    odds = np.exp(honest)
    odds /= odds.sum(axis=1, keepdims=True)
    kinds = np.array([chance.choice(3, p=row) for row in odds])
    assert fit_temperature(honest * 3, kinds) == pytest.approx(3, rel=0.15)


def test_variants_of_a_source_are_never_split() -> None:
    """What follows a plus sign, and repositories of commits, belong to one group."""
    assert group_of("oasst1+switch") == group_of("oasst1-fr") == "oasst"
    assert fold_of("commits:a/b") == fold_of("commitpackft")
    assert all(0 <= fold_of(name) < FOLD_COUNT for name in ("mbpp", "a new source", ""))


def test_variations_keep_the_situation() -> None:
    """Typing errors, unspotted code, lost history, frames, orders; never another situation."""
    chance = np.random.default_rng(3)
    prompt = Prompt("please refactor this old function", code="x = 1", previous_ask="hello")
    others = [varied(prompt, chance, 0.15) for _ in range(300)]
    assert all(other.has_assistant == prompt.has_assistant for other in others)
    lengths = [len(other.ask) + len(other.code) for other in others]
    assert min(lengths) >= len(prompt.ask) + len(prompt.code) - 3
    assert len({other.ask for other in others}) > 20


def test_what_only_says_to_go_on_is_not_framed() -> None:
    """A carried ask stays as it is: the previous one is what is read."""
    chance = np.random.default_rng(3)
    prompt = Prompt("yes", previous_ask="sort the rows", has_assistant=True, carried=True)
    assert {varied(prompt, chance, 1.0).ask for _ in range(50)} == {"yes"}


def test_an_epoch_sees_a_bounded_number_of_a_public_group_and_every_own_row() -> None:
    """Variants of one source count together; each epoch draws anew."""
    examples = [
        Example(Prompt(str(at)), CODE_GENERATION, source)
        for source in ("mbpp", "humaneval-xl+followup", "own-terse", "sgd")
        for at in range(40)
    ]
    chance = np.random.default_rng(3)
    first, second = (drawn(examples, 30, chance) for _ in range(2))
    for places in (first, second):
        sources = [examples[place].source for place in places]
        assert sources.count("own-terse") == 40
        assert sources.count("sgd") == 30
        assert sources.count("mbpp") + sources.count("humaneval-xl+followup") == 30
    assert set(first) != set(second)


def test_an_example_is_never_tested_by_what_learnt_from_its_group() -> None:
    """Logits of a group do not change when its labels do; those of others may."""
    examples = [replace(one, source="mbpp") for one in small_examples()]
    others = [replace(one, source="sgd") for one in small_examples()]
    liars = [replace(one, label=CODE_GENERATION) for one in examples]
    honest = cross_fitted([*examples, *others], _SHORT)
    fooled = cross_fitted([*liars, *others], _SHORT)
    assert fold_of("mbpp") != fold_of("sgd")
    assert (honest[: len(examples)] == fooled[: len(examples)]).all()
    assert (honest[len(examples) :] != fooled[len(examples) :]).any()


def test_groups_that_are_not_tested_are_left_at_zero() -> None:
    """So that a subset can be measured in less time."""
    examples = [
        replace(one, source=source) for source in ("mbpp", "sgd") for one in small_examples()
    ]
    logits = cross_fitted(examples, _SHORT, [fold_of("sgd")])
    half = len(examples) // 2
    assert not logits[:half].any()
    assert logits[half:].any()
