"""Which sources of training data belong together.

In: the name of a source. Out: its group and its fold. Never: a row of a source in two folds.

Variants of one source (`x+followup`, `x+switch`) and sources made from the same problems or by the
same hand stay together; else a test on unseen sources would flatter.
"""

from collections.abc import Mapping
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

_FOLDS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "humaneval": 0,
        "bfcl": 0,
        "maths": 0,
        "gpteacher": 1,
        "bugs": 1,
        "constraints": 1,
        "smile": 1,
        "KdConv": 1,
        "mceval": 2,
        "snippets": 2,
        "oasst": 2,
        "sql": 3,
        "handwritten": 3,
        "seeds": 3,
        "mt-bench-101": 3,
        "commits": 4,
        "realhumaneval": 4,
        "roles": 4,
        "passages": 4,
        "Xpersona": 4,
        "sgd": 4,
        "vicuna-questions": 4,
        "own-chinese": 0,
        "own-developers": 1,
        "own-everyday": 2,
        "own-agents": 2,
        "own-followups": 3,
        "own-languages_a": 4,
    },
)
FOLD_COUNT: Final = 5


def group_of(source: str) -> str:
    """Return the group of a source."""
    base = source.partition("+")[0]
    if base.startswith("commits:"):
        return "commits"
    return GROUPS.get(base, base)


def fold_of(source: str) -> int:
    """Return the fold, 0 to 4, in which a source is tested and not trained on.

    Known groups are dealt so that every fold tests each category; an unknown one falls where the
    CRC of its name puts it.
    """
    group = group_of(source)
    fold = _FOLDS.get(group)
    return crc32(group.encode()) % FOLD_COUNT if fold is None else fold
