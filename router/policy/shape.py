"""Mistakes of shape: what pydantic finds, in words that a policy's author can use.

In: a YAML document. Out: a `PolicyFile`, or every mistake of shape with its line. Never: a value of
the file in a message; it may be a secret that was put in the wrong place.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from router.errors import Mistake
from router.near_miss import near_miss
from router.policy.schema import PolicyFile
from router.yaml_source import Document, Trail

_MESSAGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "missing": "is missing",
        "string_type": "must be text; a number or yes/no that is meant as text needs quotes",
        "bool_type": "must be true or false",
        "int_type": "must be a whole number, without quotes",
        "int_from_float": "must be a whole number",
        "float_type": "must be a number, without quotes",
        "finite_number": "must be a finite number",
        "greater_than": "must be greater than {gt:g}",
        "greater_than_equal": "must be at least {ge:g}",
        "less_than": "must be less than {lt:g}",
        "less_than_equal": "must be at most {le:g}",
        "literal_error": "must be {expected}",
        "dict_type": "must be a mapping (`key: value` lines, or {{}} for none)",
        "model_type": "must be a mapping (`key: value` lines)",
        "list_type": "must be a list (`[a, b]`)",
        "too_short": "must not be empty",
        "string_too_short": "must not be empty",
        "string_too_long": "is longer than {max_length} characters",
    },
)
"""Pydantic's error type → our words. https://docs.pydantic.dev/latest/errors/validation_errors/"""

_KEY_HINT: Final = (
    "; a key never stands in the file: put it in an environment variable and name that in "
    "`api_key_env`"
)


def read_shape(document: Document) -> tuple[PolicyFile | None, list[Mistake]]:
    """Return the checked file, or None and all mistakes of shape."""
    try:
        return PolicyFile.model_validate(document.data), []
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False, include_context=True)
        return None, [_mistake(document, detail) for detail in details]


def known_keys(trail: Trail) -> tuple[str, ...]:
    """Return the keys that the schema knows at `trail`, a way through a policy document."""
    model: type[BaseModel] | None = PolicyFile
    inside = False
    for step in trail:
        if model is None:
            return ()
        if inside:
            inside = False
            continue
        field = model.model_fields.get(str(step))
        model, inside = (None, False) if field is None else _nested(field.annotation)
    return () if model is None or inside else tuple(model.model_fields)


def _nested(annotation: Any) -> tuple[type[BaseModel] | None, bool]:
    """Return the model behind a field, and whether a name or an index stands before it."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    models = [
        argument
        for argument in get_args(annotation)
        if isinstance(argument, type) and issubclass(argument, BaseModel)
    ]
    return (models[0], True) if models else (None, False)


def _mistake(document: Document, detail: ErrorDetails) -> Mistake:
    trail: Trail = tuple(detail["loc"])
    if detail["type"] == "extra_forbidden":
        return document.mistake(trail, _unknown_key(trail))
    template = _MESSAGES.get(detail["type"])
    message = template.format_map(detail.get("ctx", {})) if template else detail["msg"]
    if trail and trail[-1] == "api_key":
        message += _KEY_HINT
    return document.mistake(trail, message)


def _unknown_key(trail: Trail) -> str:
    return "unknown key" + near_miss(str(trail[-1]), known_keys(trail[:-1]))
