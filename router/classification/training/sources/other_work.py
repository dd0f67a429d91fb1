"""The formats of sources that are not about code.

In: a record. Out: drafts of rows, or why there are none. Never: a label for a text that names
code in a source where some people ask for it: such texts are left out and counted.
"""

from collections.abc import Iterator
from typing import Final

from router.categories import GENERAL_INSTRUCT, MULTI_TURN_CHAT
from router.classification.training.sources.records import (
    DELETED,
    NAMES_CODE,
    Draft,
    Fields,
    LeftOut,
    MalformedError,
    Record,
    Turn,
    fields_of,
    names_code,
)

FOR_DEVELOPERS: Final = LeftOut("marked as for developers: only a reader could label it")
NOT_TEXT: Final = LeftOut("a prompt for pictures, sound or a program, not for a chat")
TOO_SHORT: Final = LeftOut("a dialogue without a second turn of the user")

_MAX_TURNS: Final = 31
"""Longer conversations are followed no further."""
_CUTS: Final = (3, 5, 7, 9)
"""How many messages of a dialogue a row shows; odd, so that the user has the last word."""


def ifeval(record: Record) -> Iterator[Draft | LeftOut]:
    """Make a task of a prompt that says how the answer must look.

    Format: google-research/google-research, `instruction_following_eval/data/input_data.jsonl`:
    `key`, `prompt`, `instruction_id_list`, `kwargs`.
    """
    fields = fields_of(record.value)
    fields.values("instruction_id_list")
    yield _task(fields.text("prompt"))


def word_problem(record: Record) -> Iterator[Draft]:
    """Make a task of a word problem.

    Format: openai/grade-school-math, `README.md`: lines with `question` and `answer`; MGSM
    (google-research/url-nlp, `mgsm/README.md`) has the same two as columns.
    """
    fields = fields_of(record.value)
    fields.text("answer")
    yield Draft(GENERAL_INSTRUCT, (("user", fields.text("question")),))


def reading(record: Record) -> Iterator[Draft | LeftOut]:
    """Make a task of a text with each of its questions, and a further turn of the second one.

    Format: SQuAD, as google-deepmind/xquad has it in `xquad.ro.json` and ymcui/cmrc2018 in its
    `squad-style-data`: `context`, and `qas` with `question` and `answers`, each with a `text`.
    """
    fields = fields_of(record.value)
    context = fields.text("context")
    before: tuple[Turn, ...] = ()
    for at, asked in enumerate(fields.objects("qas")):
        question = asked.text("question")
        answers = [answer.text("text") for answer in asked.objects("answers")]
        whole = f"{context}\n\n{question}" if at % 2 else f"{question}\n\n{context}"
        yield Draft(GENERAL_INSTRUCT, (("user", whole if question.strip() else ""),))
        if at == 1 and before:
            yield Draft(MULTI_TURN_CHAT, (*before, ("user", question)))
        before = (("user", whole), ("assistant", answers[0])) if answers else ()


def role_prompt(record: Record) -> Iterator[Draft | LeftOut]:
    """Make a task of a prompt that gives the model a role.

    Format: f/prompts.chat, `prompts.csv`: `act`, `prompt`, and in newer versions `for_devs`
    (`TRUE` or `FALSE`), `type` (`TEXT` where it is for a chat) and `contributor`.
    """
    fields = fields_of(record.value)
    prompt = fields.text("prompt")
    if fields.optional_text("type").upper() not in {"", "TEXT"}:
        yield NOT_TEXT
    elif fields.optional_text("for_devs").upper() == "TRUE":
        yield FOR_DEVELOPERS
    else:
        yield _task(prompt)


def dialogue(record: Record) -> Iterator[Draft | LeftOut]:
    """Make a conversation of the first turns of a dialogue; the one who begins is the user.

    Format: thu-coai/KdConv, `README.md`: `name`, and `messages`, each with a `message`.
    """
    messages = [said.text("message") for said in fields_of(record.value).objects("messages")]
    cut = min(_CUTS[record.index % len(_CUTS)], len(messages) - (len(messages) + 1) % 2)
    if cut < _CUTS[0]:
        yield TOO_SHORT
        return
    turns = tuple((("user", "assistant")[at % 2], text) for at, text in enumerate(messages[:cut]))
    yield Draft(MULTI_TURN_CHAT, turns)


def tree(record: Record) -> Iterator[Draft | LeftOut]:
    """Make a row of each turn of the user along the best branch of a conversation tree.

    Format: LAION-AI/Open-Assistant, `oasst-data/oasst_data/schemas.py` (`ExportMessageTree`): a
    `prompt` with `text`, `role` (`prompter` or `assistant`), `lang`, `rank`, `deleted`,
    `review_result` and `replies` of the same shape. From the first turn that names code on, the
    conversation is left out.
    """
    fields = fields_of(record.value)
    node: Fields | None = fields_of(fields.content.get("prompt"), "prompt.")
    turns: tuple[Turn, ...] = ()
    while node is not None and len(turns) < _MAX_TURNS:
        text, role = node.text("text"), node.text("role")
        expected = ("prompter", "assistant")[len(turns) % 2]
        if role != expected:
            raise MalformedError(f"{node.where}role", f"must be {expected!r} here")
        if not _kept(node):
            yield LeftOut(DELETED)
            return
        if names_code(text):
            yield LeftOut(NAMES_CODE)
            return
        turns = (*turns, ("user" if role == "prompter" else role, text))
        if role == "prompter":
            label = MULTI_TURN_CHAT if len(turns) > 1 else GENERAL_INSTRUCT
            language = node.optional_text("lang").partition("-")[0]
            yield Draft(label, turns, ("real-user",), language)
        node = _best_reply(node)


def _best_reply(node: Fields) -> Fields | None:
    """Return the reply that people ranked first; the first one where they ranked none."""
    if node.content.get("replies") is None:
        return None
    best: tuple[float, Fields] | None = None
    for reply in node.objects("replies"):
        rank = reply.content.get("rank")
        if rank is not None and (isinstance(rank, bool) or not isinstance(rank, int)):
            raise MalformedError(f"{reply.where}rank", "must be a whole number or null")
        place = float("inf") if rank is None else rank
        if _kept(reply) and (best is None or place < best[0]):
            best = (place, reply)
    return None if best is None else best[1]


def _kept(node: Fields) -> bool:
    return node.flag("review_result", default=True) and not node.flag("deleted", default=False)


def _task(prompt: str) -> Draft | LeftOut:
    """Return a task, unless it may be about code."""
    if names_code(prompt):
        return LeftOut(NAMES_CODE)
    return Draft(GENERAL_INSTRUCT, (("user", prompt),))
