"""The encoder: how text is cut, what is read of a prompt, what the files refuse, what it says."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.categories import CODE_EDIT, CODE_GENERATION, GENERAL_INSTRUCT, MULTI_TURN_CHAT
from router.classification.classifier import load_classifier
from router.classification.encoder.blocks import BLOCK, unpacked
from router.classification.encoder.layout import MOST_PIECES, lay_out
from router.classification.encoder.network import GRAPH, Network
from router.classification.encoder.network import SHIPPED as LAYERS
from router.classification.encoder.pieces import END, UNKNOWN, WIDTH, Pieces
from router.classification.encoder.pieces_file import SHIPPED, load_pieces, save_pieces
from router.errors import ConfigurationError
from router.types import Prompt

PIECES = load_pieces(SHIPPED)
TEXTS = {number: text for text, number in PIECES.numbers.items()}


def spelt(text: str) -> list[str]:
    """Return the texts of a text's pieces."""
    return [TEXTS[number] for number in PIECES.cut(text)]


def small_vocabulary() -> Pieces:
    """Return six pieces and their scores."""
    texts = ["<s>", "<pad>", "</s>", "<unk>", "\u2581a", "b", "\u2581ab", "c", "bc"]
    scores = [0.0, 0.0, 0.0, 0.0, -2.0, -2.0, -5.0, -2.0, -3.0]
    return Pieces(
        {text: number for number, text in enumerate(texts)},
        scores,
        -20.0,
        np.zeros((len(texts), 12), dtype=np.float16),
        np.zeros((len(texts), 12, 16), dtype=np.uint8),
    )


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("ab", [6]),  # a word that is a piece stays whole, whatever its parts score
        ("abc", [4, 8]),  # -2 - 3 beats -2 - 2 - 2 and -5 - 2
        ("a  b", [4, UNKNOWN, 5]),  # a word begins with the mark, which no piece is alone here
        ("", []),
        ("abz", [6, UNKNOWN]),  # -5 - 20 beats nothing: -2 - 2 - 20
    ],
)
def test_a_word_becomes_its_most_probable_pieces(text: str, pieces: list[int]) -> None:
    """Whole words first, then the best-scoring cut; what no piece covers is unknown."""
    found = small_vocabulary().cut(text)
    expected = pieces if text != "abz" else [4, 5, UNKNOWN]
    assert found == expected


@given(st.text(max_size=300))
def test_any_text_is_cut_and_nothing_is_lost_but_the_unknown(text: str) -> None:
    """Pieces are numbers of the vocabulary; without unknown ones they spell the words."""
    found = PIECES.cut(text)
    assert all(0 <= number < len(PIECES.scores) for number in found)
    assert PIECES.vectors(found).shape == (len(found), WIDTH)


@pytest.mark.parametrize("text", ["rename my photos by date", "写一个脚本", "переименуй файлы"])
def test_the_shipped_pieces_spell_what_they_cut(text: str) -> None:
    """Joined, the pieces are the text, with marks for spaces."""
    assert "".join(spelt(text)).replace("\u2581", " ").strip() == text


def test_blocks_unpack_low_and_high_numbers() -> None:
    """Byte j holds numbers j and j + 16, eight lower, times the block's scale."""
    nibbles = np.zeros((1, 1, BLOCK // 2), dtype=np.uint8)
    nibbles[0, 0, 3] = 0x5F
    numbers = unpacked(np.array([[0.5]], dtype=np.float16), nibbles)
    assert numbers.shape == (1, BLOCK)
    assert numbers[0, 3] == (15 - 8) * 0.5
    assert numbers[0, 19] == (5 - 8) * 0.5
    assert numbers[0, 0] == -8 * 0.5


def test_what_is_read_of_a_prompt_is_bounded() -> None:
    """However long each text is."""
    long = "wort " * 4_000
    prompt = Prompt(
        long,
        code=long,
        previous_ask=long,
        previous_answer=long,
        has_assistant=True,
        history_has_code=True,
        answer_has_code=True,
    )
    assert len(lay_out(prompt, PIECES)) <= MOST_PIECES


def test_code_stands_where_the_client_put_it() -> None:
    """Before the ask if the ask began with it."""
    after = lay_out(Prompt("why", code="x = 1"), PIECES)
    before = lay_out(Prompt("why", code="x = 1", code_first=True), PIECES)
    assert sorted(after) == sorted(before)
    assert after != before
    assert after[-1] == before[-1] == END


def test_pieces_survive_the_file(tmp_path: Path) -> None:
    """The same vocabulary, and the same bytes from it."""
    pieces = small_vocabulary()
    save_pieces(pieces, tmp_path / "a")
    again = load_pieces(tmp_path / "a")
    save_pieces(again, tmp_path / "b")
    assert again.numbers == pieces.numbers
    assert again.scores == pieces.scores
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def _with_header(data: bytes, **changed: object) -> bytes:
    """Return a vocabulary's file with changed header members."""
    header = json.loads(data[:4096]) | changed
    return json.dumps(header).encode().ljust(4095) + b"\n" + data[4096:]


@pytest.mark.parametrize(
    ("harm", "complaint"),
    [
        (lambda _data: b"", "cannot be read"),
        (lambda _data: b"hello", "not a vocabulary"),
        (lambda data: data[:-2], "damaged"),
        (lambda data: data[:-2] + b"zz", "damaged"),
        (lambda data: _with_header(data, format=99), "format 99"),
        (lambda data: _with_header(data, pieces="many"), "damaged"),
        (lambda data: _with_header(data, pieces=6), "damaged"),
        (lambda data: _with_header(data, pieces=10**30), "damaged"),
        (lambda data: b"[" * 4096 + data[4096:], "not a vocabulary"),
    ],
)
def test_a_damaged_vocabulary_is_refused(
    harm: Callable[[bytes], bytes], complaint: str, tmp_path: Path
) -> None:
    """With the file's name and what to do."""
    save_pieces(small_vocabulary(), tmp_path / "p")
    (tmp_path / "p").write_bytes(harm((tmp_path / "p").read_bytes()))
    with pytest.raises(ConfigurationError, match=complaint) as refused:
        load_pieces(tmp_path / "p")
    assert "classification.encoder: off" in str(refused.value)


def test_a_missing_or_damaged_network_is_refused(tmp_path: Path) -> None:
    """With the file's name and what to do."""
    broken = tmp_path / "l.npz"
    with pytest.raises(ConfigurationError, match=r"l\.npz.*\n?.*cannot be read"):
        Network(broken)
    broken.write_bytes(b"hello")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        Network(broken)
    with zipfile.ZipFile(LAYERS) as whole, zipfile.ZipFile(broken, "w") as part:
        for name in whole.namelist()[:-5]:
            part.writestr(name, whole.read(name))
    with pytest.raises(ConfigurationError, match="cannot be read"):
        Network(broken)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        Network(LAYERS, tmp_path / "nowhere.onnx")


@pytest.mark.parametrize("lacking", ["positions", "verdict.bias", "0.attention.up"])
def test_a_network_that_lacks_weights_is_refused(lacking: str, tmp_path: Path) -> None:
    """Whether reading, expanding or the graph misses them."""
    broken = tmp_path / "l.npz"
    with zipfile.ZipFile(LAYERS) as whole, zipfile.ZipFile(broken, "w") as part:
        for name in whole.namelist():
            if name != f"{lacking}.npy":
                part.writestr(name, whole.read(name))
    with pytest.raises(ConfigurationError, match="cannot be read"):
        Network(broken)


@pytest.mark.parametrize("content", [b"", b"hello", GRAPH.read_bytes()[:2_000]])
def test_a_damaged_graph_is_refused(content: bytes, tmp_path: Path) -> None:
    """It is another library that reads it, with errors of its own."""
    broken = tmp_path / "g.onnx"
    broken.write_bytes(content)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        Network(LAYERS, broken)


def test_the_encoder_s_files_are_small() -> None:
    """At most 25 MB together, as the wheel promises."""
    assert sum(path.stat().st_size for path in (SHIPPED, LAYERS, GRAPH)) <= 25_000_000


@pytest.mark.parametrize(
    ("prompt", "category"),
    [
        (Prompt("i need something that renames my photos by the date they were taken"),
         CODE_GENERATION),
        (Prompt("which app do you recommend for sorting photos by date?"), GENERAL_INSTRUCT),
        (Prompt("ich brauche was, das meine Rechnungen jeden Monat automatisch verschickt"),
         CODE_GENERATION),
        (Prompt("ok, mach es kürzer", previous_ask="Schreib eine Einladung zum Grillfest",
                previous_answer="Liebe Freunde, am Samstag grillen wir im Garten ...",
                has_assistant=True), MULTI_TURN_CHAT),
        (Prompt("still skips the last row", previous_ask="python: sum a column of a csv",
                previous_answer="import csv\nprint(sum(float(r[1]) for r in csv.reader(f)))",
                has_assistant=True, history_has_code=True, answer_has_code=True), CODE_EDIT),
    ],
)  # fmt: skip
def test_wishes_that_name_no_code_are_understood(prompt: Prompt, category: str) -> None:
    """What weights of words alone get wrong, in several languages."""
    assert load_classifier().second_look(prompt).category == category


@given(st.text(max_size=80), st.text(max_size=80), st.booleans())
def test_the_second_look_answers_every_prompt(ask: str, code: str, chat: bool) -> None:
    """Four probabilities that add up to one, and not-code by the roles alone."""
    verdict = _SHIPPED.second_look(Prompt(ask, code=code, has_assistant=chat))
    assert sum(verdict.probabilities.values()) == pytest.approx(1)
    assert verdict.probabilities[GENERAL_INSTRUCT if chat else MULTI_TURN_CHAT] == 0


def test_an_explanation_names_the_words_that_weighed() -> None:
    """Of a doubtful prompt: words of the ask, strongest first."""
    prompt = Prompt("i need something that renames my photos by date")
    found = _SHIPPED.explain(prompt)
    assert found.stage == "encoder"
    assert {each.feature for each in found.weighed} <= set(prompt.ask.split())
    strengths = [abs(each.weight) for each in found.weighed]
    assert strengths == sorted(strengths, reverse=True)


_SHIPPED = load_classifier()
