"""The verb `train-encoder`: rebuild the encoder from labelled rows and the project's own.

In: a folder with `train.jsonl` or `train.jsonl.gz`. Out: the encoder's files in a folder; progress
on stderr. Never: a look at any other file of the folder of rows.
"""

from pathlib import Path
from typing import Annotated

import typer

from router.assay.encoder_run import EncoderFiles, train_encoder
from router.assay.rows import found_rows, read_rows
from router.assay.training_run import examples_of
from router.classification.training.encoder.fitting import EncoderRecipe
from router.classification.training.groups import LEFT_OUT
from router.errors import ConfigurationError

_UNUSABLE = 2


def run(
    data: Annotated[Path, typer.Option(help="A folder with train.jsonl.gz or train.jsonl.")],
    out: Annotated[Path, typer.Option(help="A folder for pieces.bin, layers.npz, graph.onnx.")],
) -> None:
    """Train the encoder; takes about an hour on two cores."""
    files = EncoderFiles(out / "pieces.bin", out / "layers.npz", out / "graph.onnx")
    try:
        out.mkdir(parents=True, exist_ok=True)
        examples = examples_of(read_rows(found_rows(data)))
        train_encoder(
            examples,
            LEFT_OUT,
            files,
            lambda line: typer.echo(line, err=True),
            EncoderRecipe(),
        )
    except ConfigurationError as mistake:
        typer.echo(mistake, err=True)
        raise typer.Exit(_UNUSABLE) from mistake
    except OSError as failure:
        typer.echo(f"{out}: cannot be written: {failure.strerror}", err=True)
        raise typer.Exit(_UNUSABLE) from failure
