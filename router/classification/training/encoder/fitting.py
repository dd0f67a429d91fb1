"""Fitting the encoder.

In: examples, a vocabulary, the layers to start from. Out: fitted layers, logits. Never: chance that
is not drawn from a fixed seed, or a look at examples that are not given.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from router.classification.encoder.layout import lay_out
from router.classification.encoder.pieces import WIDTH, Pieces
from router.classification.facts import FACTS, facts_of
from router.classification.training.augmentation import varied
from router.classification.training.encoder.layers import KINDS, Layers
from router.classification.training.encoder.start import LAYERS, Start
from router.classification.training.example import Example
from router.classification.training.trainer import drawn
from router.types import Prompt

_BLOCK: Final = 16
"""Batches whose prompts are sorted by length together, to save padding."""
_REPORTED: Final = 20
_TESTED_AT_ONCE: Final = 64


@dataclass(frozen=True, slots=True)
class EncoderRecipe:
    """How to fit. The defaults are what won on hands that were not trained on."""

    layers: int = LAYERS
    rank: int = 16
    """Of what training adds to each matrix."""
    epochs: int = 2
    batch: int = 32
    most_of_a_group: int = 300
    """Rows of one group of public sources that an epoch sees, drawn anew for each."""
    rate: float = 8e-4
    """AdamW's largest step size (Loshchilov and Hutter, ICLR 2019), for the layers."""
    verdict_rate: float = 2e-3
    """The same for the last, linear layer."""
    decay: float = 0.01
    warm_up: float = 0.1
    """The share of steps in which the step size grows; then it falls in a straight line."""
    smoothing: float = 0.05
    """Of the labels (Szegedy et al., CVPR 2016, section 7)."""
    dropout: float = 0.1
    framed: float = 0.06
    """The share of prompts that are put between greetings and thanks."""
    seed: int = 20_240_229


@dataclass(frozen=True, slots=True)
class _Laid:
    """A prompt as the encoder reads it."""

    pieces: list[int]
    facts: tuple[int, ...]
    kind: int


def fit_layers(
    start: Start,
    pieces: Pieces,
    examples: Sequence[Example],
    recipe: EncoderRecipe,
    told: Callable[[str], None],
) -> Layers:
    """Fit layers to examples.

    Args:
        start: The weights to start from.
        pieces: The vocabulary.
        examples: Each is seen once an epoch, varied.
        recipe: How.
        told: Hears of progress.
    """
    torch.manual_seed(recipe.seed)
    torch.use_deterministic_algorithms(mode=True)
    chance = np.random.default_rng(recipe.seed)
    layers = Layers(start, recipe.layers, recipe.rank)
    verdict = list(layers.verdict.parameters())
    others = [p for n, p in layers.named_parameters() if not n.startswith("verdict")]
    optimiser = torch.optim.AdamW(
        [
            {"params": others, "lr": recipe.rate},
            {"params": verdict, "lr": recipe.verdict_rate},
        ],
        weight_decay=recipe.decay,
    )
    an_epoch = len(drawn(examples, recipe.most_of_a_group, np.random.default_rng(recipe.seed)))
    total = recipe.epochs * -(-an_epoch // recipe.batch)

    def pace(step: int) -> float:
        grown = (step + 1) / (recipe.warm_up * total)
        return max(0.02, min(1.0, grown, (1 - step / total) / (1 - recipe.warm_up)))

    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, pace)
    step, mean_loss = 0, 0.0
    layers.train()
    for _ in range(recipe.epochs):
        seen = [examples[place] for place in drawn(examples, recipe.most_of_a_group, chance)]
        laid = [_laid(varied(e.prompt, chance, recipe.framed), e.kind, pieces) for e in seen]
        for batch in _batches(laid, recipe.batch, chance):
            vectors, facts, present = _tensors(batch, pieces)
            logits = layers(vectors, facts, present, recipe.dropout)
            kinds = torch.tensor([one.kind for one in batch])
            loss = functional.cross_entropy(logits, kinds, label_smoothing=recipe.smoothing)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(layers.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            step += 1
            mean_loss += (loss.item() - mean_loss) / min(step, 50)
            if step % _REPORTED == 0:
                told(f"step {step} of {total}, loss {mean_loss:.3f}")
    layers.eval()
    return layers


def logits_of_prompts(
    layers: Layers, pieces: Pieces, prompts: Sequence[Prompt]
) -> NDArray[np.float64]:
    """Return the logits of the three kinds, shape (prompts, 3)."""
    out = np.zeros((len(prompts), KINDS))
    laid = [_laid(prompt, 0, pieces) for prompt in prompts]
    order = sorted(range(len(laid)), key=lambda at: len(laid[at].pieces))
    with torch.inference_mode():
        for at in range(0, len(order), _TESTED_AT_ONCE):
            places = order[at : at + _TESTED_AT_ONCE]
            vectors, facts, present = _tensors([laid[place] for place in places], pieces)
            out[places] = layers(vectors, facts, present, 0.0).numpy()
    return out


def _laid(prompt: Prompt, kind: int, pieces: Pieces) -> _Laid:
    """Lay a prompt out."""
    return _Laid(lay_out(prompt, pieces), facts_of(prompt), kind)


def _batches(laid: Sequence[_Laid], size: int, chance: np.random.Generator) -> list[list[_Laid]]:
    """Deal examples into batches of prompts of like length, in random order."""
    order = [laid[at] for at in chance.permutation(len(laid)).tolist()]
    batches = []
    for at in range(0, len(order), size * _BLOCK):
        block = sorted(order[at : at + size * _BLOCK], key=lambda one: len(one.pieces))
        batches += [block[start : start + size] for start in range(0, len(block), size)]
    return [batches[at] for at in chance.permutation(len(batches)).tolist()]


def _tensors(batch: Sequence[_Laid], pieces: Pieces) -> tuple[Tensor, Tensor, Tensor]:
    """Return vectors, facts and which pieces are there, padded to the longest prompt."""
    longest = max(len(one.pieces) for one in batch)
    vectors = np.zeros((len(batch), longest, WIDTH), dtype=np.float32)
    present = np.zeros((len(batch), longest), dtype=np.bool_)
    facts = np.zeros((len(batch), len(FACTS)), dtype=np.float32)
    for row, one in enumerate(batch):
        vectors[row, : len(one.pieces)] = pieces.vectors(one.pieces)
        present[row, : len(one.pieces)] = True
        facts[row, list(one.facts)] = 1
    return torch.from_numpy(vectors), torch.from_numpy(facts), torch.from_numpy(present)
