"""The verbs `evaluate` and `train`, from the shell's point of view."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from router.categories import CATEGORIES
from router.cli import command_line
from tests.classification.prompts import small_examples

_SHELL = CliRunner()
_DATA = Path(__file__).parents[3] / "shared" / "data"


def rows_in(path: Path) -> Path:
    """Write the small examples as rows."""
    lines = []
    for at, example in enumerate(small_examples()):
        text = (
            f"{example.prompt.ask}\n```\n{example.prompt.code}\n```"
            if example.prompt.code
            else (example.prompt.ask)
        )
        messages = [{"role": "user", "content": text}]
        if example.prompt.has_assistant:
            messages = [
                {"role": "user", "content": "Hi"},
                {"role": "assistant", "content": "Hello!"},
                *messages,
            ]
        share_alike = "CC-BY-SA-4.0" if at % 5 == 4 else "CC0-1.0"
        row = {
            "id": f"s{at}",
            "source": example.source,
            "license": share_alike,
            "label": example.label,
            "lang": "en",
            "slice": ["single-turn"],
            "request": {"messages": messages},
        }
        lines.append(json.dumps(row) + "\n")
    path.write_text("".join(lines))
    return path


def test_evaluate_prints_one_json_object_with_every_figure(tmp_path: Path) -> None:
    """And writes a prediction for each row, in order."""
    data, predictions = rows_in(tmp_path / "rows.jsonl"), tmp_path / "predictions.jsonl"
    result = _SHELL.invoke(
        command_line(["evaluate", "train"]),
        ["evaluate", "--data", str(data), "--json", "--predictions", str(predictions)],
    )
    assert result.exit_code == 0, result.stderr
    figures = json.loads(result.stdout)
    assert set(figures) == {
        *("rows", "accuracy", "macro_f1", "calibration_error", "labels", "confusion", "coverage"),
        *("categories", "slices", "languages", "microseconds"),
    }
    assert figures["rows"] == len(small_examples())
    assert figures["labels"] == list(CATEGORIES)
    assert set(figures["categories"]["code-edit"]) == {"precision", "recall", "f1", "rows"}
    assert set(figures["slices"]["single-turn"]) == {"rows", "accuracy"}
    assert set(figures["coverage"][0]) == {"coverage", "threshold", "accuracy"}
    written = [json.loads(line) for line in predictions.read_text().splitlines()]
    assert [row["id"] for row in written] == [f"s{at}" for at in range(len(written))]
    assert set(written[0]) == {"id", "predicted", "probabilities", "stage"}
    assert sum(written[0]["probabilities"].values()) == pytest.approx(1)


def test_evaluate_prints_tables_for_people(tmp_path: Path) -> None:
    """Headed by the figures that matter most."""
    data = rows_in(tmp_path / "rows.jsonl")
    result = _SHELL.invoke(command_line(["evaluate", "train"]), ["evaluate", "--data", str(data)])
    assert result.exit_code == 0
    assert "macro-F1" in result.stdout
    assert "code-generation" in result.stdout


def test_evaluate_names_file_and_line_of_a_bad_row(tmp_path: Path) -> None:
    """On stderr, with exit status 2 and nothing on stdout."""
    path = tmp_path / "rows.jsonl"
    path.write_text("{}\n")
    result = _SHELL.invoke(command_line(["evaluate", "train"]), ["evaluate", "--data", str(path)])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith(f"{path}:1: ")


def test_train_writes_weights_that_evaluate_takes(tmp_path: Path) -> None:
    """Rows under a share-alike licence are left out unless asked for."""
    rows_in(tmp_path / "train.jsonl")
    out = tmp_path / "weights.bin"
    verbs = command_line(["evaluate", "train"])
    result = _SHELL.invoke(verbs, ["train", "--data", str(tmp_path), "--out", str(out)])
    assert result.exit_code == 0, result.stderr
    assert "training on 20 of 24 rows" in result.stderr
    again = tmp_path / "again.bin"
    _SHELL.invoke(verbs, ["train", "--data", str(tmp_path), "--out", str(again), "--share-alike"])
    assert again.read_bytes() != out.read_bytes()
    data = str(tmp_path / "train.jsonl")
    result = _SHELL.invoke(verbs, ["evaluate", "--data", data, "--json", "--weights", str(out)])
    assert json.loads(result.stdout)["accuracy"] > 0.5


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ({}, "train.jsonl"),
        ({"train.jsonl": "x\n"}, "train.jsonl:1"),
    ],
    ids=["nothing", "no row"],
)
def test_train_says_what_is_missing(tmp_path: Path, files: dict[str, str], complaint: str) -> None:
    """With exit status 2, and no weights written."""
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    out = tmp_path / "weights.bin"
    result = _SHELL.invoke(
        command_line(["evaluate", "train"]),
        ["train", "--data", str(tmp_path), "--out", str(out)],
    )
    assert result.exit_code == 2
    assert complaint in result.stderr
    assert not out.exists()


@pytest.mark.skipif(not _DATA.is_dir(), reason="the labelled data does not lie beside the project")
def test_the_shipped_weights_reach_their_figures_on_held_back_rows() -> None:
    """At least 0.95 macro-F1; among the sure nine tenths at most a few errors."""
    result = _SHELL.invoke(
        command_line(["evaluate", "train"]),
        ["evaluate", "--data", str(_DATA / "dev.jsonl.gz"), "--json"],
    )
    figures = json.loads(result.stdout)
    assert figures["macro_f1"] >= 0.95
    assert figures["coverage"][10]["accuracy"] >= 0.97
