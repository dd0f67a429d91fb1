"""The family table: names as people write them, and what follows from them."""

from collections.abc import Mapping
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from router.families import Families, load_families

FAMILIES: Final[Families] = load_families()

NAMES: Final[Mapping[str, str | None]] = {
    # Code Llama: base, Python and Instruct are told apart, in every spelling
    "codellama/CodeLlama-13b-Instruct-hf": "codellama-instruct",
    "codellama:13b-instruct": "codellama-instruct",
    "codellama:7b": "codellama-instruct",
    "codellama": "codellama-instruct",
    "ollama/codellama:7b": "codellama-instruct",
    "TheBloke/CodeLlama-34B-Instruct-GPTQ": "codellama-instruct",
    "codellama/CodeLlama-7b-hf": "codellama",
    "codellama:13b-code-q4_K_M": "codellama",
    "codellama/CodeLlama-34b-Python-hf": "codellama-python",
    "codellama:7b-python": "codellama-python",
    "codellama/CodeLlama-70b-Instruct-hf": "codellama-70b-instruct",
    "phind-codellama:34b-v2": None,
    # DeepSeek Coder
    "deepseek-ai/deepseek-coder-6.7b-instruct": "deepseek-coder-instruct",
    "deepseek-coder:6.7b-base-q4_K_M": "deepseek-coder",
    "deepseek-coder:33b": "deepseek-coder-instruct",
    "deepseek-coder": "deepseek-coder-instruct",
    "deepseek-ai/deepseek-coder-7b-instruct-v1.5": "deepseek-coder-v1.5-instruct",
    "deepseek-ai/DeepSeek-Coder-V2-Lite-Instruct": "deepseek-coder-v2-instruct",
    "bartowski/DeepSeek-Coder-V2-Lite-Instruct-GGUF": "deepseek-coder-v2-instruct",
    "deepseek-coder-v2:16b": "deepseek-coder-v2-instruct",
    "deepseek-ai/DeepSeek-Coder-V2-Base": "deepseek-coder-v2",
    # WizardCoder
    "WizardLM/WizardCoder-Python-34B-V1.0": "wizardcoder",
    "WizardLMTeam/WizardCoder-15B-V1.0": "wizardcoder",
    "wizardcoder:34b-python": "wizardcoder",
    # Qwen
    "Qwen/Qwen2.5-Coder-32B-Instruct-AWQ": "qwen2.5-coder-instruct",
    "Qwen/Qwen2.5-Coder-32B-Instruct": "qwen2.5-coder-instruct",
    "qwen/qwen-2.5-coder-32b-instruct": "qwen2.5-coder-instruct",
    "qwen2.5-coder:7b": "qwen2.5-coder-instruct",
    "qwen2.5-coder:7b-base": "qwen2.5-coder",
    "Qwen/Qwen2.5-Coder-7B": "qwen2.5-coder",
    "qwen2.5-coder:1.5b": "qwen2.5-coder-small-instruct",
    "unsloth/Qwen2.5-Coder-7B-Instruct-bnb-4bit": "qwen2.5-coder-instruct",
    "hf.co/bartowski/Qwen2.5-Coder-7B-Instruct-GGUF:Q4_K_M": "qwen2.5-coder-instruct",
    "/models/qwen2.5-coder-7b-instruct-q4_k_m.gguf": "qwen2.5-coder-instruct",
    "Qwen/Qwen2.5-7B": "qwen2.5",
    "qwen2.5:7b": "qwen2.5-instruct",
    "Qwen/Qwen2.5-VL-7B-Instruct": None,
    "Qwen/Qwen2.5-Math-7B-Instruct": None,
    "Qwen/Qwen2.5-7B-Instruct-1M": None,
    "qwen3-coder:30b": "qwen3-coder",
    "qwen/qwen3-coder:free": "qwen3-coder",
    "Qwen/Qwen3-Coder-480B-A35B-Instruct-FP8": "qwen3-coder",
    "Qwen/Qwen3-8B": "qwen3",
    "qwen3:8b-q8_0": "qwen3",
    "bartowski/Qwen_Qwen3-14B-GGUF": "qwen3",
    "Qwen/Qwen3-8B-Base": "qwen3-base",
    "Qwen/Qwen3-30B-A3B-Instruct-2507": "qwen3-2507",
    "Qwen/Qwen3-VL-8B-Instruct": None,
    "Qwen/Qwen3-Embedding-8B": None,
    # Llama
    "meta-llama/Llama-2-7b-chat-hf": "llama-2-chat",
    "meta-llama/Llama-2-7b-hf": "llama-2",
    "llama2:13b": "llama-2-chat",
    "llama2:13b-text": "llama-2",
    "meta-llama/Meta-Llama-3-8B-Instruct": "llama-3-instruct",
    "meta.llama3-70b-instruct-v1:0": "llama-3-instruct",
    "meta-llama/Llama-3-8b-chat-hf": "llama-3-instruct",
    "meta-llama/Meta-Llama-3-8B": "llama-3",
    "meta-llama/Meta-Llama-3.1-8B-Instruct-Turbo": "llama-3.1-instruct",
    "us.meta.llama3-1-70b-instruct-v1:0": "llama-3.1-instruct",
    "accounts/fireworks/models/llama-v3p1-70b-instruct": "llama-3.1-instruct",
    "llama3.1:8b-instruct-q4_K_M": "llama-3.1-instruct",
    "llama-3.1-8b-instant": "llama-3.1-instruct",
    "llama3.1-8b": None,
    "llama3.2": "llama-3.2-instruct",
    "llama3.2-vision": None,
    "meta-llama/Llama-3.2-11B-Vision-Instruct": None,
    "meta-llama/Llama-3.3-70B-Instruct": "llama-3.3-instruct",
    "llama-3.3-70b-versatile": "llama-3.3-instruct",
    "meta-llama/Llama-4-Scout-17B-16E-Instruct": "llama-4-scout-instruct",
    "meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8": "llama-4-maverick-instruct",
    "deepseek-ai/DeepSeek-R1-Distill-Llama-70B": None,
    "NousResearch/Nous-Hermes-Llama2-13b": None,
    # hosted
    "anthropic/claude-sonnet-4.5": "claude-200k",
    "claude-sonnet-4-5-20250929": "claude-200k",
    "claude-3-5-sonnet-latest": "claude-200k",
    "claude-opus-4-20250514": "claude-200k",
    "us.anthropic.claude-3-5-sonnet-20241022-v2:0": "claude-200k",
    "claude-sonnet-4@20250514": "claude-200k",
    "claude-opus-4-6": "claude",
    "gpt-5-mini": "gpt-5",
    "openai/gpt-4o": "gpt-4o",
    "gpt-4o-2024-08-06": "gpt-4o",
    "gpt-4o-audio-preview": None,
    "gpt-4.1-nano": "gpt-4.1",
    "gpt-4": "gpt-4",
    "gpt-3.5-turbo-instruct": None,
    "gpt-5-codex": None,
    "gpt-oss:20b": "gpt-oss",
    # the rest
    "mistralai/Mistral-7B-Instruct-v0.3": "mistral-7b-instruct",
    "mistralai/Mistral-7B-v0.1": "mistral-7b",
    "mistral": "mistral-7b-instruct",
    "mistral-large-latest": None,
    "mistralai/Mixtral-8x7B-Instruct-v0.1": None,
    "mistralai/Mistral-Small-3.2-24B-Instruct-2506": "mistral-small-3.1",
    "mistralai/Codestral-22B-v0.1": "codestral-22b",
    "codestral-latest": "codestral",
    "mistralai_Devstral-Small-2507-Q4_K_M.gguf": "devstral-small-1",
    "devstral:24b": "devstral",
    "bigcode/starcoder2-15b": "starcoder2",
    "starcoder2:3b": "starcoder2",
    "bigcode/starcoder2-15b-instruct-v0.1": "starcoder2-instruct",
    "ibm-granite/granite-8b-code-instruct-4k": "granite-code-instruct",
    "ibm-granite/granite-3b-code-base-2k": "granite-code",
    "granite-code:8b": "granite-code-instruct",
    "google/gemma-3-27b-it": "gemma-3-it",
    "gemma3:1b": "gemma-3-small-it",
    "google/gemma-3-4b-pt": "gemma-3",
    "google/gemma-2-9b": "gemma-2",
    "google/gemma-3n-E4B-it": None,
    "ggml-org/gemma-3-4b-it-GGUF:Q4_K_M": "gemma-3-it",
    "microsoft/Phi-3-mini-4k-instruct": "phi-3-4k",
    "microsoft/phi-4": "phi-4",
    "phi4-mini": "phi-4-mini",
    "microsoft/Phi-4-multimodal-instruct": None,
    "HuggingFaceTB/SmolLM2-135M-Instruct": "smollm2-instruct",
    "HuggingFaceTB/SmolLM2-1.7B": "smollm2",
    "smollm2:135m": "smollm2-instruct",
    # nothing is claimed of what is not known
    "my-finetune-of-codellama": None,
    "someone/qwen2.5-coder:7b": None,
    "Llama": None,
    "": None,
    "/": None,
    ":": None,
}


@pytest.mark.parametrize(("name", "family"), NAMES.items())
def test_a_model_name_finds_its_family_or_none(name: str, family: str | None) -> None:
    """Hub names, tags, quantisations and providers' prefixes lead to the family that is meant."""
    found = FAMILIES.match(name)
    assert (None if found is None else found.name) == family


def test_base_and_instruct_models_of_one_family_are_told_apart() -> None:
    """The fact that routing rests on: whether a code model follows instructions."""
    tuned = FAMILIES.match("Qwen/Qwen2.5-Coder-7B-Instruct")
    base = FAMILIES.match("Qwen/Qwen2.5-Coder-7B")
    assert tuned is not None
    assert base is not None
    assert (tuned.instruct, tuned.chat, tuned.code) == (True, True, True)
    assert (base.instruct, base.chat, base.code) == (False, False, True)


def test_windows_are_those_of_the_sources() -> None:
    """Code Llama reads 16K tokens, its 70B models are left open, Llama 2 reads 4K."""
    windows = {
        name: family.window
        for name in ("codellama:13b", "codellama:70b", "llama2:7b", "gpt-4o", "deepseek-coder:33b")
        if (family := FAMILIES.match(name)) is not None
    }
    assert windows == {
        "codellama:13b": 16384,
        "codellama:70b": None,
        "llama2:7b": 4096,
        "gpt-4o": 128000,
        "deepseek-coder:33b": 16384,
    }


def test_every_family_has_a_source_and_can_be_named() -> None:
    """A fact without a source is not in the table; each name leads back to its family."""
    for name in FAMILIES.names:
        family = FAMILIES.named(name)
        assert family is not None
        assert family.name == name
        assert family.source
        assert family.capabilities


def test_every_family_is_reached_by_a_name_of_this_table() -> None:
    """No entry of the table is shadowed by one above it or written in vain."""
    untried = {"codellama-70b", "codellama-70b-python", "codegemma", "codegemma-it"}
    untried |= {"deepseek-coder-v1.5", "qwen2.5-coder-small", "qwen2.5-small", "llama-3.1"}
    untried |= {"qwen2.5-small-instruct", "qwen3-small", "llama-3.2", "gpt-3.5-turbo", "gemma-2-it"}
    untried |= {"mistral-small-3", "phi-3-128k", "phi-3.5-mini"}
    more = (
        "codellama/CodeLlama-70b-hf",
        "codellama/CodeLlama-70b-Python-hf",
        "google/codegemma-2b",
        "google/codegemma-7b-it",
        "deepseek-ai/deepseek-coder-7b-base-v1.5",
        "Qwen/Qwen2.5-Coder-3B",
        "Qwen/Qwen2.5-3B",
        "meta-llama/Llama-3.1-8B",
        "qwen2.5:3b",
        "qwen3:0.6b",
        "meta-llama/Llama-3.2-1B",
        "gpt-35-turbo",
        "gemma2:9b",
        "mistralai/Mistral-Small-24B-Instruct-2501",
        "microsoft/Phi-3-medium-128k-instruct",
        "microsoft/Phi-3.5-mini-instruct",
    )
    found = {family.name for name in more if (family := FAMILIES.match(name)) is not None}
    assert found == untried
    assert set(FAMILIES.names) == untried | {name for name in NAMES.values() if name}


@given(st.text(max_size=100))
@example("codellama:7b" + " " * 1000)
def test_any_text_can_be_asked_for(name: str) -> None:
    """Names come from people; no text raises."""
    FAMILIES.match(name)
