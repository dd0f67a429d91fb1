"""Small labelled prompts for tests: enough to tell four categories apart, too few to be good."""

from router.categories import CODE_EDIT, CODE_GENERATION, GENERAL_INSTRUCT, MULTI_TURN_CHAT
from router.classification.training.example import Example
from router.types import Prompt

_NOT_CODE = (
    "Summarise this letter in two lines",
    "Translate the menu into Danish",
    "What causes tides?",
    "Write a toast for my aunt's birthday",
    "List five uses of vinegar",
    "Who painted the ceiling of the Sistine Chapel?",
)
_GENERATION = (
    "Write a function that counts vowels",
    "Give me a regex for dates",
    "Create a shell script that backs up a folder",
    "SQL query for the three best customers",
    "Implement a queue in Rust",
    "Write pytest tests for a parser",
)
_EDIT = (
    "Fix this function",
    "Refactor the loop into a comprehension",
    "Add type hints to this code",
    "Why does this crash?",
    "Port this class to Kotlin",
    "Make this faster",
)


def small_examples() -> list[Example]:
    """Return 24 examples from four made-up sources."""
    examples = []
    for at, ask in enumerate(_NOT_CODE):
        source = f"made-up {at % 4}"
        examples.append(Example(Prompt(ask), GENERAL_INSTRUCT, source))
        examples.append(Example(Prompt(ask, has_assistant=True), MULTI_TURN_CHAT, source))
    for at, ask in enumerate(_GENERATION):
        examples.append(Example(Prompt(ask), CODE_GENERATION, f"made-up {at % 4}"))
    for at, ask in enumerate(_EDIT):
        prompt = Prompt(ask, code="def f(x):\n    return x")
        examples.append(Example(prompt, CODE_EDIT, f"made-up {at % 4}"))
    return examples
