"""Two layers, fitted to two dozen prompts: the same each time, learnt, and the router agrees.

Real recipes take an hour; these take seconds, through the same functions as `train-encoder`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import pytest
import torch

from router.classification.encoder.expansion import Blend, expanded, save_layers
from router.classification.encoder.layout import MOST_PIECES, lay_out
from router.classification.encoder.network import Network
from router.classification.encoder.pieces import Pieces
from router.classification.encoder.pieces_file import load_pieces, save_pieces
from router.classification.facts import FACTS, facts_of
from router.classification.stages.encoder import EncoderStage
from router.classification.training.encoder.export import save_graph
from router.classification.training.encoder.fitting import (
    EncoderRecipe,
    fit_layers,
    logits_of_prompts,
)
from router.classification.training.encoder.layers import Layers, arrays_of
from router.classification.training.encoder.start import Start
from router.errors import ConfigurationError
from router.types import Prompt
from tests.classification.prompts import small_examples

pytestmark = pytest.mark.train

PLAIN: Final = EncoderRecipe(
    layers=2, rank=4, epochs=20, batch=8, dropout=0.0, framed=0.0, smoothing=0.0
)
"""Sixty steps, and all that chance does is to deal the batches and to start the thin matrices."""
SHORT: Final = EncoderRecipe(layers=2, rank=4, epochs=2, batch=8)
"""Six steps with everything that chance does in a real recipe."""

FARTHEST: Final = 0.04
"""How far a logit may be from torch's, as a share of what lies between the extremes of all logits.

The router rounds weights to 1/127 of the largest of their row and states to 1/255 of their range,
so that each of a layer's four products is off by about 1 %; roundings mostly cancel, and
normalisation keeps what is left from growing. With 24 other seeds, rates and vocabularies it was
0.027 at most; without what training added to a matrix it is 0.1.
"""
MEAN: Final = 0.007
"""How far logits may be in the mean, as such a share. It was 0.006 at most; without the bias of a
matrix it is 0.0075 or more, without what training added to a matrix 0.04."""

LONG: Final = "wort " * 4_000
PROMPTS: Final = (
    Prompt(""),
    Prompt("x"),
    Prompt("переименуй файлы по дате"),
    Prompt("直して", code=LONG, code_first=True),
    Prompt(LONG, code=LONG, previous_ask=LONG, previous_answer=LONG, has_assistant=True),
    *(example.prompt for example in small_examples()),
)


@dataclass(frozen=True, slots=True)
class Fitted:
    """Layers, and what was told while they were fitted."""

    layers: Layers
    told: tuple[str, ...]


def fitted(start: Start, pieces: Pieces, recipe: EncoderRecipe) -> Fitted:
    """Fit layers to the small examples."""
    told: list[str] = []
    layers = fit_layers(start, pieces, small_examples(), recipe, told.append)
    return Fitted(layers, tuple(told))


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Small matrices are not shared out: on a busy machine the threads' waiting takes minutes."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def learnt(start: Start, pieces: Pieces) -> Fitted:
    """Two layers that have seen the small examples twenty times."""
    return fitted(start, pieces, PLAIN)


@pytest.fixture(scope="module")
def files(learnt: Fitted, start: Start, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the router needs of them."""
    folder = tmp_path_factory.mktemp("encoder")
    arrays = arrays_of(learnt.layers, start)
    save_layers(arrays, Blend(share=1.0, temperature=1.0), folder / "layers.npz")
    save_graph(PLAIN.layers, expanded(arrays), folder / "graph.onnx")
    return folder


def test_the_same_recipe_gives_the_same_bytes(start: Start, pieces: Pieces, tmp_path: Path) -> None:
    """Dropout, frames and order included; another seed gives others."""
    recipes = {"a": SHORT, "b": SHORT, "c": replace(SHORT, seed=1)}
    for name, recipe in recipes.items():
        arrays = arrays_of(fitted(start, pieces, recipe).layers, start)
        save_layers(arrays, Blend(0.5, 1.0), tmp_path / f"{name}.npz")
    first, second, other = ((tmp_path / f"{name}.npz").read_bytes() for name in recipes)
    assert first == second
    assert first != other


def test_the_loss_falls(learnt: Fitted) -> None:
    """From about ln 3, that of a guess, to less than half of it; progress is told on the way."""
    losses = [float(loss) for line in learnt.told for loss in re.findall(r"loss ([\d.]+)", line)]
    assert len(losses) == 3
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < np.log(3) / 2


def test_what_was_learnt_is_known(learnt: Fitted, pieces: Pieces) -> None:
    """Every example gets its kind."""
    examples = small_examples()
    logits = logits_of_prompts(learnt.layers, pieces, [example.prompt for example in examples])
    assert logits.argmax(axis=1).tolist() == [example.kind for example in examples]


def test_what_the_start_says_is_not_changed(learnt: Fitted, start: Start) -> None:
    """Training adds thin matrices; the 4-bit numbers stay those of the package."""
    arrays = arrays_of(learnt.layers, start)
    scales, nibbles = start.matrix(1, ("fo",))
    np.testing.assert_array_equal(arrays["1.narrowed.scales"], scales)
    np.testing.assert_array_equal(arrays["1.narrowed.nibbles"], nibbles)
    assert np.abs(arrays["1.narrowed.up"]).max() > 0


def test_the_router_s_network_says_what_torch_says(
    learnt: Fitted, pieces: Pieces, files: Path
) -> None:
    """Within the rounding to 8 bits, on prompts from empty to longer than what is read."""
    network = Network(files / "layers.npz", files / "graph.onnx")
    expected = logits_of_prompts(learnt.layers, pieces, PROMPTS)
    lengths, apart = [], []
    for prompt, logits in zip(PROMPTS, expected, strict=True):
        facts = np.zeros(len(FACTS), dtype=np.float32)
        facts[list(facts_of(prompt))] = 1
        laid = lay_out(prompt, pieces)
        lengths.append(len(laid))
        apart.append(np.abs(network.logits(pieces.vectors(laid), facts) - logits))
    assert min(lengths) < 10
    assert max(lengths) > 0.9 * MOST_PIECES
    assert np.ptp(expected) > 2
    assert np.max(apart) < FARTHEST * np.ptp(expected)
    assert np.mean(apart) < MEAN * np.ptp(expected)


def test_padding_changes_nothing(learnt: Fitted, pieces: Pieces) -> None:
    """A prompt's logits in training's batches are those that it has alone."""
    together = logits_of_prompts(learnt.layers, pieces, PROMPTS)
    for prompt, logits in zip(PROMPTS, together, strict=True):
        alone = logits_of_prompts(learnt.layers, pieces, [prompt])
        np.testing.assert_allclose(alone[0], logits, rtol=0, atol=1e-4)


def test_the_stage_runs_on_what_was_saved(pieces: Pieces, files: Path, tmp_path: Path) -> None:
    """From three files alone, each example gets its label."""
    save_pieces(pieces, tmp_path / "pieces.bin")
    stage = EncoderStage(
        load_pieces(tmp_path / "pieces.bin"),
        Network(files / "layers.npz", files / "graph.onnx"),
        lambda _prompt: np.zeros(3),
    )
    for example in small_examples():
        assert stage.classify(example.prompt, None).category == example.label


def test_a_graph_of_other_layers_is_refused(learnt: Fitted, start: Start, files: Path) -> None:
    """A graph that wants one layer more than there is cannot be loaded."""
    arrays = arrays_of(learnt.layers, start)
    whole = expanded(arrays)
    more = {f"2{name[1:]}": array for name, array in whole.items() if name.startswith("1.")}
    save_graph(3, whole | more, files / "three.onnx")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        Network(files / "layers.npz", files / "three.onnx")
