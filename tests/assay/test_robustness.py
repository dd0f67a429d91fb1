"""Robustness: which pairs are chosen, what is counted, and what the command line prints."""

import itertools
import json
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from router.assay.robustness import Flip, Pair, pairs_of, robustness
from router.assay.rows import Row, read_rows
from router.assay.transformations import TRANSFORMATIONS
from router.categories import CATEGORIES, CODE_EDIT, CODE_GENERATION, GENERAL_INSTRUCT
from router.classification.classifier import Classifier, load_classifier
from router.classification.stages.stage import Weighed, certain
from router.cli import command_line
from router.types import Classification, Prompt

_SHELL = CliRunner()
_DEV = Path(__file__).parents[3] / "shared" / "data" / "dev.jsonl.gz"
_TEXT = (
    "Please have a look at what follows and tell me what you think, number {at}\n"
    "```python\ndef twice(x):\n    y = x\n    return y + y\n```"
)


def row(label: str, at: int, text: str = _TEXT) -> Row:
    """Return a labelled row."""
    request = {"messages": [{"role": "user", "content": text.format(at=at)}]}
    return Row(f"{label}-{at}", label, json.dumps(request).encode(), lang="en", source="made up")


def rows() -> list[Row]:
    """Return six rows of each label; every transformation applies to them."""
    return [row(label, at) for label in CATEGORIES for at in range(6)]


class Startled:
    """A stage that takes everything for an edit once it is thanked, and else for new code."""

    name = "startled"

    def classify(self, prompt: Prompt, declared: str | None) -> Classification | None:
        """Answer by a word."""
        del declared
        category = CODE_EDIT if "thanks" in prompt.ask else CODE_GENERATION
        return Classification(category, 1.0, self.name, certain(category))

    def weigh(self, prompt: Prompt) -> tuple[Weighed, ...]:
        """Weigh nothing."""
        del prompt
        return ()


def test_pairs_are_spread_evenly_over_transformations_and_labels() -> None:
    """As many of each as asked for."""
    counts = Counter((pair.transformation, pair.before.label) for pair in pairs_of(rows(), 3))
    assert counts == dict.fromkeys(itertools.product(TRANSFORMATIONS, CATEGORIES), 3)


def test_pairs_do_not_depend_on_the_order_of_rows() -> None:
    """Only on their ids; and each transformation draws rows of its own."""
    pairs = pairs_of(rows(), 2)
    assert pairs == pairs_of(rows()[::-1], 2)
    drawn = {
        name: frozenset(pair.before.id for pair in pairs if pair.transformation == name)
        for name in TRANSFORMATIONS
    }
    assert len(set(drawn.values())) > len(TRANSFORMATIONS) / 2


def test_only_the_request_of_a_row_is_transformed() -> None:
    """Id, label, language and source are those of the row."""
    for pair in pairs_of(rows(), 1):
        assert pair.before in rows()
        assert pair.after.request != pair.before.request
        assert json.loads(pair.after.request) == TRANSFORMATIONS[pair.transformation](
            json.loads(pair.before.request), f"{pair.transformation}:{pair.before.id}"
        )
        assert (pair.after.id, pair.after.label, pair.after.source, pair.after.lang) == (
            *(pair.before.id, pair.before.label),
            *("made up", "en"),
        )


def test_where_a_transformation_does_not_apply_the_next_row_is_tried() -> None:
    """And where it applies to none, it is left out."""
    some = [row(CODE_EDIT, at, "Sort this" if at else _TEXT) for at in range(5)]
    pairs = [pair for pair in pairs_of(some, 4) if pair.transformation == "fences-removed"]
    assert [pair.before.id for pair in pairs] == ["code-edit-0"]
    assert pairs_of([], 4) == []


def test_flips_and_those_that_did_harm_are_counted_by_hand() -> None:
    """Three rows are thanked: one is spoilt by it, one mended, one wrong either way."""
    texts = {label: row(label, 1, "Draw a queue") for label in CATEGORIES}
    pairs = [
        Pair(name, texts[label], row(label, 1, text))
        for name, label, text in (
            ("thanked", CODE_GENERATION, "Draw a queue, thanks"),
            ("thanked", CODE_EDIT, "Draw a queue, thanks"),
            ("thanked", GENERAL_INSTRUCT, "Draw a queue, thanks"),
            ("thanked", GENERAL_INSTRUCT, "Draw a queue."),
            ("spaced", CODE_GENERATION, "Draw  a  queue"),
        )
    ]
    measured, failures = robustness(Classifier([Startled()]), pairs, itertools.count().__next__)
    assert failures == []
    thanked, spaced = measured.transformations["thanked"], measured.transformations["spaced"]
    assert (thanked.pairs, thanked.flips, thanked.spoilt, thanked.share) == (4, 3, 1, 0.75)
    assert (spaced.pairs, spaced.flips, spaced.spoilt, spaced.share) == (1, 0, 0, 0.0)
    total = measured.total
    assert (total.pairs, total.flips, total.spoilt, total.share) == (5, 3, 1, 0.6)
    assert measured.flipped[0] == Flip(
        "thanked", "code-generation-1", CODE_GENERATION, CODE_GENERATION, CODE_EDIT
    )


def test_rows_of_one_id_are_not_mixed_up() -> None:
    """A file may name two rows alike; each is compared with itself."""
    thanked = row(CODE_EDIT, 1, "Draw a queue, thanks")
    plain = row(CODE_EDIT, 1, "Draw a queue")
    pairs = [Pair("none", thanked, thanked), Pair("none", plain, plain)]
    measured, _ = robustness(Classifier([Startled()]), pairs, itertools.count().__next__)
    assert measured.total.flips == 0


def test_no_pairs_give_no_flips() -> None:
    """And no division by zero."""
    measured, _ = robustness(Classifier([Startled()]), [], itertools.count().__next__)
    assert (measured.total.pairs, measured.total.share) == (0, 0.0)
    assert measured.transformations == {}


@pytest.mark.skipif(not _DEV.is_file(), reason="the labelled data is not beside the project")
def test_the_labelled_data_gives_over_a_thousand_pairs() -> None:
    """No transformation has fewer than forty, no label less than a fifth of all."""
    pairs = pairs_of(read_rows(_DEV))
    assert len(pairs) >= 1_000
    assert min(Counter(pair.transformation for pair in pairs).values()) >= 40
    assert min(Counter(pair.before.label for pair in pairs).values()) >= len(pairs) / 5


def file_of_rows(folder: Path) -> Path:
    """Write the rows to a file."""
    path = folder / "rows.jsonl"
    path.write_text(
        "".join(
            json.dumps({"id": one.id, "label": one.label, "request": json.loads(one.request)})
            + "\n"
            for one in rows()
        )
    )
    return path


def evaluate(*words: str) -> tuple[int, str, str]:
    """Run the verb without the encoder; return exit status, stdout and stderr."""
    verbs = command_line(["evaluate", "train"])
    result = _SHELL.invoke(verbs, ["evaluate", "--no-encoder", *words])
    return result.exit_code, result.stdout, result.stderr


def test_robustness_is_printed_as_one_json_object(tmp_path: Path) -> None:
    """The figures are those of the same rows measured here."""
    path = file_of_rows(tmp_path)
    status, out, _ = evaluate("--data", str(path), "--robustness", "--json")
    assert status == 0
    classifier = load_classifier(encoder=False)
    measured, _ = robustness(classifier, pairs_of(read_rows(path)), itertools.count().__next__)
    assert json.loads(out) == json.loads(json.dumps(measured.as_json()))
    assert set(json.loads(out)) == {"total", "transformations", "flipped"}
    assert set(json.loads(out)["total"]) == {"pairs", "flips", "spoilt", "share"}


def test_robustness_is_printed_as_a_table(tmp_path: Path) -> None:
    """A line for each transformation, whole."""
    status, out, _ = evaluate("--data", str(file_of_rows(tmp_path)), "--robustness")
    assert status == 0
    assert "pairs · flips" in out.splitlines()[0]
    assert all(name in out for name in TRANSFORMATIONS)
    assert "macro-F1" not in out


def test_predictions_of_pairs_are_refused(tmp_path: Path) -> None:
    """With a word on what to leave out, and nothing written."""
    path, wanted = file_of_rows(tmp_path), tmp_path / "predictions.jsonl"
    words = ("--data", str(path), "--robustness", "--predictions", str(wanted))
    status, out, told = evaluate(*words)
    assert (status, out) == (2, "")
    assert "leave one of them out" in told
    assert not wanted.exists()
