"""The README taken apart.

In: README.md. Out: its fenced blocks and the commands in them. Never: a block that no test knows.
"""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8900"
"""Where the README's demo listens."""

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    language: str
    text: str


BLOCKS = tuple(Block(found[1], found[2]) for found in _BLOCK.finditer(README))


def commands() -> list[str]:
    """Return every command of the README's shell blocks, continued lines joined."""
    shell = [block.text for block in BLOCKS if block.language == "bash"]
    return [line for text in shell for line in text.replace("\\\n", "").splitlines() if line]


def command(beginning: str) -> str:
    """Return the one command that begins so."""
    (found,) = [each for each in commands() if each.startswith(beginning)]
    return found


def block(language: str, word: str) -> str:
    """Return the one block of a language that has a word in it."""
    (found,) = [each.text for each in BLOCKS if each.language == language and word in each.text]
    return found
