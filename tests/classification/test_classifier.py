"""The classifier as shipped, and the order of its stages."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.categories import (
    CATEGORIES,
    CODE_EDIT,
    CODE_GENERATION,
    GENERAL_INSTRUCT,
    MULTI_TURN_CHAT,
)
from router.classification.classifier import Classifier, load_classifier
from router.classification.stages.declared import DeclaredStage
from router.classification.stages.stage import Weighed, certain
from router.classification.stages.structure import StructureStage
from router.request import read_body, read_prompt
from router.types import ChatRequest, Classification, Prompt


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    """Return the classifier with the shipped weights."""
    return load_classifier()


def prompt_of(*turns: str, **body: Any) -> Prompt:
    """Read a conversation in which user and assistant take turns, the user first."""
    messages = [
        {"role": "assistant" if at % 2 else "user", "content": turn}
        for at, turn in enumerate(turns)
    ]
    return read_prompt(read_body(json.dumps({**body, "messages": messages}).encode()))


_SQUARE = "```python\ndef square(x):\n    return x * x\n```"
_EXPECTED: dict[str, tuple[Sequence[str], str]] = {
    "a summary": (["Sum up the plot of Hamlet in four sentences."], GENERAL_INSTRUCT),
    "a concept": (["What is the difference between a process and a thread?"], GENERAL_INSTRUCT),
    "a translation": (
        ["Übersetze ins Englische: Der Zug kommt heute später an."],
        GENERAL_INSTRUCT,
    ),
    "Chinese advice": (["请给我三条提高睡眠质量的建议。"], GENERAL_INSTRUCT),
    "a follow-up": (
        [
            "Plan two days in Lisbon",
            "Day one: Alfama. Day two: Belém.",
            "Can you swap the two days?",
        ],
        MULTI_TURN_CHAT,
    ),
    "thanks after code": (
        ["Write a function that squares a number", _SQUARE, "Thanks, that was very helpful!"],
        MULTI_TURN_CHAT,
    ),
    "a function": (
        ["Write a Python function that removes duplicates from a list"],
        CODE_GENERATION,
    ),
    "a query": (
        ["SQL query that lists the ten best paid employees by department"],
        CODE_GENERATION,
    ),
    "a regex": (["regex to match an IPv4 address"], CODE_GENERATION),
    "Chinese code": (["用 Java 写一个二分查找函数"], CODE_GENERATION),
    "a repair": (
        [f"This returns the wrong result for negative numbers, please fix it:\n{_SQUARE}"],
        CODE_EDIT,
    ),
    "type hints": ([f"Add type hints and a docstring.\n\n{_SQUARE}"], CODE_EDIT),
    "a later change": (
        ["Write a function that squares a number", _SQUARE, "Now rename it and handle None"],
        CODE_EDIT,
    ),
    "unfenced": (
        ["refactor this\n\nfor i in range(len(a)):\n    b.append(a[i])\nprint(b)\n"],
        CODE_EDIT,
    ),
}


@pytest.mark.parametrize("name", _EXPECTED)
def test_plain_prompts_are_what_they_are(classifier: Classifier, name: str) -> None:
    """One of each kind that people send daily."""
    turns, category = _EXPECTED[name]
    assert classifier.classify(prompt_of(*turns)).category == category


def test_tools_and_system_prompts_are_no_evidence(classifier: Classifier) -> None:
    """A coding agent's user may ask about the weather."""
    ask = "What will the weather be like in Bergen tomorrow?"
    plain = classifier.classify(prompt_of(ask))
    tools = [{"type": "function", "function": {"name": "edit_file"}}]
    body = {
        "tools": tools,
        "messages": [
            {"role": "system", "content": "You are a coding agent. Write code. Fix bugs."},
            {"role": "user", "content": ask},
        ],
    }
    agent = classifier.classify(read_prompt(read_body(json.dumps(body).encode())))
    assert agent.category == plain.category == GENERAL_INSTRUCT
    assert agent.probabilities == plain.probabilities


def test_going_on_is_classified_by_what_goes_on(classifier: Classifier) -> None:
    """The task of the conversation, not of the word."""
    ask = f"Fix the bug in this function:\n{_SQUARE}"
    answer = "I see two problems. Shall I repair both?"
    assert classifier.classify(prompt_of(ask, answer, "yes please")).category == CODE_EDIT


@pytest.mark.parametrize("category", CATEGORIES)
def test_a_declared_category_outranks_everything(classifier: Classifier, category: str) -> None:
    """Even infill; with full confidence."""
    verdict = classifier.classify(Prompt("Fix this", infill=True), category)
    assert (verdict.category, verdict.confidence, verdict.stage) == (category, 1.0, "declared")
    assert dict(verdict.probabilities) == dict(certain(category))


def test_an_unknown_declared_category_counts_as_none(classifier: Classifier) -> None:
    """Refusing it is another room's trade."""
    assert classifier.classify(Prompt("What is rain?"), "poetry").stage == "linear"


def test_infill_is_code_generation_by_structure(classifier: Classifier) -> None:
    """Whatever the words say."""
    verdict = classifier.classify(Prompt("Dear Ann, thank you for", infill=True))
    assert (verdict.category, verdict.stage, verdict.fact) == (
        CODE_GENERATION,
        "structure",
        "infill",
    )


def test_the_first_sure_stage_wins() -> None:
    """Later stages are not asked."""

    class Never:
        name = "never"

        def classify(self, prompt: Prompt, declared: str | None) -> Classification | None:
            raise AssertionError((prompt, declared))

        def weigh(self, prompt: Prompt) -> tuple[Weighed, ...]:
            raise AssertionError(prompt)

    stages = (DeclaredStage(), StructureStage(), Never())
    assert Classifier(stages).classify(Prompt("x"), CODE_EDIT).stage == "declared"


def test_without_a_sure_stage_all_categories_are_equally_likely() -> None:
    """So that a policy abstains."""
    verdict = Classifier([DeclaredStage()]).classify(Prompt("x"))
    assert verdict.stage == "none"
    assert verdict.confidence == 0.25
    assert Classifier([]).explain(Prompt("x")).weighed == ()


def test_not_code_is_split_by_the_conversation_alone(classifier: Classifier) -> None:
    """With an assistant message the one is impossible, without it the other."""
    single = classifier.classify(Prompt("hello")).probabilities
    chat = classifier.classify(Prompt("hello", has_assistant=True)).probabilities
    assert single[MULTI_TURN_CHAT] == chat[GENERAL_INSTRUCT] == 0.0


def test_an_explanation_names_the_words_that_weighed(classifier: Classifier) -> None:
    """For and against, strongest first, and the same verdict as without it."""
    prompt = prompt_of("Write a Python function that sorts names")
    explanation = classifier.explain(prompt)
    verdict = classifier.classify(prompt)
    assert (explanation.category, explanation.probabilities) == (
        verdict.category,
        verdict.probabilities,
    )
    features = [weighed.feature for weighed in explanation.weighed]
    assert any("function" in feature for feature in features)
    assert 0 < len(features) <= 10
    sizes = [abs(weighed.weight) for weighed in explanation.weighed]
    assert sizes == sorted(sizes, reverse=True)
    assert {weighed.category for weighed in explanation.weighed} <= set(CATEGORIES)


_SHIPPED = load_classifier()
_TEXT = st.text(max_size=200) | st.text(alphabet="\ud800\udfffİßﬁ가あ字\x00 \n`<>", max_size=60)
_PROMPTS = st.builds(
    Prompt,
    ask=_TEXT,
    code=_TEXT,
    previous_ask=_TEXT,
    previous_answer=_TEXT,
    has_assistant=st.booleans(),
    history_has_code=st.booleans(),
    answer_has_code=st.booleans(),
    carried=st.booleans(),
    code_first=st.booleans(),
)


@settings(max_examples=300, deadline=None)
@given(_PROMPTS)
def test_any_prompt_has_four_probabilities_that_add_up_to_one(prompt: Prompt) -> None:
    """Whatever characters it is made of; and an explanation."""
    verdict = _SHIPPED.classify(prompt)
    assert list(verdict.probabilities) == list(CATEGORIES)
    assert sum(verdict.probabilities.values()) == pytest.approx(1)
    assert verdict.confidence == max(verdict.probabilities.values())
    assert _SHIPPED.explain(prompt).category == verdict.category


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"messages": None},
        {"messages": "hi"},
        {"messages": [None, 1, "x", [], {}]},
        {"messages": [{"role": ["user"], "content": {"text": "x"}}]},
        {"messages": [{"role": "user", "content": [[["x"]]]}]},
        {"messages": [{"role": "user", "content": None}]},
        {"messages": [{"role": "user", "content": "\ud800 \x00"}]},
        {"messages": [{"role": "user", "content": [{"type": ["text"], "text": "x"}]}]},
        {"messages": [{"role": "user", "content": ""}], "tools": "x"},
        {"prompt": ["a", 1], "suffix": 3},
    ],
)
def test_odd_shapes_are_classified(classifier: Classifier, body: dict[str, Any]) -> None:
    """As what they most likely are; never an error."""
    request = ChatRequest(raw=b"", body=body, model=None, stream=False)
    assert classifier.classify(read_prompt(request)).category in CATEGORIES
