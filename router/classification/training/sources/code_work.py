"""The formats of sources that are about code.

In: a record. Out: drafts of rows, or why there are none. Never: a look at the record's neighbours.

Where the fields of a format were looked up stands with each function. A source that has code but
no words around it is put together with the project's own phrases, in turns by the record's number.
"""

import re
from collections.abc import Iterator
from typing import Final

from router.categories import CODE_EDIT, CODE_GENERATION, GENERAL_INSTRUCT, MULTI_TURN_CHAT
from router.classification.training.sources import phrases
from router.classification.training.sources.licenses import is_permissive
from router.classification.training.sources.phrases import turn_of
from router.classification.training.sources.records import Draft, LeftOut, Record, fields_of

NOTHING_BEFORE: Final = LeftOut("a commit that adds a file: there was nothing to change")
NOT_PERMISSIVE: Final = LeftOut("a file whose licence is not known to be permissive")

_AFTER_CODE: Final = ("composed", "multi-turn-code-history")
_MARKS: Final = re.compile("`+")
_FENCES: Final = {"cpp": "cpp", "js": "javascript", "javascript": "javascript", "python3": "python"}


def mbpp(record: Record) -> Iterator[Draft]:
    """Make a wish for a function, and a follow-up on its solution, of an MBPP problem.

    Format: google-research/google-research, `mbpp/mbpp.jsonl`: `text` (the problem in words),
    `code` (its solution in Python), `task_id`, `test_list`.
    """
    fields = fields_of(record.value)
    ask, code = fields.text("text"), fields.text("code")
    yield Draft(CODE_GENERATION, (("user", ask),))
    history = (("user", ask), ("assistant", _fenced(code, "python")))
    if record.index % 2:
        last = turn_of(phrases.TALK_FOLLOW_UPS, record.index // 2)
        yield Draft(MULTI_TURN_CHAT, (*history, ("user", last)), _AFTER_CODE)
    else:
        last = turn_of(phrases.CHANGE_FOLLOW_UPS, record.index // 2)
        yield Draft(CODE_EDIT, (*history, ("user", last)), _AFTER_CODE)


def humanevalpack(record: Record) -> Iterator[Draft]:
    """Make five asks of a HumanEvalPack problem: write, complete, repair, test, explain.

    Format: bigcode-project/octopack, `evaluation/create/humaneval-x/data/*/data/
    humanevalpack.jsonl`: `task_id` (`Python/0`), `prompt` (a stub with its docstring),
    `declaration` (without it), `canonical_solution` and `buggy_solution` (bodies),
    `instruction` (the problem in words).
    """
    fields = fields_of(record.value)
    language = fields.text("task_id").partition("/")[0].lower()
    declaration = fields.text("declaration")
    right = _fenced(declaration + fields.text("canonical_solution"), language)
    wrong = _fenced(declaration + fields.text("buggy_solution"), language)
    stub = turn_of(phrases.STUB_ASKS, record.index).format(fields.text("prompt"))
    yield Draft(CODE_GENERATION, (("user", fields.text("instruction")),))
    yield Draft(CODE_GENERATION, (("user", stub),), ("composed", "code-in-prompt"))
    repair = _beside(turn_of(phrases.FIX_ASKS, record.index), wrong, record.index)
    yield Draft(CODE_EDIT, (("user", repair),), ("composed",))
    test = _beside(turn_of(phrases.TEST_ASKS, record.index), right, record.index)
    yield Draft(CODE_GENERATION, (("user", test),), ("composed", "code-in-prompt"))
    explain = _beside(turn_of(phrases.EXPLAIN_ASKS, record.index), right, record.index)
    yield Draft(GENERAL_INSTRUCT, (("user", explain),), ("composed", "code-in-prompt"))


def conala(record: Record) -> Iterator[Draft]:
    """Make a wish for a snippet of a question that was asked of programmers.

    Format: conala-corpus.github.io, `conala-train.json`, and zorazrw/multilingual-conala,
    `dataset/test/es_test.json`: `intent` (the question's title), `rewritten_intent` (the same,
    made exact; null where nobody did), `snippet`, `question_id`.
    """
    fields = fields_of(record.value)
    ask = fields.optional_text("rewritten_intent") or fields.text("intent")
    frame = turn_of(phrases.PYTHON_FRAMES, record.index) if record.lang == "en" else "{}"
    yield Draft(CODE_GENERATION, (("user", frame.format(ask)),))


def nl2bash(record: Record) -> Iterator[Draft]:
    """Make a wish for a shell command of a description.

    Format: TellinaTool/nl2bash, `data/README.md`: `data/bash/all.nl` and `all.cm`, parallel lines.
    """
    fields = fields_of(record.value)
    frame = turn_of(phrases.SHELL_FRAMES, record.index)
    yield _wish(frame.format(fields.text("description")), fields.text("description"))


def spider(record: Record) -> Iterator[Draft]:
    """Make a wish for a query of a question to a database.

    Format: taoyds/spider, `README.md`: `question`, `query`, `db_id`, and parses of both.
    """
    fields = fields_of(record.value)
    frame = turn_of(phrases.SQL_FRAMES, record.index)
    ask = fields.text("question")
    yield _wish(frame.format(ask=ask, db=fields.text("db_id")), ask)


def commitpackft(record: Record) -> Iterator[Draft | LeftOut]:
    """Make an ask for a change of a commit: its subject, and the file as it was before.

    Format: bigcode-project/octopack, `dataset/commitpackft`; published as
    `data/<language>/data.jsonl`: `subject`, `old_contents`, `new_contents`, `lang` (a programming
    language), `license` (the repository's, an SPDX identifier in lower case or `unknown`).
    """
    fields = fields_of(record.value)
    subject, before = fields.text("subject"), fields.text("old_contents")
    language, license_name = fields.text("lang"), fields.text("license")
    if not is_permissive(license_name):
        yield NOT_PERMISSIVE
    elif not before.strip():
        yield NOTHING_BEFORE
    else:
        ask = _beside(subject, _fenced(before, language.lower()), record.index)
        yield Draft(CODE_EDIT, (("user", ask),))


def debugbench(record: Record) -> Iterator[Draft]:
    """Make an ask for a repair of code with a planted bug.

    Format: thunlp/DebugBench, `benchmark/cpp_double.json` and its siblings: `slug`, `buggy_code`
    and more; the programming language is in the file's name.
    """
    code = fields_of(record.value).text("buggy_code")
    language = record.stem.partition("_")[0]
    ask = turn_of(phrases.FIX_ASKS, record.index)
    yield Draft(
        CODE_EDIT,
        (("user", _beside(ask, _fenced(code, language), record.index)),),
        ("composed",),
    )


def _wish(text: str, ask: str) -> Draft:
    """Return a wish for code; of a blank ask nothing is left, whatever its frame says."""
    return Draft(CODE_GENERATION, (("user", text if ask.strip() else ""),))


def _fenced(code: str, language: str) -> str:
    """Return code in a fence that it cannot end."""
    longest = max(map(len, _MARKS.findall(code)), default=0)
    marks = "`" * max(3, longest + 1)
    return f"{marks}{_FENCES.get(language, language)}\n{code.strip(chr(10))}\n{marks}"


def _beside(ask: str, code: str, index: int) -> str:
    """Put an ask before its code or, for every other record, after it."""
    return f"{code}\n\n{ask}" if index % 2 else f"{ask}\n\n{code}"
