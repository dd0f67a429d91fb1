"""What these tests share; and that they are never skipped in silence.

Their files import torch, so they are not even read unless `-m train` asks for them; and whoever
asks where torch is missing is told so.
"""

import pytest

from router.classification.encoder.pieces import Pieces
from router.classification.training.encoder.start import Start, read_start
from router.classification.training.encoder.vocabulary import chosen_vocabulary
from tests.classification.prompts import small_examples
from tests.training_encoder.asked import asked_for, missing

KEPT = 3_000


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Leave the files out unless asked for; fail where asked for and impossible."""
    if not asked_for(config.getoption("markexpr")):
        return True
    wanted = " and ".join(missing())
    if wanted:
        raise pytest.UsageError(f"tests of training need {wanted}: run `make test-train`")
    return None


@pytest.fixture(scope="session")
def start() -> Start:
    """The weights of the installed package."""
    return read_start()


@pytest.fixture(scope="session")
def pieces(start: Start) -> Pieces:
    """A small vocabulary for the small examples."""
    return chosen_vocabulary(start, [example.prompt for example in small_examples()], KEPT)
