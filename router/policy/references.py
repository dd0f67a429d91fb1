"""Mistakes of reference: names that lead nowhere, keys that contradict each other.

In: the raw document, whatever its shape. Out: mistakes. Never: a mistake of shape (those are
pydantic's), and never an exception: this pass runs also over a file whose shape is wrong, so that
its author sees everything at once. (Pydantic's own after-validators would not: they do not run once
a field has failed.)
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from router.categories import CATEGORIES
from router.closed_sets import REASONS, SKIP_REASONS
from router.errors import (
    InvalidBodyError,
    Mistake,
    ModelMissingError,
    NeedUnmetError,
    NoBackendError,
    UnknownCategoryError,
    UnknownModelError,
)
from router.near_miss import near_miss
from router.policy.backend_rules import (
    Finding,
    Surroundings,
    backend_findings,
    is_file,
    name_problem,
)
from router.policy.policy import AUTO, DECLARED_PREFIX, REJECT
from router.yaml_source import Document

_MAX_ALIAS: Final = 200
_ERROR_CODES: Final = tuple(
    str(kind.code)
    for kind in (
        InvalidBodyError,
        ModelMissingError,
        UnknownModelError,
        UnknownCategoryError,
        NeedUnmetError,
        NoBackendError,
    )
)


def read_references(document: Document, around: Surroundings) -> list[Mistake]:
    """Return every mistake that takes two places of the document, or the world around it."""
    root = _mapping(document.data)
    backends = _mapping(root.get("backends"))
    found = [
        *_backends(backends, around),
        *_routes(_mapping(root.get("routes")), backends),
        *_backend_at(("default",), root.get("default"), backends),
        *_aliases(_mapping(root.get("aliases")), backends),
        *_unknown_models(root.get("unknown_models"), backends),
        *_weights(_mapping(root.get("classification")), around),
        *_tests(root.get("tests"), backends),
    ]
    return [document.mistake(trail, message) for trail, message in found]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _sequence(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _backends(backends: Mapping[str, Any], around: Surroundings) -> Iterator[Finding]:
    for name, entry in backends.items():
        problem = name_problem(name)
        if problem:
            yield ("backends", name), problem
        for trail, message in backend_findings(_mapping(entry), around):
            yield ("backends", name, *trail), message


def _backend_at(
    trail: tuple[str | int, ...], name: Any, backends: Mapping[str, Any]
) -> Iterator[Finding]:
    if isinstance(name, str) and name and name not in backends:
        yield trail, "names an unknown backend" + near_miss(name, backends)


def _category_at(trail: tuple[str | int, ...], name: Any) -> Iterator[Finding]:
    if isinstance(name, str) and name and name not in CATEGORIES:
        yield trail, "names an unknown category" + near_miss(name, CATEGORIES)


def _routes(routes: Mapping[str, Any], backends: Mapping[str, Any]) -> Iterator[Finding]:
    for category, names in routes.items():
        yield from _category_at(("routes", category), category)
        yield from _all_backends(("routes", category), _sequence(names), backends)


def _all_backends(
    trail: tuple[str | int, ...], names: Iterable[Any], backends: Mapping[str, Any]
) -> Iterator[Finding]:
    seen: list[Any] = []
    for index, name in enumerate(names):
        yield from _backend_at((*trail, index), name, backends)
        if name in seen:
            yield (*trail, index), "stands in this list twice"
        seen.append(name)


def _aliases(aliases: Mapping[str, Any], backends: Mapping[str, Any]) -> Iterator[Finding]:
    for alias, target in aliases.items():
        trail = ("aliases", alias)
        if alias == AUTO or alias.startswith(DECLARED_PREFIX):
            yield trail, "`auto` and `auto:…` have their own meaning and cannot be aliases"
        elif alias in backends:
            yield trail, "is a backend's name; an alias cannot hide it"
        elif not alias.isprintable() or not alias.strip() or len(alias) > _MAX_ALIAS:
            yield trail, f"a model's name is 1 to {_MAX_ALIAS} printable characters"
        yield from _target(trail, target, aliases, backends)


def _target(
    trail: tuple[str | int, ...],
    target: Any,
    aliases: Mapping[str, Any],
    backends: Mapping[str, Any],
) -> Iterator[Finding]:
    if not isinstance(target, str) or target == AUTO or target in backends:
        return
    if target.startswith(DECLARED_PREFIX):
        yield from _category_at(trail, target.removeprefix(DECLARED_PREFIX) or " ")
    elif target in aliases:
        yield trail, "leads to another alias; name `auto`, `auto:<category>` or a backend"
    elif target:
        known = (AUTO, *(DECLARED_PREFIX + category for category in CATEGORIES), *backends)
        yield trail, "leads nowhere" + near_miss(target, known)


def _unknown_models(value: Any, backends: Mapping[str, Any]) -> Iterator[Finding]:
    known = (REJECT, AUTO, *backends)
    if isinstance(value, str) and value and value not in known:
        yield ("unknown_models",), "is neither reject, auto nor a backend" + near_miss(value, known)


def _weights(classification: Mapping[str, Any], around: Surroundings) -> Iterator[Finding]:
    weights = classification.get("weights")
    if isinstance(weights, str) and weights and not is_file(around.folder, weights):
        trail = ("classification", "weights")
        yield trail, "there is no such file (paths start at the policy's folder)"


def _tests(tests: Any, backends: Mapping[str, Any]) -> Iterator[Finding]:
    for index, entry in enumerate(_sequence(tests)):
        if not isinstance(entry, dict):
            continue
        trail = ("tests", index)
        given = [key for key in ("ask", "request") if entry.get(key) is not None]
        if len(given) != 1:
            yield trail, "needs either `ask` or `request`"
        if not isinstance(entry.get("request"), str | dict | None):
            yield (*trail, "request"), "must be a request's body, or the path of a JSON file"
        for name in _mapping(entry.get("health")):
            yield from _backend_at((*trail, "health", name), name, backends)
        expect = entry.get("expect")
        if expect == {}:
            yield (*trail, "expect"), "expects nothing; name a category, a backend or an error"
        for below, message in _expectations(_mapping(expect), backends):
            yield (*trail, "expect", *below), message


def _expectations(expect: Mapping[str, Any], backends: Mapping[str, Any]) -> Iterator[Finding]:
    yield from _category_at(("category",), expect.get("category"))
    yield from _backend_at(("backend",), expect.get("backend"), backends)
    yield from _all_backends(("backends",), _sequence(expect.get("backends")), backends)
    yield from _one_of(("reason",), expect.get("reason"), REASONS)
    yield from _one_of(("error",), expect.get("error"), _ERROR_CODES)
    for name, reason in _mapping(expect.get("skipped")).items():
        yield from _backend_at(("skipped", name), name, backends)
        yield from _one_of(("skipped", name), reason, SKIP_REASONS)


def _one_of(trail: tuple[str | int, ...], value: Any, known: Iterable[str]) -> Iterator[Finding]:
    if isinstance(value, str) and value and value not in known:
        yield trail, "is not a known value" + near_miss(value, known)
