"""Puts marks into source, and changes nothing else."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import libcst as cst
from libcst.helpers import get_full_name_for_node
from libcst.metadata import MetadataWrapper, PositionProvider

_OURS = "fastapi_fastdeps"
_MARKERS = {"inline": "Inline", "threaded": "Threaded"}
_ROUTES = frozenset(
    {
        "api_route", "delete", "exception_handler", "get", "head", "middleware", "options", "patch",
        "post", "put", "route", "trace", "websocket", "websocket_route",
    }
)  # fmt: skip

Item = TypeVar("Item", cst.ImportAlias, cst.SubscriptElement)


@dataclass(frozen=True, slots=True)
class Mark:
    """What is to be marked, and how.

    Attributes:
        definition: its qualified name in its file.
        line: where it begins, its decorators included.
        decorator: `inline` or `threaded`.
    """

    definition: str
    line: int
    decorator: str


def marked(source: str, marks: Sequence[Mark]) -> str:
    """A module with what is named marked, and what that needs imported.

    By a decorator; or, in a module that marks places more often than it decorates, at the places
    in it, `Annotated[..., Depends(name), Inline]`, if there are some. What is marked at all of its
    places is left alone, and so is what does not stand where it stood when it was measured.
    """
    wrapper = MetadataWrapper(cst.parse_module(source))
    names = _Names()
    wrapper.module.visit(names)
    found = _Found(names)
    wrapper.module.visit(found)
    marking = _Marking(marks, names, found)
    module = wrapper.visit(marking)
    needed = sorted(each for each in marking.used if each not in names.ours)
    if names.imports is not None:
        return module.visit(_Importing(names, needed)).code
    return _with_import(module, names, needed).code if needed else module.code


class _Names(cst.CSTVisitor):
    """What a module calls the marks.

    Attributes:
        ours: the names by which they are imported.
        imports: the first import of this package's names.
        bound: all other names that the module binds at its top.
    """

    def __init__(self) -> None:
        self.ours: dict[str, str] = {}
        self.imports: cst.ImportFrom | None = None
        self.bound: set[str] = set()

    def renamed(self, name: str) -> str | None:
        """What a mark is to be imported as, where its name means something else."""
        return f"fastdeps_{name}" if name in self.bound else None

    def local(self, name: str) -> str:
        """The name of a mark here, which may still have to be imported."""
        return self.ours.get(name) or self.renamed(name) or name

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:  # noqa: N802
        self.bound.add(node.name.value)
        return False

    def visit_ClassDef(self, node: cst.ClassDef) -> bool:  # noqa: N802
        self.bound.add(node.name.value)
        return False

    def visit_AssignTarget(self, node: cst.AssignTarget) -> None:  # noqa: N802
        if isinstance(node.target, cst.Name):
            self.bound.add(node.target.value)

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:  # noqa: N802
        if isinstance(node.names, cst.ImportStar):
            return False
        is_ours = isinstance(node.module, cst.Name) and node.module.value == _OURS
        if is_ours and self.imports is None:
            self.imports = node
        for alias in node.names:
            name = alias.evaluated_name
            local = alias.evaluated_alias or name
            if is_ours and name in (*_MARKERS, *_MARKERS.values()):
                self.ours[name] = local
            else:
                self.bound.add(local)
        return False

    def visit_Import(self, node: cst.Import) -> bool:  # noqa: N802
        self.bound.update(
            alias.evaluated_alias or alias.evaluated_name.partition(".")[0] for alias in node.names
        )
        return False


@dataclass
class _Places:
    """`Annotated[..., Depends(name)]` of one name: how many, with a mark and without one."""

    marked: int = 0
    unmarked: int = 0


@dataclass
class _Found(cst.CSTVisitor):
    """How a module marks."""

    names: _Names
    decorators: int = 0
    places: dict[str, _Places] = field(default_factory=dict[str, _Places])

    def visit_Decorator(self, node: cst.Decorator) -> None:  # noqa: N802
        name = get_full_name_for_node(node.decorator)
        self.decorators += name in {self.names.ours.get(each) for each in _MARKERS}

    def visit_Subscript(self, node: cst.Subscript) -> None:  # noqa: N802
        name = _depended_on(node)
        if name is not None:
            places = self.places.setdefault(name, _Places())
            if _is_marked(node, self.names):
                places.marked += 1
            else:
                places.unmarked += 1

    @property
    def is_by_place(self) -> bool:
        return sum(each.marked for each in self.places.values()) > self.decorators


def _depended_on(node: cst.Subscript) -> str | None:
    """The name that stands in the `Depends` of an `Annotated`."""
    if _last_name(node.value) != "Annotated":
        return None
    for item in _items(node):
        match item:
            case cst.Call(func=func, args=[cst.Arg(value=cst.Name(value=name)), *_]) if _last_name(
                func
            ) in ("Depends", "Security"):
                return name
            case _:
                pass
    return None


def _is_marked(node: cst.Subscript, names: _Names) -> bool:
    marks = {names.ours.get(each) for each in _MARKERS.values()}
    items = (item.func if isinstance(item, cst.Call) else item for item in _items(node))
    return any(isinstance(item, cst.Name) and item.value in marks for item in items)


def _items(node: cst.Subscript) -> Iterator[cst.BaseExpression]:
    for each in node.slice:
        if isinstance(each.slice, cst.Index):
            yield each.slice.value


def _last_name(node: cst.BaseExpression) -> str:
    return (get_full_name_for_node(node) or "").rpartition(".")[2]


def _with_import(module: cst.Module, names: _Names, needed: Sequence[str]) -> cst.Module:
    """The module with an import more, after those that it begins with."""
    at = 0
    for number, statement in enumerate(module.body, 1):
        match statement:
            case cst.SimpleStatementLine(body=[cst.Import() | cst.ImportFrom(), *_]):
                at = number
            case cst.SimpleStatementLine(body=[cst.Expr(value=cst.SimpleString())]) if number == 1:
                at = number
            case _:
                break
    made = cst.ImportFrom(cst.Name(_OURS), [_imported(name, names) for name in needed])
    line = cst.SimpleStatementLine([made])
    return module.with_changes(body=[*module.body[:at], line, *module.body[at:]])


def _imported(name: str, names: _Names) -> cst.ImportAlias:
    renamed = names.renamed(name)
    return cst.ImportAlias(cst.Name(name), cst.AsName(cst.Name(renamed)) if renamed else None)


class _Importing(cst.CSTTransformer):
    """Adds names to the import of this package's that there is."""

    def __init__(self, names: _Names, needed: Sequence[str]) -> None:
        self._names = names
        self._needed = needed

    def leave_ImportFrom(  # noqa: N802
        self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom
    ) -> cst.ImportFrom:
        imports, given = self._names.imports, updated_node.names
        if imports is None or isinstance(given, cst.ImportStar):
            return updated_node
        if not self._needed or not original_node.deep_equals(imports):
            return updated_node
        aliases = list(given)
        for name in self._needed:
            aliases = _appended(aliases, _imported(name, self._names))
        self._needed = ()
        return updated_node.with_changes(names=aliases)


def _appended(items: Iterable[Item], new: Item) -> list[Item]:
    """The items with one more, laid out as they are."""
    before: list[Item] = list(items)
    last = before[-1]
    between = before[0].comma if len(before) > 1 else _COMMA
    before[-1] = last.with_changes(comma=between)
    before.append(new.with_changes(comma=last.comma))
    return before


_COMMA = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))


class _Marking(cst.CSTTransformer):
    """Marks what is named.

    Attributes:
        used: the names of this package that it has put in.
    """

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, marks: Sequence[Mark], names: _Names, found: _Found) -> None:
        super().__init__()
        self.used: set[str] = set()
        self._names = names
        self._within: list[str] = []
        self._decorators: dict[tuple[str, int], str] = {}
        self._places: dict[str, str] = {}
        for mark in marks:
            places = found.places.get(mark.definition)
            if places is None or (places.unmarked and not found.is_by_place):
                self._decorators[mark.definition, mark.line] = mark.decorator
            elif places.unmarked:
                self._places[mark.definition] = _MARKERS[mark.decorator]

    def leave_Subscript(  # noqa: N802
        self, original_node: cst.Subscript, updated_node: cst.Subscript
    ) -> cst.Subscript:
        marker = self._places.get(_depended_on(original_node) or "")
        if marker is None or _is_marked(original_node, self._names):
            return updated_node
        self.used.add(marker)
        element = cst.SubscriptElement(cst.Index(cst.Name(self._names.local(marker))))
        return updated_node.with_changes(slice=_appended(updated_node.slice, element))

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:  # noqa: N802
        self._within += [node.name.value, "<locals>"]

    def visit_ClassDef(self, node: cst.ClassDef) -> None:  # noqa: N802
        self._within += [node.name.value]

    def leave_FunctionDef(  # noqa: N802
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.FunctionDef:
        del self._within[-2:]
        decorators = self._decorated(original_node)
        if decorators is None:
            return updated_node
        return updated_node.with_changes(decorators=decorators)

    def leave_ClassDef(  # noqa: N802
        self, original_node: cst.ClassDef, updated_node: cst.ClassDef
    ) -> cst.ClassDef:
        self._within.pop()
        decorators = self._decorated(original_node)
        return (
            updated_node if decorators is None else updated_node.with_changes(decorators=decorators)
        )

    def _decorated(self, node: cst.FunctionDef | cst.ClassDef) -> list[cst.Decorator] | None:
        """The decorators with one more, below what makes a route of it, and above all that may make
        something else of it; `None` if it is not to be marked, or does not stand where it stood."""
        name = ".".join((*self._within, node.name.value))
        places = [(name, self._line(each)) for each in (node, *node.decorators)]
        decorator = next((self._decorators[at] for at in places if at in self._decorators), None)
        is_async = isinstance(node, cst.FunctionDef) and node.asynchronous is not None
        if decorator is None or is_async:
            return None
        self.used.add(decorator)
        given = list(node.decorators)
        routes = [number for number, each in enumerate(given, 1) if _makes_a_route(each)]
        at = routes[-1] if routes else 0
        return [*given[:at], cst.Decorator(cst.Name(self._names.local(decorator))), *given[at:]]

    def _line(self, node: cst.CSTNode) -> int:
        position: Any = self.get_metadata(PositionProvider, node)
        line: int = position.start.line
        return line


def _makes_a_route(decorator: cst.Decorator) -> bool:
    match decorator.decorator:
        case cst.Call(func=cst.Attribute(attr=cst.Name(value=name))):
            return name in _ROUTES
        case _:
            return False
