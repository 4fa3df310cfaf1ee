"""Every kind of request parameter: how it is written, and what requests carry for it."""

from dataclasses import dataclass
from typing import Any, Literal

Place = Literal["path", "query", "header", "cookie", "json", "form"]
Pairs = tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class FieldKind:
    """`{name}` is the parameter's name, `{wire}` the name with hyphens.

    `good` and `bad` hold what one request carries: pairs for what is flat, values for JSON.
    """

    place: Place
    annotation: str
    default: str | None = None
    good: tuple[Any, ...] = ()
    bad: tuple[Any, ...] = ()
    mutable: bool = False

    @property
    def plain(self) -> bool:
        """Neither a marker of FastAPI nor a model: any class can have it as a field."""
        return self.place == "query" and "Query" not in self.annotation and not self.mutable


@dataclass(frozen=True)
class File:
    """A part of a multipart body."""

    filename: str
    content: bytes
    content_type: str = "text/plain"


def _one(*values: Any, key: str = "{name}") -> tuple[Pairs, ...]:
    return tuple(((key, value),) for value in values)


def _twice(first: Any, second: Any, key: str = "{name}") -> tuple[Pairs]:
    return (((key, first), (key, second)),)


_PATH = {
    "path int": FieldKind("path", "int", None, ("7",), ("seven",)),
    "path str": FieldKind("path", "str", None, ("seven", "7", "%C3%A4")),
    "path small": FieldKind("path", "Annotated[int, Path(le=9)]", None, ("7",), ("10", "x")),
    "path checked": FieldKind(
        "path", "Annotated[str, Path(), AfterValidator(reject_bad)]", None, ("fine",), ("bad",)
    ),
}

_QUERY = {
    "int": FieldKind("query", "int", None, _one("7"), (*_one("x", ""), *_twice("1", "x"))),
    "int default": FieldKind("query", "int", "5", _one("7"), _one("x")),
    "str": FieldKind("query", "str", None, (*_one("text", "ä b"), *_twice("one", "two"))),
    "str or none": FieldKind("query", "str | None", "None", _one("text", "")),
    "bool": FieldKind("query", "bool", "False", _one("yes", "0"), _one("maybe")),
    "float": FieldKind("query", "float", "1.5", _one("2.5", "inf"), _one("much")),
    "uuid": FieldKind(
        "query", "UUID", None, _one("12345678-1234-5678-1234-567812345678"), _one("1234")
    ),
    "date": FieldKind("query", "date | None", "None", _one("2024-02-29"), _one("2023-02-29")),
    "literal": FieldKind("query", "Literal['on', 'off']", "'on'", _one("off"), _one("dim")),
    "enum": FieldKind("query", "Colour", "Colour.RED", _one("blue"), _one("green")),
    "int limits": FieldKind(
        "query", "Annotated[int, Query(ge=0, le=100)]", "3", _one("100"), _one("101", "-1", "x")
    ),
    "str alias": FieldKind(
        "query",
        "Annotated[str, Query(alias='{wire}-alias', min_length=2)]",
        None,
        _one("text", key="{wire}-alias"),
        (*_one("t", key="{wire}-alias"), *_one("by name")),
    ),
    "alias choices": FieldKind(
        "query",
        "Annotated[int, Query(validation_alias=AliasChoices('{name}-1', '{name}-2'))]",
        "0",
        (*_one("1", key="{name}-1"), *_one("2", key="{name}-2")),
        ((("{name}-1", "x"), ("{name}-2", "2")), *_one("3")),
    ),
    "validation alias": FieldKind(
        "query",
        "Annotated[int, Query(validation_alias='{name}V')]",
        None,
        _one("1", key="{name}V"),
        _one("1"),
    ),
    "ints": FieldKind(
        "query", "Annotated[list[int], Query()]", None, _twice("1", "2"), _twice("1", "x")
    ),
    "ints default": FieldKind(
        "query", "Annotated[list[int], Query()]", "[1]", _twice("1", "2"), _one("x"), mutable=True
    ),
    "strs factory": FieldKind(
        "query", "Annotated[list[str], Query(default_factory=fresh)]", None, _twice("a", "b")
    ),
    "set": FieldKind("query", "Annotated[set[str], Query()]", None, _twice("a", "a"), ((),)),
    "tuple": FieldKind(
        "query",
        "Annotated[tuple[int, ...], Query(max_length=1)]",
        "()",
        _one("1"),
        (*_twice("1", "2"), *_one("x")),
    ),
    "strs or none": FieldKind(
        "query", "Annotated[list[str] | None, Query()]", "None", _twice("a", "b")
    ),
    "json": FieldKind(
        "query", "Annotated[Json[list[int]], Query()]", None, _one("[1, 2]"), _one("[1", '["x"]')
    ),
    "before": FieldKind(
        "query", "Annotated[int, Query(), BeforeValidator(strip_hash)]", "1", _one("#7"), _one("#x")
    ),
    "before, default validated": FieldKind(
        "query",
        "Annotated[int, Query(validate_default=True), BeforeValidator(strip_hash)]",
        "'#x'",
        _one("#7"),
    ),
    "after": FieldKind(
        "query",
        "Annotated[str, Query(), AfterValidator(reject_bad)]",
        None,
        _one("fine"),
        _one("bad"),
    ),
    "hidden": FieldKind("query", "Annotated[int, Query(include_in_schema=False)]", "1", _one("2")),
    "deprecated": FieldKind(
        "query", "Annotated[int, Query(deprecated=True, title='Old')]", "1", _one("2")
    ),
    "filter": FieldKind(
        "query",
        "Annotated[Filter, Query()]",
        None,
        (
            (("limit", "3"), ("tags", "a"), ("tags", "b")),
            (("firstName", "Ada"), ("either_b", "b")),
        ),
        ((("limit", "0"), ("tags", "a")), (("limit", "x"),)),
    ),
    "filter or none": FieldKind(
        "query", "Annotated[Filter | None, Query()]", "None", ((("limit", "3"),),), _one("x")
    ),
    "strict filter": FieldKind(
        "query",
        "Annotated[StrictFilter, Query()]",
        None,
        ((("page", "3"), ("size", "#9")),),
        ((("page", "3"), ("more", "1")), (("size", "x"),)),
    ),
    "open filter": FieldKind(
        "query",
        "Annotated[OpenFilter, Query()]",
        None,
        ((("page", "3"), ("other", "a"), ("other", "b")),),
        ((("page", "x"),),),
    ),
    "named filter": FieldKind(
        "query",
        "Annotated[NamedFilter, Query()]",
        None,
        ((("fromPage", "1"),), (("from_page", "2"),)),
        ((("fromPage", "x"), ("from_page", "2")),),
    ),
}

_HEADER = {
    "header": FieldKind(
        "header", "Annotated[str, Header()]", None, (*_one("text", key="{wire}"),), ()
    ),
    "header int": FieldKind(
        "header",
        "Annotated[int, Header()]",
        "1",
        _one("7", key="{wire}"),
        (*_one("x", key="{wire}"), *_twice("1", "2", key="{wire}")),
    ),
    "header underscores": FieldKind(
        "header",
        "Annotated[str, Header(convert_underscores=False)]",
        "'none'",
        _one("text"),
        _one("text", key="{wire}"),
    ),
    "header alias": FieldKind(
        "header", "Annotated[str, Header(alias='X-{wire}')]", None, _one("text", key="X-{wire}")
    ),
    "headers list": FieldKind(
        "header",
        "Annotated[list[int], Header()]",
        None,
        _twice("1", "2", key="{wire}"),
        _twice("1", "x", key="{wire}"),
    ),
    "header model": FieldKind(
        "header",
        "Annotated[Headers, Header()]",
        None,
        ((("x-token", "t"), ("x-list", "1"), ("x-list", "2")),),
        ((("x_token", "t"),), (("x-token", "t"), ("x-list", "x"))),
    ),
}

_COOKIE = {
    "cookie": FieldKind("cookie", "Annotated[str | None, Cookie()]", "None", _one("text")),
    "cookie alias": FieldKind(
        "cookie",
        "Annotated[int, Cookie(alias='{name}-token')]",
        None,
        _one("7", key="{name}-token"),
        _one("x", key="{name}-token"),
    ),
    "cookie model": FieldKind(
        "cookie",
        "Annotated[Cookies, Cookie()]",
        None,
        ((("session", "s"), ("visits", "3")),),
        ((("visits", "x"),),),
    ),
}

_ITEM = {"name": "box", "price": 2, "tags": ["a", "a"]}
_JSON = {
    "item": FieldKind(
        "json", "Item", None, (_ITEM, {"name": "cup"}), ({"name": "x"}, {"price": -1}, [], "item")
    ),
    "item or none": FieldKind("json", "Item | None", "None", (_ITEM, None), ({"price": -1},)),
    "item embedded": FieldKind(
        "json", "Annotated[Item, Body(embed=True)]", None, (_ITEM,), ({"name": 1},)
    ),
    "nested": FieldKind(
        "json",
        "Nested",
        None,
        ({"item": _ITEM, "items": [_ITEM]},),
        ({"item": _ITEM, "items": [{"name": "x"}, {"price": "x"}]}, {}),
    ),
    "consuming": FieldKind(
        "json",
        "Consuming",
        None,
        ({"name": "box", "secret": "s", "note": "n"},),
        ({"name": "box", "note": "n"}, {"name": "box", "secret": "s", "note": "forbidden"}),
    ),
    "items": FieldKind("json", "list[Item]", None, ([_ITEM, _ITEM],), ([_ITEM, 1], {})),
    "body int": FieldKind("json", "Annotated[int, Body()]", None, (7, "7"), ("x", None, 1.5)),
    "body limits": FieldKind("json", "Annotated[int, Body(gt=3)]", "4", (7,), (3,)),
    "body alias": FieldKind(
        "json", "Annotated[str, Body(alias='bodyAlias')]", None, ("text",), (1,)
    ),
    "body dict": FieldKind("json", "dict[str, int]", None, ({"a": 1},), ({"a": "x"}, [])),
    "body any": FieldKind("json", "Annotated[Any, Body()]", "None", ({"a": 1}, None, [1])),
    "body factory": FieldKind(
        "json", "Annotated[list[str], Body(default_factory=fresh)]", None, (["a"],), ([1],)
    ),
}

_FORM = {
    "form": FieldKind("form", "Annotated[str, Form()]", None, _one("text"), _one("")),
    "form int": FieldKind("form", "Annotated[int, Form()]", "3", _one("7", ""), _one("x")),
    "form list": FieldKind(
        "form", "Annotated[list[int], Form()]", None, _twice("1", "2"), _twice("1", "x")
    ),
    "form alias": FieldKind(
        "form", "Annotated[str, Form(alias='formAlias')]", None, _one("text", key="formAlias")
    ),
    "form model": FieldKind(
        "form",
        "Annotated[Login, Form()]",
        None,
        ((("username", "ada"), ("roles", "a"), ("roles", "b"), ("userAge", "3")),),
        ((("username", "ada"), ("userAge", "x")), (("roles", "a"),)),
    ),
    "form model or none": FieldKind(
        "form", "Annotated[Login | None, Form()]", "None", ((("username", "ada"),),), _one("x")
    ),
    "file": FieldKind("form", "UploadFile", None, _one(File("a.txt", b"text")), _one("text")),
    "file or none": FieldKind(
        "form", "UploadFile | None", "None", _one(File("a.txt", b"text"), File("", b""))
    ),
    "file bytes": FieldKind(
        "form", "Annotated[bytes, File()]", None, _one(File("a.bin", b"\x00\xff")), ()
    ),
    "files": FieldKind(
        "form",
        "list[UploadFile]",
        None,
        _twice(File("a.txt", b"a"), File("b.txt", b"b")),
        _twice(File("a.txt", b"a"), "text"),
    ),
    "upload": FieldKind(
        "form",
        "Annotated[Upload, Form()]",
        None,
        ((("title", "t"), ("attachment", File("a.txt", b"text"))),),
        ((("title", "t"),),),
    ),
}

FIELDS: dict[str, FieldKind] = {**_PATH, **_QUERY, **_HEADER, **_COOKIE, **_JSON, **_FORM}


def kinds_at(*places: Place) -> list[str]:
    return [kind for kind, field in FIELDS.items() if field.place in places]


def filled(text: str, name: str) -> str:
    return text.replace("{name}", name).replace("{wire}", name.replace("_", "-"))
