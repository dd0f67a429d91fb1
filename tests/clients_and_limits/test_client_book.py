"""The clients' file: who is let in by which key."""

import hashlib
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.clients import ClientBook, load_clients
from router.errors import ConfigurationError, Mistake
from router.yaml_source import UnreadableFileError


def digest(key: str) -> str:
    """Return the hash of a key, as the file has it."""
    return hashlib.sha256(key.encode()).hexdigest()


GOOD: Final = f"""\
clients:
  - name: alice
    key_sha256: "{digest("alice's key")}"
  - {{name: ci-1, key_sha256: "{digest("key of ci").upper()}"}}
"""


def write(folder: Path, text: str, mode: int = 0o600) -> Path:
    """Write a clients' file."""
    path = folder / "clients.yaml"
    path.write_text(text)
    path.chmod(mode)
    return path


def mistakes_in(path: Path) -> list[Mistake]:
    """Return the mistakes of a clients' file."""
    with pytest.raises(ConfigurationError) as caught:
        load_clients(path)
    return list(caught.value.mistakes)


def test_a_key_names_its_owner(tmp_path: Path) -> None:
    """Whoever holds the key, in whatever case its hash was written."""
    book = load_clients(write(tmp_path, GOOD))
    assert book.identify(b"alice's key") == "alice"
    assert book.identify(b"key of ci") == "ci-1"
    assert book.warnings == ()
    for wrong in ("", "alice's ke", "alice's key ", "ALICE'S KEY", digest("alice's key")):
        assert book.identify(wrong.encode()) is None


@given(st.binary())
def test_any_bytes_may_be_presented(key: bytes) -> None:
    """Also such as are no text."""
    book = ClientBook({"alice": hashlib.sha256(b"key").digest()})
    assert book.identify(key) == ("alice" if key == b"key" else None)
    assert book.identify(key + b"\xff") is None


def test_no_key_and_no_hash_can_be_read_off_the_book(tmp_path: Path) -> None:
    """Nothing of it reaches a log through a careless repr."""
    book = load_clients(write(tmp_path, GOOD))
    book.identify(b"alice's key")
    assert "alice" not in repr(book)
    assert digest("alice's key")[:8] not in repr(book)


def test_a_file_that_others_may_write_is_refused(tmp_path: Path) -> None:
    """They could let themselves in."""
    for mode in (0o620, 0o602, 0o666):
        (mistake,) = mistakes_in(write(tmp_path, GOOD, mode))
        assert "chmod 600" in mistake.message


def test_a_file_that_others_may_read_is_a_warning(tmp_path: Path) -> None:
    """Hashes of random keys give nothing away, but nobody needs to see them."""
    for mode in (0o640, 0o604):
        (warning,) = load_clients(write(tmp_path, GOOD, mode)).warnings
        assert "others may read it" in warning


def test_all_mistakes_come_at_once_each_at_its_line(tmp_path: Path) -> None:
    """Shape, names, hashes, doubles and keys that are not known (yet)."""
    same = digest("x")
    text = f"""\
client: []
clients:
  - name: anonymous
    key_sha256: "{same}"
  - name: two words
    key_sha256: my-secret-key
  - name: bob
    key_sha256: "{digest("b")}"
    requests_per_minute: 3
  - key_sha256: "{digest("b")}"
  - name: BOB
  - hello
"""
    found = mistakes_in(write(tmp_path, text))
    assert [(mistake.line, mistake.path) for mistake in found] == [
        (1, "client"),
        (3, "clients[0].name"),
        (5, "clients[1].name"),
        (6, "clients[1].key_sha256"),
        (9, "clients[2].requests_per_minute"),
        (10, "clients[3].key_sha256"),
        (10, "clients[3].name"),
        (11, "clients[4].key_sha256"),
        (11, "clients[4].name"),
        (12, "clients[5]"),
    ]
    assert "did you mean `clients`" in found[0].message
    assert 'printf %s "$KEY" | sha256sum' in found[3].message
    assert "my-secret-key" not in str(found)


@pytest.mark.parametrize("text", ["", "[]", "clients:", "clients: []", "clients: {}", "a: ["])
def test_a_file_without_clients_is_refused(tmp_path: Path, text: str) -> None:
    """It would lock everybody out, which is hardly meant."""
    assert mistakes_in(write(tmp_path, text))


def test_a_missing_file_is_told_from_a_wrong_one(tmp_path: Path) -> None:
    """As for policies."""
    with pytest.raises(UnreadableFileError):
        load_clients(tmp_path / "missing.yaml")


@given(st.text(max_size=100))
def test_any_text_is_a_book_or_a_configuration_error(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    """Nothing else comes out."""
    path = write(tmp_path_factory.getbasetemp(), text.encode("utf-8", "replace").decode())
    assert mistakes_in(path)
