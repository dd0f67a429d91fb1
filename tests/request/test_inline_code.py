"""Code on the same line as words: what is taken for it, and what must not be."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.request import read_body, read_prompt
from router.request.inline_code import holds_inline, split_line

_CODE = [
    ("Refactor this function: def f(x): return x+1", "def f(x): return x+1"),
    ("what does `x = [i for i in range(3)]` print", "x = [i for i in range(3)]"),
    ("fix: SELECT * FORM users", "SELECT * FORM users"),
    ("for i in range(10) print(i)   doesn't run??", "for i in range(10) print(i)"),
    (
        "make this faster df.apply(lambda r: r.a+r.b, axis=1)",
        "df.apply(lambda r: r.a+r.b, axis=1)",
    ),
    ("def area(r): return 3*r*2   <- what is it for 5?", "def area(r): return 3*r*2"),
    ("const x = 1; x = 2; why error", "const x = 1; x = 2;"),
    (".menu{position:sticky} no se queda pegado", ".menu{position:sticky}"),
    ('=SUMIF(A:A;"x";B:B) gives #NAME', '=SUMIF(A:A;"x";B:B)'),
    ("excel meldet #WERT bei =WENN(A1>5;1;2) warum?", "=WENN(A1>5;1;2)"),
    ("^\\d{3}-\\d{4}$ doesn't match 555-1234", "^\\d{3}-\\d{4}$"),
    ('<div class="a"><p>hi</div> fix it', '<div class="a"><p>hi</div>'),
    ('这个为什么报错 print("a" + 1)', 'print("a" + 1)'),
    ("select a, b from t where a = null returns nothing why?", "select a, b from t where a = null"),
]
_PROSE = [
    "Remind me: the meeting is at 10:30 (room 4), not 9:00",
    "Look at https://example.com/a?b=c&d=e and tell me :)",
    "what is f(x)=x+1 at x = 3?",
    "solve 3x + 5 = 20 and y = 2(x - 1)",
    "note: return the form by Friday",
    '{"name": "Ann", "age": 3} turn this into a table',
    "[1, 2, 3] what is the mean?",
    "Dear Ann: please select a colour from the list and update the form",
    "what does map() do? and `async`?",
    "the file(s) in question (see above) <3",
    "I have 3 kids = a lot of work; please help",
    "y = sin(x) + cos(x), derivative?",
    "class today: we learned about volcanoes",
    "for kids in school: what lunch?",
    "let x = the number of apples",
    "import duties from China: how much?",
    "cat videos | dog videos, which one",
    "Tom -> Anna => Berlin",
    "Delete from my list the following: eggs",
    "update: set the table at 5",
    "find the value of k such that k^2 - 5k = 0",
]


@pytest.mark.parametrize(("line", "code"), _CODE)
def test_code_beside_words_is_taken_out(line: str, code: str) -> None:
    """Between backticks, after a colon, before the words, after them."""
    raw = json.dumps({"messages": [{"role": "user", "content": line}]}).encode()
    prompt = read_prompt(read_body(raw))
    assert prompt.code == code
    assert code not in prompt.ask
    assert holds_inline(line)


@pytest.mark.parametrize("line", _PROSE)
def test_words_with_signs_stay_words(line: str) -> None:
    """Times, links, faces, maths, JSON, and words that languages of programs use too."""
    assert split_line(line) is None
    assert not holds_inline(line)


@settings(deadline=None)
@given(st.text(alphabet="`=(){};:<>[]|\\\\ abfor.in?select*+-1", max_size=120))
def test_any_line_is_taken_apart_without_adding_to_it(line: str) -> None:
    """What is left and what is taken out come from the line."""
    pieces = split_line(line)
    if pieces is not None:
        assert pieces.code
        assert len(pieces.prose) + len(pieces.code) <= len(line) + 2
