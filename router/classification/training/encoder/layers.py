"""The encoder's layers in torch, for training.

In: the weights to start from. Out: a module, and its arrays. Never: imported by the router; a
change to the weights that it starts from.

Matrices keep the 4-bit numbers that they start with; what training adds to each is a product of two
thin matrices (low-rank adaptation: Hu et al., ICLR 2022, section 4.1). So the file that is shipped
holds 4-bit numbers and thin matrices, and nothing is rounded after training but these.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from router.classification.encoder.blocks import unpacked
from router.classification.encoder.expansion import ADAPTER_SCALE, HEADS, MATRICES
from router.classification.encoder.layout import MOST_PIECES
from router.classification.encoder.pieces import WIDTH
from router.classification.facts import FACTS
from router.classification.training.encoder.start import EPSILON, Start

KINDS: Final = 3


class Adapted(nn.Module):
    """A matrix that stays as it is, and what training adds to it."""

    def __init__(self, weight: Tensor, bias: Tensor, rank: int) -> None:
        super().__init__()
        outputs, inputs = weight.shape
        self.register_buffer("weight", weight)
        self.bias = nn.Parameter(bias)
        self.down = nn.Parameter(torch.randn(rank, inputs) / inputs**0.5)
        self.up = nn.Parameter(torch.zeros(outputs, rank))

    def forward(self, states: Tensor) -> Tensor:
        """Return the product with both, plus the bias."""
        added = functional.linear(functional.linear(states, self.down), self.up)
        return functional.linear(states, self.weight, self.bias) + ADAPTER_SCALE * added


class Layer(nn.Module):
    """One transformer layer, normalised after each part (as BERT: Devlin et al., 2019)."""

    def __init__(self, start: Start, number: int, rank: int) -> None:
        super().__init__()
        for ours, theirs in MATRICES.items():
            weight = torch.tensor(unpacked(*start.matrix(number, theirs)))
            setattr(self, ours, Adapted(weight, torch.tensor(start.bias(number, theirs)), rank))
        self.first_norm = _norm(start, f"l{number}.aln")
        self.second_norm = _norm(start, f"l{number}.oln")

    def forward(self, states: Tensor, mask: Tensor, dropout: float) -> Tensor:
        """Return the next states; all of shape (prompts, pieces, `WIDTH`)."""
        prompts, pieces, _ = states.shape
        split = self.attention(states).view(prompts, pieces, 3, HEADS, WIDTH // HEADS)
        asked, keys, values = split.permute(2, 0, 3, 1, 4).unbind(0)
        seen = functional.scaled_dot_product_attention(asked, keys, values, attn_mask=mask)
        joined = self.joined(seen.transpose(1, 2).reshape(prompts, pieces, WIDTH))
        states = self.first_norm(states + functional.dropout(joined, dropout, self.training))
        inner = self.narrowed(functional.gelu(self.widened(states)))
        out: Tensor = self.second_norm(states + functional.dropout(inner, dropout, self.training))
        return out


class Layers(nn.Module):
    """All layers with the positions before and the verdict after them."""

    def __init__(self, start: Start, layers: int, rank: int) -> None:
        """Start from the first `layers` layers, with adapters of rank `rank`."""
        super().__init__()
        self.register_buffer("positions", torch.tensor(start.positions(MOST_PIECES)))
        self.norm = _norm(start, "emb.ln")
        self.layers = nn.ModuleList(Layer(start, number, rank) for number in range(layers))
        self.verdict = nn.Linear(WIDTH + len(FACTS), KINDS)

    def forward(self, vectors: Tensor, facts: Tensor, present: Tensor, dropout: float) -> Tensor:
        """Return logits.

        Args:
            vectors: Shape (prompts, pieces, `WIDTH`).
            facts: Shape (prompts, number of facts).
            present: True where a piece is, False where padding.
            dropout: The share of numbers dropped in training.
        """
        states = self.norm(vectors + self.positions[: vectors.shape[1]])
        states = functional.dropout(states, dropout, self.training)
        for layer in self.layers:
            states = layer(states, present[:, None, None, :], dropout)
        mean = (states * present[..., None]).sum(1) / present.sum(1, keepdim=True)
        logits: Tensor = self.verdict(torch.cat([mean, facts], 1))
        return logits


def arrays_of(layers: Layers, start: Start) -> dict[str, NDArray[Any]]:
    """Return all that the router needs of fitted layers, by the names that it expects."""
    found: dict[str, NDArray[Any]] = {
        "positions": layers.positions.numpy().astype(np.float16),
        "verdict.weight": _array(layers.verdict.weight),
        "verdict.bias": _array(layers.verdict.bias),
        **_norm_arrays("norm", layers.norm),
    }
    for number, layer in enumerate(layers.layers):
        for ours, theirs in MATRICES.items():
            name = f"{number}.{ours}"
            matrix = getattr(layer, ours)
            found[f"{name}.scales"], found[f"{name}.nibbles"] = start.matrix(number, theirs)
            found[f"{name}.down"] = _array(matrix.down).astype(np.float16)
            found[f"{name}.up"] = _array(matrix.up).astype(np.float16)
            found[f"{name}.bias"] = _array(matrix.bias)
        found |= _norm_arrays(f"{number}.first_norm", layer.first_norm)
        found |= _norm_arrays(f"{number}.second_norm", layer.second_norm)
    return found


def _norm_arrays(name: str, norm: nn.LayerNorm) -> Mapping[str, NDArray[Any]]:
    """Return the weights of a normalisation by name."""
    return {f"{name}.weight": _array(norm.weight), f"{name}.bias": _array(norm.bias)}


def _array(tensor: Tensor) -> NDArray[Any]:
    """Return a tensor's numbers."""
    array: NDArray[Any] = tensor.detach().numpy().copy()
    return array


def _norm(start: Start, name: str) -> nn.LayerNorm:
    """Return a normalisation with the weights to start from."""
    norm = nn.LayerNorm(WIDTH, eps=EPSILON)
    with torch.no_grad():
        norm.weight.copy_(torch.tensor(start.tensors[f"{name}.w"]))
        norm.bias.copy_(torch.tensor(start.tensors[f"{name}.b"]))
    return norm
