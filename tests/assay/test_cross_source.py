"""Sources left out in turn: what is tested, and that the figure does not fall unnoticed."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from router.assay.cross_source import cross_source
from router.assay.rows import found_rows, read_rows
from router.assay.training_run import own_rows
from router.classification.training.groups import fold_of
from router.classification.training.trainer import Recipe
from router.cli import command_line

_DATA = Path(__file__).parents[3] / "shared" / "data"
_BASELINE = Path(__file__).parents[2] / "router/classification/training/baseline.json"
_MOST_FALLEN = 0.005
_FAST = Recipe(epochs=1)
_TESTED = (1, 7)


def test_only_the_groups_asked_for_are_tested() -> None:
    """Each row once, each source with enough rows by itself, the own ones apart too."""
    rows = [row for row in own_rows() if row.source in {"own-agents", "own-everyday"}]
    measured = cross_source(rows, _FAST, [fold_of("own-agents")])
    agents = [row for row in rows if row.source == "own-agents"]
    assert measured.pooled.rows == measured.own.rows == len(agents)
    assert list(measured.sources) == ["own-agents"]
    assert measured.sources["own-agents"].accuracy == measured.pooled.accuracy


@pytest.mark.skipif(not _DATA.is_dir(), reason="the public rows are not beside the project")
def test_training_is_as_good_as_it_was_on_sources_left_out() -> None:
    """A fall of more than 0.005 in macro-F1 on two of the eight groups has to be meant."""
    rows = [*read_rows(found_rows(_DATA)), *own_rows()]
    measured = cross_source(rows, _FAST, _TESTED)
    baseline = json.loads(_BASELINE.read_text())["fast_macro_f1"]
    assert measured.pooled.macro_f1 > baseline - _MOST_FALLEN, (
        f"{measured.pooled.macro_f1:.4f} against {baseline:.4f}: find out why, or change"
        f" {_BASELINE.name} and say so in the model card"
    )


def test_unreadable_rows_are_refused(tmp_path: Path) -> None:
    """With the file's name, before anything is trained."""
    asked = ["evaluate", "--data", str(tmp_path / "none.jsonl"), "--cross-source"]
    refused = CliRunner().invoke(command_line(["evaluate", "check"]), asked)
    assert refused.exit_code == 2
    assert "none.jsonl" in refused.stderr
