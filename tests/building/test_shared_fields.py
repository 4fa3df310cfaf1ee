"""Fields that are like others have the validator that Pydantic made for one of them."""

import pickle
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Literal, Optional

import pytest
from fastapi import APIRouter, Body, FastAPI, Path, Query, params
from fastapi._compat import ModelField, v2
from fastapi.dependencies import utils as dependencies
from fastapi.testclient import TestClient
from pydantic import BaseModel, Field, TypeAdapter

from fastapi_fastdeps import FastDepsAPI
from fastapi_fastdeps._fastapi import fields
from fastapi_fastdeps._fastapi.fields import sharing
from fastapi_fastdeps._fastapi.names import shared_fields

pytestmark = pytest.mark.skipif(not shared_fields, reason="each route asks Pydantic itself")


class Item(BaseModel):
    name: str
    price: Decimal = Field(default=Decimal(1), ge=0)


ANNOTATIONS: list[Any] = [
    int,
    bool,
    Decimal,
    int | None,
    Optional[int],  # noqa: UP045
    int | str,
    str | int,
    list[int],
    list[int] | None,
    Literal["a", 1],
    Literal["a", True],
    Item,
    list[Item],
    dict[str, Item],
    Annotated[int, Query(ge=1)],
    Annotated[int, Query(ge=True)],
    Annotated[int, Query(ge=1.0)],
    Annotated[str, Query(alias="x", description="d", min_length=1)],
    Annotated[Item, Body(embed=True)],
]
DEFAULTS: list[Any] = [..., None, 1, True, 0.0, -0.0, 1.0, float("nan"), "a", "1"]


def routes_of(app: FastAPI, annotation: Any, default: Any, *, times: int = 1) -> list[Any]:
    for _ in range(times):

        def endpoint(value: Any, number: int) -> Any: ...

        endpoint.__annotations__.update(value=annotation, **{"return": annotation})
        if default is not ...:
            endpoint.__defaults__ = (default, 1)
        app.post("/{number}")(endpoint)
    return app.routes[-times:]


def fields_of(route: Any) -> list[ModelField]:
    tree = route.dependant
    found = [*tree.path_params, *tree.query_params, *tree.body_params]
    return [*found, route.response_field, *filter(None, [route.body_field])]


def told(field: Any) -> str:
    info = field.field_info
    slots = {name: getattr(info, name) for base in type(info).__mro__ for name in slots_of(base)}
    adapter = vars(field._type_adapter)
    # A schema names classes by their address.
    return re.sub(
        r"\d{6,}",
        "",
        repr(
            [
                type(field),
                [*vars(field)],
                (field.name, field.mode, field.config),
                (type(info), slots, getattr(info, "__dict__", None)),
                [*adapter],
                (adapter["_type"], adapter["core_schema"], adapter["_module_name"]),
            ]
        ),
    )


def slots_of(kind: type) -> tuple[str, ...]:
    return tuple(vars(kind).get("__slots__", ()))


@pytest.mark.parametrize("annotation", ANNOTATIONS, ids=repr)
def test_every_field_is_as_fastapi_makes_it(annotation: Any) -> None:
    app = FastDepsAPI()
    for default in [*DEFAULTS, *DEFAULTS]:
        (ours,) = routes_of(app, annotation, default)
        (theirs,) = routes_of(FastAPI(), annotation, default)
        assert [*map(told, fields_of(ours))] == [*map(told, fields_of(theirs))]


@pytest.mark.parametrize("annotation", ANNOTATIONS[:14], ids=repr)
def test_pydantic_is_asked_once(annotation: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = routes_of(FastDepsAPI(), annotation, ..., times=2)
    pairs = list(zip(fields_of(first), fields_of(second), strict=True))
    assert pairs
    for one, other in pairs:
        assert one is not other
        assert one.field_info is not other.field_info
        assert one.field_info.metadata is not other.field_info.metadata
        assert one._type_adapter is not other._type_adapter
        assert one._type_adapter.validator is other._type_adapter.validator


def test_what_is_changed_in_one_route_is_changed_in_no_other() -> None:
    app = FastDepsAPI()
    first, second = routes_of(app, int, 1, times=2)
    (field,) = first.dependant.query_params
    field.field_info.alias = "changed"
    field.field_info.metadata.append("changed")
    field._type_adapter.validator = TypeAdapter(str).validator
    (third,) = routes_of(app, int, 1)
    for route in (second, third):
        (field,) = route.dependant.query_params
        assert (field.alias, field.field_info.metadata) == ("value", [])
        assert field.validate("2", {}, loc=()) == (2, [])


def test_a_model_that_was_built_anew_is_another() -> None:
    class Model(BaseModel):
        value: int

    app = FastDepsAPI()
    (first,) = routes_of(app, Model, ...)
    Model.model_fields["value"].annotation = str
    Model.model_rebuild(force=True)
    (second,) = routes_of(app, Model, ...)
    (expected,) = routes_of(FastAPI(), Model, ...)
    assert "int" in told(first.body_field)
    assert told(second.body_field) == told(expected.body_field) != told(first.body_field)


@pytest.mark.parametrize(
    ("holder", "name"),
    [
        (v2, "ModelField"),
        (v2, "TypeAdapter"),
        (v2, "Field"),
        (dependencies, "create_model_field"),
        (dependencies, "is_scalar_field"),
        (dependencies, "analyze_param"),
        (params.Query, "__init__"),
    ],
)
def test_whoever_replaces_what_makes_a_field_is_asked_for_each(
    holder: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: dict[type, int] = {}
    original: Callable[..., Any] = getattr(holder, name)
    for make in (FastAPI, FastDepsAPI):
        app = make()
        routes_of(app, int, 1, times=2)
        calls[make] = 0

        def counting(*args: Any, make: type = make, **options: Any) -> Any:
            calls[make] += 1
            return original(*args, **options)

        with monkeypatch.context() as patch:
            patch.setattr(holder, name, counting)
            routes_of(app, int, 1, times=2)
    assert calls[FastAPI] == calls[FastDepsAPI] > 0


def test_a_replacement_has_left_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(dependencies, "is_scalar_field", lambda _: False)
        with pytest.raises(AssertionError):
            routes_of(FastDepsAPI(), int, 1)
    assert routes_of(FastDepsAPI(), int, 1)


def test_included_routes_share_with_those_of_the_app() -> None:
    app, router = FastDepsAPI(), APIRouter()

    def read(number: Annotated[int, Path(ge=1)], limit: int = 10) -> int:
        return number + limit

    for index in range(3):
        router.get(f"/{index}/{{number}}")(read)
    app.include_router(router, prefix="/shop")
    client = TestClient(app)
    assert client.get("/shop/2/1?limit=2").json() == 3
    assert client.get("/shop/2/0").status_code == 422
    assert app.openapi()["paths"].keys() == {f"/shop/{index}/{{number}}" for index in range(3)}


def test_what_is_known_of_a_model_is_known_to_the_app_alone() -> None:
    class Model(BaseModel):
        value: int

    app = FastDepsAPI()
    routes_of(app, Model, ..., times=2)
    router: Any = app.router
    assert "Model" in str(router.known_fields)
    assert "Model" not in str(fields._everywhere)
    assert not pickle.loads(pickle.dumps(router.__getstate__()["known_fields"]))


def test_a_method_of_somebody_elses_is_left_alone() -> None:
    method = FastAPI().openapi
    assert sharing(method) is method
