"""Public sources: the table, and a converter for each format, on samples written here."""

import contextlib
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from router.assay.rows import read_rows
from router.assay.training_run import examples_of
from router.categories import CATEGORIES, GENERAL_INSTRUCT, MULTI_TURN_CHAT
from router.classification.training.sources import (
    CONVERTERS,
    SOURCES,
    Conversion,
    convert,
    is_share_alike,
)
from router.classification.training.sources import conversion as bounds
from router.classification.training.sources.reading import LINE_BYTES
from router.cli import command_line
from router.errors import ConfigurationError

_DATA = Path(__file__).parents[3] / "shared" / "data"
_SHELL = CliRunner()

PACK = {
    "task_id": "Go/0",
    "prompt": "// Double gives twice n.\nfunc Double(n int) int {\n",
    "declaration": "func Double(n int) int {\n",
    "canonical_solution": "    return n * 2\n}\n",
    "buggy_solution": "    return n + 2\n}\n",
    "instruction": "Write a Go function `Double` that gives twice its argument.",
}
COMMIT = {
    "subject": "Greet by name",
    "old_contents": "print('hi')\n",
    "new_contents": "print('hi', name)\n",
    "lang": "Python",
    "license": "mit",
}
PARAGRAPH = {
    "context": "The mill stands on the river Aln. It was built in 1712 and burnt down twice.",
    "qas": [
        {"id": "1", "question": "Where is the mill?", "answers": [{"text": "on the river Aln"}]},
        {"id": "2", "question": "When was it built?", "answers": [{"text": "in 1712"}]},
    ],
}


def said(text: str, role: str, *replies: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a node of a conversation tree."""
    return {"text": text, "role": role, "lang": "en", "replies": list(replies), **more}


TREE = {
    "message_tree_id": "t",
    "prompt": said(
        "Which soup is good on a cold day?",
        "prompter",
        said("A bad answer.", "assistant", rank=1),
        said("Barley soup.", "assistant", said("And for guests?", "prompter"), rank=0),
    ),
}
SAMPLES: dict[str, tuple[str, Any]] = {
    "mbpp": (
        "mbpp.jsonl",
        {"text": "Write a function that counts vowels.", "code": "def f(s): ..."},
    ),
    "humanevalpack": ("humanevalpack.jsonl", PACK),
    "conala": (
        "conala-train.json",
        [
            {"intent": "list of files", "rewritten_intent": "list files of `d`", "snippet": "x"},
            {"intent": "sort by length?", "rewritten_intent": None, "snippet": "y"},
        ],
    ),
    "mconala": ("es_test.json", [{"intent": "¿Cómo leer una línea?", "snippet": "input()"}]),
    "nl2bash": ("all.nl", "Count the lines of every log\nShow free space\n"),
    "spider": ("dev.json", [{"question": "How many boats?", "query": "S", "db_id": "harbour"}]),
    "commitpackft": ("data.jsonl", COMMIT),
    "DebugBench": ("cpp_double.json", [{"slug": "s", "buggy_code": "int f() { return 1 }"}]),
    "ifeval": (
        "input_data.jsonl",
        {"key": 1, "prompt": "Write a poem without the letter e.", "instruction_id_list": ["x"]},
    ),
    "gsm8k": ("train.jsonl", {"question": "Ann has 3 pears and eats 1. How many?", "answer": "2"}),
    "mgsm": ("mgsm_de.tsv", "Anna hat 3 Birnen und isst eine. Wie viele bleiben?\t2\n"),
    "xquad": ("xquad.en.json", {"data": [{"title": "Mill", "paragraphs": [PARAGRAPH]}]}),
    "cmrc2018": ("cmrc2018_dev.json", {"data": [{"paragraphs": [PARAGRAPH]}]}),
    "oasst1-en": ("trees.jsonl", TREE),
    "prompts.chat": (
        "prompts.csv",
        'act,prompt\nCook,"I want you to be a cook,\nand ""stern""."\n',
    ),
    "KdConv": (
        "train.json",
        [{"name": "n", "messages": [{"message": m} for m in ("你好", "你也好", "看电影吗", "看")]}],
    ),
}
"""Source → a file's name and what it holds: text, lines of one object, or a document."""

LABELS = {
    "mbpp": "C E",
    "humanevalpack": "C C E C G",
    "conala": "C C",
    "mconala": "C",
    "nl2bash": "C C",
    "spider": "C",
    "commitpackft": "E",
    "DebugBench": "E",
    "ifeval": "G",
    "gsm8k": "G",
    "mgsm": "G",
    "xquad": "G G M",
    "cmrc2018": "G G M",
    "oasst1-en": "G M",
    "prompts.chat": "G",
    "KdConv": "M",
}
LETTERS = dict(zip("GMCE", CATEGORIES, strict=True))


def written(folder: Path, name: str, content: Any) -> Path:
    """Write a file of a source, whatever its format, and what must lie beside it."""
    path = folder / name
    text = content if isinstance(content, str) else json.dumps(content) + "\n"
    path.write_text(text, encoding="utf-8")
    if path.suffix == ".nl":
        path.with_suffix(".cm").write_text("wc -l *.log\ndf -h\n")
    return path


def converted(folder: Path, source: str, content: Any = None) -> Conversion:
    """Convert the sample of a source, or other content under the same name."""
    name, sample = SAMPLES[source]
    return convert(source, written(folder, name, sample if content is None else content))


def complaint(folder: Path, source: str, content: Any) -> str:
    """Return what is said of malformed content, without the file's name."""
    path = written(folder, SAMPLES[source][0], content)
    with pytest.raises(ConfigurationError) as caught:
        convert(source, path)
    assert caught.value.file == str(path)
    return str(caught.value).replace(f"{path}:", "")


@pytest.mark.parametrize("source", CONVERTERS)
def test_a_sample_gets_the_labels_of_the_tables_rule(tmp_path: Path, source: str) -> None:
    """In order, and only labels that the table promises; nothing is left out."""
    made = converted(tmp_path, source)
    assert [row.label for row in made.rows] == [LETTERS[x] for x in LABELS[source].split()]
    assert {row.label for row in made.rows} <= set(SOURCES[source].labels)
    assert not made.left_out


@pytest.mark.parametrize("source", CONVERTERS)
def test_rows_are_in_the_format_that_evaluate_reads(tmp_path: Path, source: str) -> None:
    """With all that a row carries, and identifiers that are not given twice."""
    made = converted(tmp_path, source)
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row.as_json()) + "\n" for row in made.rows))
    rows = read_rows(path)
    assert len({row.id for row in rows}) == len(made.rows)
    for row in rows:
        assert (row.source, row.license) == (source, SOURCES[source].license)
        assert row.lang == {"mconala": "es", "mgsm": "de", "KdConv": "zh", "cmrc2018": "zh"}.get(
            source, "en"
        )
        messages = json.loads(row.request)["messages"]
        assert messages[-1]["role"] == "user"
        answered = any(message["role"] == "assistant" for message in messages)
        assert ("multi-turn" in row.slices, "single-turn" in row.slices) == (answered, not answered)
        if row.label in {GENERAL_INSTRUCT, MULTI_TURN_CHAT}:
            assert answered == (row.label == MULTI_TURN_CHAT)


def test_the_words_of_a_record_reach_the_right_messages(tmp_path: Path) -> None:
    """Buggy code stands in the ask for its repair, the solution in the ask for tests."""
    asks = [row.turns[-1][1] for row in converted(tmp_path, "humanevalpack").rows]
    assert asks[0] == PACK["instruction"]
    assert PACK["prompt"] in asks[1]
    assert "```go\nfunc Double(n int) int {\n    return n + 2\n}\n```" in asks[2]
    assert all("return n * 2" in ask for ask in asks[3:])
    assert converted(tmp_path, "commitpackft").rows[0].turns == (
        ("user", "Greet by name\n\n```python\nprint('hi')\n```"),
    )
    assert "harbour" in converted(tmp_path, "spider").rows[0].turns[0][1]
    assert converted(tmp_path, "prompts.chat").rows[0].turns[0][1] == (
        'I want you to be a cook,\nand "stern".'
    )
    assert [text for _, text in converted(tmp_path, "KdConv").rows[0].turns] == [
        *("你好", "你也好", "看电影吗"),
    ]


def test_the_user_has_the_last_word_in_a_dialogue(tmp_path: Path) -> None:
    """However long it is; the second of a file would show five messages if it had them."""
    dialogues = [{"messages": [{"message": word * n} for n in range(1, 5)]} for word in ("a", "b")]
    made = converted(tmp_path, "KdConv", dialogues)
    assert [len(row.turns) for row in made.rows] == [3, 3]


def test_a_tree_is_followed_along_its_best_branch_until_it_names_code(tmp_path: Path) -> None:
    """The best ranked reply that was kept; what comes after code would need a reader."""
    assert converted(tmp_path, "oasst1-en").rows[-1].turns == (
        ("user", "Which soup is good on a cold day?"),
        ("assistant", "Barley soup."),
        ("user", "And for guests?"),
    )
    asked = said("Now a python script that prints it", "prompter")
    tree = {"prompt": said("A soup?", "prompter", said("Leek soup.", "assistant", asked))}
    made = converted(tmp_path, "oasst1-en", tree)
    assert [row.label for row in made.rows] == [GENERAL_INSTRUCT]
    assert list(made.left_out.values()) == [1]
    gone = said("Gone", "assistant", deleted=True, rank=0)
    kept = said("Kept", "assistant", said("Thanks", "prompter"), rank=1)
    made = converted(tmp_path, "oasst1-en", {"prompt": said("A soup?", "prompter", gone, kept)})
    assert made.rows[-1].turns[1] == ("assistant", "Kept")


def test_chinese_passages_are_read_in_their_own_format_too(tmp_path: Path) -> None:
    """It differs from SQuAD's in its names only."""
    asked = [{"query_text": "何时建的", "query_id": "1", "answers": ["1712年"]}]
    made = converted(tmp_path, "cmrc2018", [{"context_text": "水车建于1712年。", "qas": asked}])
    assert made.rows[0].turns == (("user", "何时建的\n\n水车建于1712年。"),)


@pytest.mark.parametrize(
    ("source", "content", "reason"),
    [
        ("commitpackft", COMMIT | {"license": "gpl-3.0"}, "permissive"),
        ("commitpackft", COMMIT | {"old_contents": "\n"}, "adds a file"),
        ("commitpackft", COMMIT | {"old_contents": "x" * 20_001}, "characters"),
        ("ifeval", {"prompt": "Write a Python joke.", "instruction_id_list": []}, "names code"),
        ("prompts.chat", "act,prompt,for_devs,type\na,Be a shell,TRUE,TEXT\n", "developers"),
        ("prompts.chat", "act,prompt,for_devs,type\na,A cat,FALSE,IMAGE\n", "pictures"),
        ("oasst1-en", {"prompt": said("No", "prompter", review_result=False)}, "rejected"),
        ("KdConv", [{"messages": [{"message": "你好"}, {"message": "你好"}]}], "second turn"),
        ("gsm8k", {"question": " ", "answer": "1"}, "without text"),
        ("spider", [{"question": "", "query": "q", "db_id": "d"}], "without text"),
        ("gsm8k", '{"question": "\\ud800", "answer": "1"}', "surrogate"),
        ("mgsm", None, "again"),
    ],
)
def test_what_gives_no_row_is_counted_by_reason(
    tmp_path: Path, source: str, content: Any, reason: str
) -> None:
    """Each of these has one part that cannot be used."""
    if content is None:
        content = "Wie viele?\t2\nWie viele?\t2\n"
    made = converted(tmp_path, source, content)
    assert len(made.rows) == (reason == "again")
    assert list(made.left_out.values()) == [1]
    assert reason in next(iter(made.left_out))


@pytest.mark.parametrize(
    ("source", "content", "said_of_it"),
    [
        (
            "gsm8k",
            '{"question": "a", "answer": "1"}\n\n{"question": 7, "answer": ""}',
            "3: question",
        ),
        ("gsm8k", '{"answer": "1"}', "1: question: is missing"),
        ("gsm8k", "[]", "1: record: must be an object, not a list"),
        ("gsm8k", '{"question": ', "1: record: not valid JSON"),
        ("gsm8k", "[" * 100_000, "1: record: not usable JSON"),
        ("gsm8k", "\n", "0: file: has no records"),
        ("mbpp", {"text": "t", "code": None}, "1: code: must be a string, not null"),
        ("mgsm", "a\t1\nb\n", "2: columns: must be two"),
        ("nl2bash", "one\n", "2: lines: all.nl ends before"),
        ("nl2bash", "one\ntwo\nthree\n", "3: lines: all.cm ends before"),
        ("spider", {"question": "q"}, "1: document: must be a list, not an object"),
        ("spider", [{"question": "q", "query": "", "db_id": 3}], "1: [0].db_id: must be a string"),
        ("xquad", {"version": 1}, "1: data: is missing"),
        (
            "xquad",
            {"data": [{"paragraphs": [{"context": "c", "qas": [1]}]}]},
            "paragraphs[0].qas[0]",
        ),
        ("cmrc2018", [{"context_text": "c", "qas": [{}]}], "1: [0].qas[0].query_text: is missing"),
        ("oasst1-en", {"prompt": None}, "1: prompt: must be an object, not null"),
        ("oasst1-en", {"prompt": said("t", "assistant")}, "1: prompt.role: must be 'prompter'"),
        (
            "oasst1-en",
            {"prompt": said("t", "prompter", said("t", "assistant", rank="best"))},
            "1: prompt.replies[0].rank: must be a whole number",
        ),
        ("oasst1-en", {"prompt": said("t", "prompter", deleted=1)}, "prompt.deleted: must be true"),
        ("prompts.chat", 'act,prompt\na,"b\nc"\nd\n', "4: cells: has 1 cells, the heading has 2"),
        ("prompts.chat", 'act,prompt\na,"b\n', "2: quotes"),
        ("prompts.chat", "act,text\na,b\n", "2: prompt: is missing"),
        ("KdConv", [{"messages": {}}], "1: [0].messages: must be a list, not an object"),
    ],
)
def test_a_malformed_record_is_named_by_line_and_field(
    tmp_path: Path, source: str, content: Any, said_of_it: str
) -> None:
    """And nothing is converted."""
    assert said_of_it in complaint(tmp_path, source, content)


def test_every_mistake_is_told_at_once_up_to_a_bound(tmp_path: Path) -> None:
    """A file in quite another format is not read to its end."""
    told = complaint(tmp_path, "gsm8k", "1\n" * 3).splitlines()
    assert [line.partition(":")[0] for line in told] == ["1", "2", "3"]
    assert len(complaint(tmp_path, "gsm8k", "1\n" * 999).splitlines()) == bounds.MAX_MISTAKES


def test_files_are_read_within_bounds(tmp_path: Path) -> None:
    """A line or a file that is too long is refused, not loaded."""
    assert "1: line: is longer than 16 MiB" in complaint(tmp_path, "gsm8k", " " * (LINE_BYTES + 1))
    many = "q\t1\n" * (bounds.MAX_RECORDS + 1)
    assert f"{bounds.MAX_RECORDS + 1}: file: has more than" in complaint(tmp_path, "mgsm", many)


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    """Missing, damaged, without its sibling, not UTF-8, or under a name that says no language."""
    cut = tmp_path / "trees.jsonl.gz"
    cut.write_bytes(gzip.compress(json.dumps(TREE).encode())[:-9])
    spoilt = tmp_path / "dev.json.gz"
    spoilt.write_bytes(gzip.compress(b"[]" * 99)[:-9])
    foreign = tmp_path / "train.jsonl"
    foreign.write_bytes(b'{"question": "ok", "answer": ""}\n\xff\n')
    alone = tmp_path / "alone.nl"
    alone.write_text("one\n")
    for source, path, message in (
        ("gsm8k", tmp_path / "none.jsonl", "0: file: none.jsonl cannot be read: No such file"),
        ("oasst1-en", cut, "0: file: trees.jsonl.gz cannot be read"),
        ("spider", spoilt, "0: file: dev.json.gz cannot be read"),
        ("gsm8k", foreign, "2: text: not UTF-8"),
        ("nl2bash", alone, "0: file: alone.cm cannot be read"),
        ("nl2bash", foreign, "0: file: must be the .nl file"),
        ("mgsm", tmp_path / "german.tsv", "must be called mgsm_{lang}.tsv"),
    ):
        with pytest.raises(ConfigurationError) as caught:
            convert(source, path)
        assert f"{path}:{message}" in str(caught.value) or message in str(caught.value)


def test_packed_files_are_unpacked_on_the_way(tmp_path: Path) -> None:
    """Trees are published so."""
    path = tmp_path / "trees.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(TREE).encode()))
    assert len(convert("oasst1-en", path).rows) == len(LABELS["oasst1-en"].split())


def test_code_cannot_end_its_own_fence(tmp_path: Path) -> None:
    """A Markdown file in a commit holds fences itself."""
    made = converted(tmp_path, "commitpackft", COMMIT | {"old_contents": "````\nx\n````"})
    assert made.rows[0].turns[0][1].endswith("`````python\n````\nx\n````\n`````")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=9,
)


def damaged(value: Any, draw: st.DataObject) -> Any:
    """Return a value with one of its parts, or all of it, replaced by some other JSON."""
    places = list(value) if isinstance(value, dict) else []
    if isinstance(value, list):
        places = list(range(len(value)))
    if not places or draw.draw(st.integers(0, 5)) == 0:
        return draw.draw(_JSON)
    place = draw.draw(st.sampled_from(places))
    changed = value.copy()
    changed[place] = damaged(value[place], draw)
    return changed


@pytest.mark.parametrize("source", CONVERTERS)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(draw=st.data(), noise=st.text(max_size=20))
def test_no_converter_fails_in_another_way(
    tmp_path: Path, source: str, draw: st.DataObject, noise: str
) -> None:
    """Whatever JSON or text a file holds: rows, or the error that names its mistakes."""
    name, sample = SAMPLES[source]
    path = tmp_path / name
    json_text = json.dumps(damaged({} if isinstance(sample, str) else sample, draw))
    for content in (json_text, noise, f"act,prompt\n{noise}", f"{json_text}\n{noise}"):
        path.write_bytes(content.encode(errors="surrogatepass"))
        path.with_suffix(".cm").write_text("\n" * content.count("\n"))
        with contextlib.suppress(ConfigurationError):
            assert convert(source, path).records


def test_the_table_agrees_with_itself() -> None:
    """Every converter has its files and its language or languages; labels are categories."""
    assert {name for name, source in SOURCES.items() if source.files} == set(CONVERTERS)
    for name, source in SOURCES.items():
        assert name == source.name
        assert source.labels
        assert set(source.labels) <= set(CATEGORIES)
        assert source.share_alike == ("CC-BY-SA" in source.license)


@pytest.mark.skipif(not _DATA.is_dir(), reason="the labelled rows are not beside the project")
def test_licences_and_labels_are_those_of_the_labelled_rows() -> None:
    """For each source that has rows there, and every plain source there is in the table."""
    labelled = {
        (row.source, row.license, row.label)
        for row in read_rows(_DATA / "dev.jsonl.gz")
        if not set(row.source) & {"+", ":"} and not row.source.startswith("handwritten-")
    }
    assert {source for source, _, _ in labelled} <= set(SOURCES)
    for name, license_name, label in labelled:
        assert SOURCES[name].license == license_name
        if name not in CONVERTERS:
            assert label in SOURCES[name].labels


@pytest.mark.parametrize(
    ("license_name", "share_alike"),
    [
        ("CC-BY-SA-4.0", True),
        ("Apache-2.0 / CC-BY-SA-4.0", True),
        ("CC BY-SA 3.0", True),
        ("cc-by-nc-sa-4.0", True),
        ("MIT / CC-BY-4.0", False),
        ("CC0-1.0", False),
        ("", False),
    ],
)
def test_share_alike_is_read_off_the_licence(
    tmp_path: Path, license_name: str, share_alike: bool
) -> None:
    """Training leaves out such rows by the same rule, unless it is told to keep them."""
    assert is_share_alike(license_name) == share_alike
    row = converted(tmp_path, "gsm8k").rows[0].as_json() | {"license": license_name}
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(row))
    assert len(examples_of(read_rows(path))) == (not share_alike)
    assert len(examples_of(read_rows(path), share_alike=True)) == 1


def test_the_verb_lists_sources_and_converts_a_copy(tmp_path: Path) -> None:
    """Rows go to the file, what was left out and what the licence asks to stderr."""
    verbs = command_line(["evaluate", "sources"])
    listed = _SHELL.invoke(verbs, ["sources", "list"])
    assert listed.exit_code == 0
    lines = [line.split("\t") for line in listed.stdout.splitlines()]
    assert {line[0]: line[2] for line in lines} == {
        name: "share-alike" if source.share_alike else "" for name, source in SOURCES.items()
    }
    twice = SAMPLES["spider"][1] + [{"question": "", "query": "q", "db_id": "d"}]
    path, out = written(tmp_path, "dev.json", twice), tmp_path / "rows.jsonl"
    done = _SHELL.invoke(verbs, ["sources", "convert", "spider", str(path), "--out", str(out)])
    assert (done.exit_code, done.stdout) == (0, "")
    assert f"{out}: 1 rows of 2 records" in done.stderr
    assert "left out: 1: a message without text" in done.stderr
    assert "--share-alike" in done.stderr
    assert len(read_rows(out)) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["convert", "gsm9k", "x", "--out", "y"], "did you mean `gsm8k`?"),
        (["convert", "QuixBugs", "x", "--out", "y"], "its repository is jkoppel/QuixBugs"),
        (["convert", "gsm8k", "missing.jsonl", "--out", "y"], "missing.jsonl:0: file:"),
        (["convert", "gsm8k"], "convert needs NAME, PATH and --out FILE"),
        (["list", "gsm8k"], "list takes neither"),
    ],
)
def test_the_verb_says_what_is_wrong(arguments: list[str], message: str) -> None:
    """With exit status 2 and nothing on stdout."""
    result = _SHELL.invoke(command_line(["evaluate", "sources"]), ["sources", *arguments])
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
