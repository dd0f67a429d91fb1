"""Measures a function: how long its parameter list is, how deep it nests.

In: syntax trees. Out: numbers. Never: an opinion; `rules.py` holds the budgets.
"""

import ast
from collections.abc import Iterator
from typing import TypeAlias

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

_BLOCKS = (
    ast.If,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.With,
    ast.AsyncWith,
    ast.Try,
    ast.TryStar,
    ast.Match,
)


def functions(tree: ast.Module) -> Iterator[Function]:
    """Yield every function and method, nested ones too."""
    for node in ast.walk(tree):
        if isinstance(node, Function):
            yield node


def parameters(function: Function) -> int:
    """Count the parameters, `*args` and `**kwargs` as one each, without a method's receiver."""
    args = function.args
    listed = [*args.posonlyargs, *args.args]
    received = bool(listed) and listed[0].arg in {"self", "cls"}
    stars = sum(1 for star in (args.vararg, args.kwarg) if star is not None)
    return len(listed) - received + len(args.kwonlyargs) + stars


def nesting(function: Function) -> int:
    """Return how many blocks stand inside each other at the deepest place.

    An `elif` is as deep as its `if`, and a function within a function is measured by itself.
    """
    return max((_depth(child) for child in function.body), default=0)


def _depth(node: ast.AST) -> int:
    if isinstance(node, Function | ast.Lambda | ast.ClassDef):
        return 0
    own = 1 if isinstance(node, _BLOCKS) else 0
    deepest = 0
    for child in ast.iter_child_nodes(node):
        is_elif = (
            isinstance(node, ast.If)
            and isinstance(child, ast.If)
            and node.orelse == [child]
            and child.col_offset == node.col_offset
        )
        deepest = max(deepest, _depth(child) - (1 if is_elif else 0))
    return own + deepest
