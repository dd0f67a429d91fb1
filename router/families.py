"""Facts of model families, matched by the names that people really use.

In: `families.yaml` beside this file, and a model's name. Out: the `Family` it belongs to, or None.
Never: a guess. A name with a word that the table does not know (a fine-tune, a merge, a variant)
matches nothing, so that nothing is claimed of it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from router.closed_sets import Capability
from router.yaml_source import load, read_bytes

_FILE: Final = Path(__file__).with_name("families.yaml")
_MAX_NAME: Final = 300

_VENDOR: Final = re.compile(
    r"^(?:(?:us|eu|apac|global)\.)?"
    r"(?:(?:anthropic|meta|mistral|openai|qwen|deepseek)\."
    r"|(?:meta-llama|codellama|mistralai|google|microsoft|ibm-granite|deepseek-ai|qwen|openai"
    r"|wizardlm|wizardlmteam|bigcode|huggingfacetb|anthropic)_)"
)
"""What stands before the model in Bedrock's ids (`us.anthropic.claude-…`) and in the repository
names of those who quantise (`Qwen_Qwen3-8B-GGUF`)."""

_GATEWAY: Final = re.compile(r"^(?:ollama|ollama_chat|hf\.co|huggingface\.co)/")
_OWNER: Final = re.compile(r"[a-z0-9][a-z0-9._-]*")
_ENDING: Final = re.compile(r"(?:-\d{5}-of-\d{5})?\.(?:gguf|bin|safetensors)$")
_SERVICE_TAGS: Final = frozenset({"free", "thinking", "nitro", "floor", "extended", "beta"})
"""OpenRouter writes these behind a colon; they are no tags of Ollama's."""

_SIZE: Final = re.compile(r"(?:\d+x)?\d+(?:\.\d+)?[bm]")
_PACKAGING: Final = re.compile(
    r"a\d+(?:\.\d+)?b|\d+e"  # active parameters, experts
    r"|i?q\d|[ksml01]|x?xs|xl|nl|ud|i1|imat|imatrix"  # llama.cpp's quantisations: Q4_K_M, IQ3_XXS
    r"|gguf|ggml|awq|gptq|exl[23]|mlx|hf|onnx|bnb|unsloth|quantized|dynamic|qat|autoround"
    r"|bf16|fp?(?:4|8|16|32)|nf4|nvfp4|mxfp4|int[48]|[48]-?bit|\d(?:\.\d+)?bpw|w\d+a\d+"
    r"|latest|free|v\d+(?:\.\d+)*|\d{1,2}|\d{8}|20[12]\d|maas"  # versions and dates
)
"""Words that say how a model is packed and dated, not which it is."""


@dataclass(frozen=True, slots=True)
class Family:
    """What is known of a family of models."""

    name: str
    window: int | None
    """The longest context in tokens; None where unknown or different by size."""
    capabilities: Mapping[Capability, bool]
    """Known yes and known no; what is missing is unknown."""
    source: str
    """Where the facts come from: a model card or paper by name."""

    @property
    def instruct(self) -> bool | None:
        """Whether it is tuned to follow instructions."""
        return self.capabilities.get("instruct")

    @property
    def chat(self) -> bool | None:
        """Whether it is tuned to converse."""
        return self.capabilities.get("chat")

    @property
    def code(self) -> bool | None:
        """Whether it is specialised in code."""
        return self.capabilities.get("code")


@dataclass(frozen=True, slots=True)
class _Pattern:
    """How the names of one family look."""

    stem: re.Pattern[str]
    words: frozenset[str]
    """Of these at least one stands in the name, beside sizes and packaging …"""
    bare: str
    """… or none, where a name of this kind (`hub`, `tag` or `any`) means this family without one;
    empty: never."""
    sizes: frozenset[str]
    """A size in the name is one of these; empty: any."""
    family: Family


@dataclass(frozen=True, slots=True)
class Families:
    """The table of families."""

    patterns: tuple[_Pattern, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names that a policy may give in `family`."""
        return tuple(dict.fromkeys(pattern.family.name for pattern in self.patterns))

    def named(self, name: str) -> Family | None:
        """Return the family of that name."""
        return next((p.family for p in self.patterns if p.family.name == name), None)

    def match(self, model_name: str) -> Family | None:
        """Return the family that a model of this name belongs to; None where that is not sure."""
        if len(model_name) > _MAX_NAME:
            return None
        kind, name = _normal(model_name)
        return next((p.family for p in self.patterns if _matches(p, kind, name)), None)


def load_families() -> Families:
    """Read the table that comes with the package."""
    document = load(read_bytes(_FILE), _FILE.name)
    return Families(tuple(_pattern(entry) for entry in document.data["families"]))


def _pattern(entry: Mapping[str, Any]) -> _Pattern:
    return _Pattern(
        stem=re.compile(entry["stem"]),
        words=frozenset(entry.get("words", ())),
        bare=entry.get("bare", ""),
        sizes=frozenset(entry.get("sizes", ())),
        family=Family(
            name=entry["name"],
            window=entry.get("window"),
            capabilities=MappingProxyType(dict(entry["capabilities"])),
            source=entry["source"],
        ),
    )


def _normal(model_name: str) -> tuple[str, str]:
    """Return a name's kind and its last segment, in lower case, with `-` between the words.

    The kind says what a name without a telling word means: `hub` (a repository,
    `codellama/CodeLlama-13b-hf`) the base model, `tag` (a short name of Ollama's library or a
    provider's, `codellama:13b`, `deepseek-coder`) mostly the instruct model. A name of another kind
    (a file's, a gateway's path) does not tell.
    """
    name = _GATEWAY.sub("", model_name.strip().lower())
    owner, slash, last = name.rpartition("/")
    last = _ENDING.sub("", _VENDOR.sub("", last))
    stem, colon, tag = last.partition(":")
    if tag in _SERVICE_TAGS:
        last, colon = stem, ""
    plain = re.sub(r"[^a-z0-9.]+", "-", last).strip("-")
    sized = any(_SIZE.fullmatch(word) for word in plain.split("-"))
    if slash:
        kind = "hub" if _OWNER.fullmatch(owner) and not colon else "other"
    else:
        kind = "tag" if colon or not sized else "other"
    return kind, plain


def _matches(pattern: _Pattern, kind: str, name: str) -> bool:
    stem = pattern.stem.match(name)
    if stem is None:
        return False
    rest = name[stem.end() :]
    if rest and not rest.startswith("-"):
        return False
    words = set(rest.split("-")) - {""}
    sizes = {word for word in words if _SIZE.fullmatch(word)}
    if pattern.sizes and not sizes <= pattern.sizes:
        return False
    telling = {word for word in words - sizes if not _PACKAGING.fullmatch(word)}
    return telling <= pattern.words if telling else pattern.bare in (kind, "any")
