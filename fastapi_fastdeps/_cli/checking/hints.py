"""What annotations say."""

import ast
import sys
import types
import typing
from collections.abc import AsyncGenerator, Generator, Iterator, Mapping
from typing import Any

from fastapi import params

from fastapi_fastdeps._cli.checking.values import NOTHING, Of
from fastapi_fastdeps._reading.once import once
from fastapi_fastdeps._reading.source import module_of

_GENERATORS = (Generator, AsyncGenerator)
_ANYTHING = (object, Any, params.Depends)


def instance(annotation: Any) -> Any:
    """An instance of what an annotation names, if that is one class."""
    if typing.get_origin(annotation) is typing.Annotated:
        annotation = typing.get_args(annotation)[0]
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        rest = [each for each in arguments if each is not type(None)]
        return instance(rest[0]) if len(rest) == 1 else NOTHING
    if isinstance(annotation, typing.TypeVar):
        bound = annotation.__bound__
        return NOTHING if bound is None else instance(bound)
    kind = origin or annotation
    if isinstance(kind, type) and not any(kind is each for each in _ANYTHING):
        is_one_kind = len(arguments) == 1 or (kind is tuple and arguments[1:] == (...,))
        is_one_kind = is_one_kind or (kind in _GENERATORS and bool(arguments))
        return Of(kind, instance(arguments[0]) if is_one_kind else NOTHING)
    return NOTHING


@once
def hints_of(what: Any) -> dict[str, Any]:
    """Its annotations; where one of them means nothing when the program runs, those that do, and
    those that name what its module imports for type checkers alone."""
    try:
        return typing.get_type_hints(what, include_extras=True)
    except Exception:
        return dict(_each_by_itself(what))


def _each_by_itself(what: Any) -> Iterator[tuple[str, Any]]:
    for owner in reversed(what.__mro__) if isinstance(what, type) else (what,):
        namespace = _namespace(owner)
        try:
            annotations = _annotations(owner)
        except (AttributeError, NameError):
            continue
        for name, annotation in annotations.items():
            one = types.SimpleNamespace(__annotations__={name: annotation})
            try:
                yield from typing.get_type_hints(one, namespace, include_extras=True).items()
            except Exception:
                continue


def _annotations(owner: Any) -> dict[str, Any]:
    """Its own alone: a class without any has those of its base."""
    given: dict[str, Any]
    if isinstance(owner, type):
        given = vars(owner).get("__annotations__", {})
    else:
        given = owner.__annotations__
    return given


def _namespace(owner: Any) -> dict[str, Any]:
    """The names that annotations in a module may have, those for type checkers included."""
    module = sys.modules.get(getattr(owner, "__module__", None) or "")
    names = {} if module is None else vars(module)
    return {**_for_checkers(names), **names}


@once
def _for_checkers(names: Mapping[str, Any]) -> dict[str, Any]:
    """What a module imports below `if TYPE_CHECKING`, as far as somebody else has imported it."""
    file = names.get("__file__")
    module = module_of(file, dict(names)) if isinstance(file, str) else None
    found: dict[str, Any] = {}
    for statement in module.body if module is not None else ():
        if isinstance(statement, ast.If) and _is_for_checkers(statement.test):
            for each in statement.body:
                if isinstance(each, ast.Import | ast.ImportFrom):
                    found.update(imports(each, names))
    return found


def _is_for_checkers(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def imports(node: ast.Import | ast.ImportFrom, names: Mapping[str, Any]) -> dict[str, Any]:
    """What an import binds in a module with these names; `NOTHING` for what has not been
    imported."""
    if isinstance(node, ast.Import):
        return {
            each.asname or each.name.partition(".")[0]: sys.modules.get(
                each.name if each.asname else each.name.partition(".")[0], NOTHING
            )
            for each in node.names
        }
    source = node.module or ""
    if node.level:
        package = str(names.get("__package__") or "").split(".")
        source = ".".join((*package[: len(package) - node.level + 1], *filter(None, (source,))))
    found: dict[str, Any] = {}
    for each in node.names:
        held = getattr(sys.modules.get(source), each.name, NOTHING)
        if held is NOTHING:
            held = sys.modules.get(f"{source}.{each.name}", NOTHING)
        found[each.asname or each.name] = held
    return found
