"""The public sources of labelled rows: their licences, where they are, what labels they get.

In: nothing. Out: a table. Never: a file of theirs; nobody's rows are part of this project.

The licences are those that the labelled rows carry. The names are those that the rows carry as
`source`, so that what is converted here falls into the same groups as what was there before.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from router.categories import CODE_EDIT, CODE_GENERATION, GENERAL_INSTRUCT, MULTI_TURN_CHAT
from router.classification.training.sources.licenses import is_share_alike

_G, _M, _C, _E = GENERAL_INSTRUCT, MULTI_TURN_CHAT, CODE_GENERATION, CODE_EDIT


@dataclass(frozen=True, slots=True)
class Source:
    """A public data set."""

    name: str
    license: str
    """As rows write it: an SPDX identifier."""
    repository: str
    """The upstream repository or site."""
    labels: tuple[str, ...]
    """The categories that its rows have."""
    rule: str
    """Why they have them; where it names what is left out, the converter counts it."""
    files: tuple[str, ...] = ()
    """What its files are called upstream; `{lang}` is a language's code. Empty without a
    converter."""
    lang: str = ""
    """The language of all its rows; empty where a file's name or each record tells."""

    @property
    def share_alike(self) -> bool:
        """Whether its licence asks that adaptations carry it too.

        The default weights do not learn from such a source.
        """
        return is_share_alike(self.license)


_CONVERTED: Final = (
    Source(
        *("mbpp", "CC-BY-4.0", "google-research/google-research", (_C, _E, _M)),
        "a problem is new code; put after its solution, in turns, a wish for a change is an edit"
        " and a remark is chat",
        ("mbpp/mbpp.jsonl",),
        "en",
    ),
    Source(
        *("humanevalpack", "MIT", "bigcode-project/octopack", (_C, _E, _G)),
        "an instruction, a stub or a wish for tests is new code; a wish to repair the planted bug"
        " is an edit; a wish for words about the solution is neither",
        ("humanevalpack.jsonl",),
        "en",
    ),
    Source(
        *("conala", "CC-BY-SA-4.0", "conala-corpus.github.io", (_C,)),
        "a how-to question that a snippet answers is new code",
        ("conala-train.json", "conala-test.json"),
        "en",
    ),
    Source(
        *("mconala", "CC-BY-SA-4.0", "zorazrw/multilingual-conala", (_C,)),
        "a how-to question that a snippet answers is new code",
        ("dataset/test/{lang}_test.json",),
    ),
    Source(
        *("nl2bash", "MIT", "TellinaTool/nl2bash", (_C,)),
        "a description that a shell command answers is new code",
        ("data/bash/all.nl", "data/bash/all.cm"),
        "en",
    ),
    Source(
        *("spider", "CC-BY-SA-4.0", "taoyds/spider", (_C,)),
        "a question that a query answers is new code",
        ("train_spider.json", "dev.json"),
        "en",
    ),
    Source(
        *("commitpackft", "MIT", "bigcode-project/octopack", (_E,)),
        "a commit's subject with the file before it is an edit; new files and files without a"
        " permissive licence are left out",
        ("data.jsonl",),
        "en",
    ),
    Source(
        *("DebugBench", "Apache-2.0", "thunlp/DebugBench", (_E,)),
        "code with a planted bug and a wish to repair it is an edit",
        ("benchmark/cpp_double.json",),
        "en",
    ),
    Source(
        *("ifeval", "Apache-2.0", "google-research/google-research", (_G,)),
        "a task of writing is not code work; prompts that name code are left out",
        ("instruction_following_eval/data/input_data.jsonl",),
        "en",
    ),
    Source(
        *("gsm8k", "MIT", "openai/grade-school-math", (_G,)),
        "a word problem without a wish for code is not code work",
        ("grade_school_math/data/train.jsonl", "grade_school_math/data/test.jsonl"),
        "en",
    ),
    Source(
        *("mgsm", "CC-BY-4.0", "google-research/url-nlp", (_G,)),
        "a word problem without a wish for code is not code work",
        ("mgsm/mgsm_{lang}.tsv",),
    ),
    Source(
        *("xquad", "CC-BY-SA-4.0", "google-deepmind/xquad", (_G, _M)),
        "a question on a text is not code work; after an answer it is chat",
        ("xquad.{lang}.json",),
    ),
    Source(
        *("cmrc2018", "CC-BY-SA-4.0", "ymcui/cmrc2018", (_G, _M)),
        "a question on a text is not code work; after an answer it is chat",
        ("squad-style-data/cmrc2018_dev.json", "data/cmrc2018_dev.json"),
        "zh",
    ),
    Source(
        *("oasst1-en", "Apache-2.0", "LAION-AI/Open-Assistant", (_G, _M)),
        "people's turns along the best branch: a first one is a task, a later one chat; from the"
        " first turn that names code on a conversation is left out",
        ("2023-04-12_oasst_ready.trees.jsonl.gz",),
    ),
    Source(
        *("prompts.chat", "CC0-1.0", "f/prompts.chat", (_G,)),
        "a role to play is not code work; prompts for developers, for other media and those that"
        " name code are left out",
        ("prompts.csv",),
        "en",
    ),
    Source(
        *("KdConv", "Apache-2.0", "thu-coai/KdConv", (_M,)),
        "a dialogue on films, music or travel is chat",
        ("data/film/train.json", "data/music/train.json", "data/travel/train.json"),
        "zh",
    ),
)

_LISTED: Final = tuple(
    Source(name, license_name, repository, labels, rule)
    for name, license_name, repository, labels, rule in (
        ("bfcl", "Apache-2.0", "ShishirPatil/gorilla", (_G,), "a task for tools"),
        ("ClassEval", "MIT", "FudanSELab/ClassEval", (_G, _C, _E), "by the ask put to its classes"),
        ("codefuse-eval", "Apache-2.0", "codefuse-ai/codefuse-evaluation", (_M, _C, _E), "by task"),
        ("defog-sql-eval", "Apache-2.0", "defog-ai/sql-eval", (_C,), "a question for a query"),
        ("doremiti", "Apache-2.0", "bofenghuang/vigogne", (_G,), "a task in prose"),
        ("FollowBench", "Apache-2.0", "YJiangcm/FollowBench", (_G, _C), "read one by one"),
        ("GAOKAO-Bench", "Apache-2.0", "OpenLMLab/GAOKAO-Bench", (_G,), "an exam question"),
        ("GPTeacher-codegen", "MIT", "teknium1/GPTeacher", (_M, _C, _E), "by its instruction"),
        ("humaneval-xl", "MIT", "FloatAI/humaneval-xl", (_M, _C, _E), "as humanevalpack"),
        ("m-ifeval", "Apache-2.0", "lightblue-tech/M-IFEval", (_G,), "as ifeval"),
        ("mceval", "CC-BY-SA-4.0", "MCEVAL/McEval", (_G, _C, _E), "by task"),
        ("mt-bench-101", "Apache-2.0", "mtbench101/mt-bench-101", (_M,), "a dialogue"),
        ("NoFunEval", "MIT", "microsoft/NoFunEval", (_E,), "a change that code needs"),
        ("oasst1", "Apache-2.0", "bigcode-project/octopack", (_G, _C, _E), "read one by one"),
        ("oasst1-fr", "Apache-2.0", "bofenghuang/vigogne", (_G, _M, _C, _E), "read one by one"),
        ("PlexPt-prompts", "MIT", "PlexPt/awesome-chatgpt-prompts-zh", (_G,), "a role to play"),
        *(("PlexPt-questions", "MIT", "PlexPt/awesome-chatgpt-prompts-zh", (_G, _C, _E), "read"),),
        ("QuixBugs", "MIT", "jkoppel/QuixBugs", (_E,), "code with a bug and a wish to repair it"),
        ("realhumaneval", "CC0-1.0", "clinicalml/realhumaneval", (_G, _M, _C, _E), "read"),
        ("rulm-seed", "Apache-2.0", "IlyaGusev/rulm", (_G, _C), "read one by one"),
        ("self-instruct", "Apache-2.0", "yizhongw/self-instruct", (_G, _C, _E), "read one by one"),
        *(
            (
                "sgd",
                "CC-BY-SA-4.0",
                "google-research-datasets/dstc8-schema-guided-dialogue",
                (_M,),
                "a dialogue",
            ),
        ),
        ("smile", "CC0-1.0", "qiuhuachuan/smile", (_M,), "a dialogue"),
        (
            "vicuna-questions",
            "Apache-2.0",
            "FreedomIntelligence/MultilingualSIFT",
            (_G, _C),
            "read",
        ),
        ("vigogne-seed", "Apache-2.0", "bofenghuang/vigogne", (_G, _C, _E), "read one by one"),
        ("Xpersona", "MIT", "HLTCHKUST/Xpersona", (_M,), "chit-chat"),
    )
)
"""Sources whose rows exist, but which nothing here converts: their labels were read one by one, or
their format was not looked up."""

SOURCES: Final[Mapping[str, Source]] = MappingProxyType(
    {source.name: source for source in (*_CONVERTED, *_LISTED)},
)
