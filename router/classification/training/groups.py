"""Which sources of training data belong together.

In: the name of a source. Out: its group, and which of eight it is tested with. Never: a row of a
source in two of the eight.

Variants of one source (`x+followup`, `x+switch`) and sources made from the same problems or by the
same hand stay together; else a test on unseen sources would flatter.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final
from zlib import crc32

GROUPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "humaneval-xl": "humaneval",
        "humanevalpack": "humaneval",
        "codefuse-eval": "humaneval",
        "mbpp": "humaneval",
        "code": "gpteacher",
        "GPTeacher-codegen": "gpteacher",
        "mceval": "mceval",
        "ClassEval": "mceval",
        "DebugBench": "bugs",
        "QuixBugs": "bugs",
        "NoFunEval": "bugs",
        "conala": "snippets",
        "mconala": "snippets",
        "nl2bash": "snippets",
        "spider": "sql",
        "defog-sql-eval": "sql",
        "handwritten-codegen": "handwritten",
        "handwritten-concepts": "handwritten",
        "oasst1": "oasst",
        "oasst1-en": "oasst",
        "oasst1-fr": "oasst",
        "seeds": "seeds",
        "self-instruct": "seeds",
        "vigogne-seed": "seeds",
        "rulm-seed": "seeds",
        "doremiti": "seeds",
        "xquad": "passages",
        "cmrc2018": "passages",
        "gsm8k": "maths",
        "mgsm": "maths",
        "GAOKAO-Bench": "maths",
        "ifeval": "constraints",
        "m-ifeval": "constraints",
        "FollowBench": "constraints",
        "PlexPt-prompts": "roles",
        "PlexPt-questions": "roles",
        "prompts.chat": "roles",
        "commitpackft": "commits",
    },
)
"""Source, without what follows a plus sign → group; a source that is not here is its own group."""

_FOLDS: Final[Sequence[frozenset[str]]] = (
    frozenset({"humaneval", "maths", "own-chinese", "own-chinese_b"}),
    frozenset({"gpteacher", "constraints", "own-developers", "own-maintainers"}),
    frozenset({"mceval", "smile", "own-everyday", "own-wishes"}),
    frozenset({"bugs", "snippets", "oasst", "own-followups"}),
    frozenset({"sql", "commits", "seeds", "own-languages_a"}),
    frozenset(
        {"handwritten", "mt-bench-101", "realhumaneval", "own-languages_b", "own-languages_c"}
    ),
    frozenset({"roles", "passages", "KdConv", "sgd", "own-agents", "own-harnesses"}),
    frozenset(
        {"vicuna-questions", "bfcl", "Xpersona", "own-languages_d", "own-terse", "own-ordinary"}
    ),
)
"""The eight groups that are left out in turn. Each tests every category; hands with like briefs
stay together, so that a hand is never tested by weights that learnt from its twin."""
FOLD_COUNT: Final = len(_FOLDS)
_OWN: Final = "own-"
LEFT_OUT: Final = frozenset({"own-maintainers", "own-terse"})
"""Hands that the shipped encoder has not learnt from: it is calibrated and measured on them."""


def group_of(source: str) -> str:
    """Return the group of a source."""
    base = source.partition("+")[0]
    if base.startswith("commits:"):
        return "commits"
    return GROUPS.get(base, base)


def is_own(source: str) -> bool:
    """Tell whether a source is one of the project's own hands."""
    return source.startswith(_OWN)


def fold_of(source: str) -> int:
    """Return the place of the group in which a source is tested and not trained on.

    One that is in none of the groups falls where the CRC of its name puts it.
    """
    group = group_of(source)
    known = (place for place, groups in enumerate(_FOLDS) if group in groups)
    return next(known, crc32(group.encode()) % FOLD_COUNT)
