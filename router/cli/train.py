"""The verb `train`: rebuild the classifier's weights from labelled rows and the project's own.

In: a folder with `train.jsonl` or `train.jsonl.gz`. Out: a weights file; its figures on stdout.
Never: a look at any other file of the folder.
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from router.assay.rows import found_rows, read_rows
from router.assay.training_run import examples_of, train_on
from router.classification.weights import save_weights
from router.errors import ConfigurationError

_UNUSABLE = 2


def run(
    data: Annotated[Path, typer.Option(help="A folder with train.jsonl.gz or train.jsonl.")],
    out: Annotated[Path, typer.Option(help="Where to write the weights.")],
    share_alike: Annotated[
        bool,
        typer.Option(help="Train on rows under CC BY-SA too; the shipped weights leave them out."),
    ] = False,
) -> None:
    """Train the weights; the same rows give the same bytes on the same machine."""
    try:
        rows = read_rows(found_rows(data))
        examples = examples_of(rows, share_alike=share_alike)
        typer.echo(
            f"training on {len(examples)} of {len(rows)} rows and on the project's own", err=True
        )
        trained = train_on(examples)
    except ConfigurationError as mistake:
        typer.echo(mistake, err=True)
        raise typer.Exit(_UNUSABLE) from mistake
    kinds = np.array([example.kind for example in examples])
    right = float((trained.unseen.argmax(axis=1) == kinds).mean())
    try:
        save_weights(trained.weights, out)
    except OSError as failure:
        typer.echo(f"{out}: cannot be written: {failure.strerror}", err=True)
        raise typer.Exit(_UNUSABLE) from failure
    typer.echo(
        f"{out}: trained on {len(examples)} rows; on sources left out in turn {right:.4f} of the"
        f" rows are told apart rightly as not code, new code or changed code",
    )
