"""From labelled rows to a trained encoder: joins reading and training.

In: rows' examples and hands to leave out. Out: the encoder's three files. Never: a hand
that was left out in what is learnt.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from router.assay.training_run import examples_of, own_rows
from router.classification.encoder.expansion import Blend, expanded, save_layers
from router.classification.encoder.network import Network
from router.classification.encoder.pieces_file import load_pieces, save_pieces
from router.classification.stages.encoder import EncoderStage
from router.classification.stages.linear import LinearStage
from router.classification.training.calibration import fit_temperature
from router.classification.training.encoder.export import save_graph
from router.classification.training.encoder.fitting import EncoderRecipe, fit_layers
from router.classification.training.encoder.layers import arrays_of
from router.classification.training.encoder.start import read_start
from router.classification.training.encoder.vocabulary import chosen_vocabulary
from router.classification.training.example import Example
from router.classification.training.trainer import train

SHARE: Final = 0.5
"""The encoder's part in the blend; see the model card for others that were tried."""


@dataclass(frozen=True, slots=True)
class EncoderFiles:
    """Where the encoder's files go."""

    pieces: Path
    layers: Path
    graph: Path


def train_encoder(
    public: Sequence[Example],
    left_out: frozenset[str],
    files: EncoderFiles,
    told: Callable[[str], None],
    recipe: EncoderRecipe,
) -> None:
    """Train the encoder on public examples and the project's own, and write its files."""
    own = [example for example in examples_of(own_rows()) if example.source not in left_out]
    examples = [*public, *own]
    told(f"training on {len(examples)} rows, {len(own)} of them the project's own")
    start = read_start()
    pieces = chosen_vocabulary(start, [example.prompt for example in examples])
    save_pieces(pieces, files.pieces)
    arrays = arrays_of(fit_layers(start, pieces, examples, recipe, told), start)
    save_layers(arrays, Blend(SHARE, temperature=1.0), files.layers)
    save_graph(recipe.layers, expanded(arrays), files.graph)
    if left_out:
        told("calibrating on what was left out")
        blend = fitted_blend(public, left_out, files)
        save_layers(arrays, blend, files.layers)
        told(f"temperature {blend.temperature}")


def fitted_blend(public: Sequence[Example], left_out: frozenset[str], files: EncoderFiles) -> Blend:
    """Fit the temperature of both stages' blend on hands that neither has learnt from."""
    own = examples_of(own_rows())
    learnt = [*public, *(example for example in own if example.source not in left_out)]
    words = LinearStage(train(learnt).weights)
    network = Network(files.layers, files.graph)
    stage = EncoderStage(load_pieces(files.pieces), network, words.logits)
    tested = [example for example in own if example.source in left_out]
    logits = np.array([stage.logits(example.prompt) for example in tested])
    kinds = np.array([example.kind for example in tested])
    return Blend(SHARE, round(network.blend.temperature * fit_temperature(logits, kinds), 4))
