"""What clients may ask for by name."""

from collections.abc import Mapping
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from router.errors import (
    ModelMissingError,
    RequestError,
    UnknownBackendError,
    UnknownCategoryError,
    UnknownModelError,
)
from router.policy import Policy, Wish, listed_models, read_wish
from router.types import ChatRequest
from tests.policy.writing import backend, policy_of


def policy(unknown_models: str = "reject") -> Policy:
    """Return a policy with two backends and three aliases."""
    return policy_of(
        backend("llama"),
        backend("coder"),
        aliases={"gpt-4o": "auto", "code": "auto:code-edit", "o1": "coder"},
        unknown_models=unknown_models,
    )


def request(model: str | None, *, unreadable: bool = False) -> ChatRequest:
    """Return a request for a model."""
    return ChatRequest(raw=b"{}", body={}, model=model, stream=False, unreadable=unreadable)


WISHES: Final[Mapping[tuple[str | None, str | None, str | None], Wish]] = {
    # model, x-router-category, x-router-backend
    ("auto", None, None): Wish(),
    ("auto:code-edit", None, None): Wish(declared="code-edit"),
    ("coder", None, None): Wish(pin="coder"),
    ("gpt-4o", None, None): Wish(),
    ("code", None, None): Wish(declared="code-edit"),
    ("o1", None, None): Wish(pin="coder"),
    ("auto", "code-generation", None): Wish(declared="code-generation"),
    ("auto:code-edit", "code-generation", None): Wish(declared="code-generation"),
    ("coder", "code-generation", None): Wish(declared="code-generation", pin="coder"),
    ("auto", None, "llama"): Wish(pin="llama"),
    ("coder", None, "llama"): Wish(pin="llama"),
    ("no such model", None, "llama"): Wish(pin="llama"),
    (None, "code-edit", "llama"): Wish(declared="code-edit", pin="llama"),
    ("auto", " ", ""): Wish(),
    ("auto", " code-edit ", None): Wish(declared="code-edit"),
}


@pytest.mark.parametrize(("said", "wish"), WISHES.items())
def test_what_a_client_says_is_understood(
    said: tuple[str | None, str | None, str | None], wish: Wish
) -> None:
    """Model names, aliases and the two headers, alone and against each other."""
    model, declared, pinned = said
    assert read_wish(policy(), request(model), declared, pinned) == wish


@pytest.mark.parametrize("model", ["gpt-5", "", "AUTO", "auto ", "Llama", None])
def test_unknown_names_follow_the_policy(model: str | None) -> None:
    """`auto` classifies them, a backend takes them, `reject` refuses them."""
    assert read_wish(policy("auto"), request(model), None, None) == Wish()
    taken = Wish(pin="coder", pin_reason="unknown_model")
    assert read_wish(policy("coder"), request(model), None, None) == taken
    with pytest.raises(ModelMissingError if model is None else UnknownModelError) as caught:
        read_wish(policy(), request(model), None, None)
    assert caught.value.status == (400 if model is None else 404)
    assert caught.value.param == "model"


@pytest.mark.parametrize(
    ("model", "declared", "pinned", "kind", "words"),
    [
        ("lama", None, None, UnknownModelError, "did you mean `llama`?"),
        ("gpt-9", None, None, UnknownModelError, "`gpt-4o`"),
        ("zzzzz", None, None, UnknownModelError, "there are: auto, auto:general-instruct"),
        (None, None, None, ModelMissingError, "`auto` lets the router choose"),
        ("auto:edit", None, None, UnknownCategoryError, "code-edit"),
        ("auto:", None, None, UnknownCategoryError, "there are: general-instruct"),
        ("auto", "code", None, UnknownCategoryError, "did you mean `code-generation`?"),
        ("auto", None, "code", UnknownBackendError, "did you mean `coder`?"),
        ("auto", None, "http://evil/v1", UnknownBackendError, "there are: llama, coder"),
    ],
)
def test_what_is_not_there_is_refused_with_what_is(
    model: str | None,
    declared: str | None,
    pinned: str | None,
    kind: type[RequestError],
    words: str,
) -> None:
    """Each refusal says what can be asked for."""
    with pytest.raises(kind) as caught:
        read_wish(policy(), request(model), declared, pinned)
    assert words in caught.value.message


def test_an_unreadable_body_without_a_name_is_not_refused() -> None:
    """Nobody could read its model's name; it goes to the default."""
    assert read_wish(policy(), request(None, unreadable=True), None, None) == Wish()
    assert read_wish(policy(), request("coder", unreadable=True), None, None) == Wish(pin="coder")


@given(st.text(max_size=200))
@example("long" * 500)
@example("\ud800\r\n\x00")
def test_a_clients_words_are_shortened_and_printable_in_messages(words: str) -> None:
    """Nothing that a client sends can flood or break a message."""
    for said in (
        (f"x{words}", None, None),
        ("auto", f"x{words}", None),
        ("auto", None, f"x{words}"),
    ):
        with pytest.raises(RequestError) as caught:
            read_wish(policy(), request(said[0]), said[1], said[2])
        assert caught.value.message.isprintable()
        assert len(caught.value.message) < 400


def test_models_are_listed_in_order() -> None:
    """`auto` and its declarations, then aliases, then backends."""
    assert listed_models(policy()) == (
        "auto",
        "auto:general-instruct",
        "auto:multi-turn-chat",
        "auto:code-generation",
        "auto:code-edit",
        "gpt-4o",
        "code",
        "o1",
        "llama",
        "coder",
    )
    for name in listed_models(policy()):
        read_wish(policy(), request(name), None, None)
