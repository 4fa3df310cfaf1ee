"""Random parameters and bodies, read by a plan and by FastAPI's solver, whichever FastAPI there is:
`python -m tests.plan.readings FIRST LAST`."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Body, Cookie, Depends, FastAPI, File, Form, Header, Query, UploadFile
from fastapi.testclient import TestClient
from pydantic import AfterValidator, AliasChoices, BaseModel, ConfigDict, Field, Json

from fastapi_fastdeps import FastDepsAPI, everything
from fastapi_fastdeps._serving.current import CurrentPlan
from tests.harness.seeds import compare_seeds

_NAMES: Final = ("a", "b_c", "d", "e_f")
_WORDS: Final = ("", "1", "2.5", "x", "true", "null", "[1]", '{"a": 1}', " ", "é")
_events: list[Any] = []


class Plain(BaseModel):
    a: int = 1
    b_c: str | None = None


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")
    a: int = 1
    e_f: list[str] = []


class Open(BaseModel):
    model_config = ConfigDict(extra="allow", populate_by_name=True)
    d: str = Field("-", alias="b-c")


MODELS: Final = (Plain, Strict, Open, Plain | None, Strict | Plain)


def noted(value: Any) -> Any:
    _events.append(("validated", repr(value)))
    return value


class Copied:
    """A default that is seen to be copied."""

    def __deepcopy__(self, _: Any) -> int:
        _events.append("copied")
        return 5


def made() -> int:
    _events.append("made")
    return 7


TYPES: Final[tuple[Any, ...]] = (
    *(int, float, str, bool, int | None, int | str, list[int], list[str] | None),
    *(Annotated[int, AfterValidator(noted)], Annotated[str | None, AfterValidator(noted)]),
    *(Json[list[int]], Any),
)
DEFAULTS: Final = (1, 2.5, "x", True, None, [1], Copied())


@dataclass(frozen=True, slots=True)
class Taken:
    """A parameter: its name, its annotation and its default, `...` for none."""

    name: str
    annotation: Any
    default: Any


def _taken(random: Random, name: str, kind: Callable[..., Any], *, model: bool) -> Taken:
    options: dict[str, Any] = {}
    if kind is Header and random.random() < 0.3:
        options["convert_underscores"] = False
    if model:
        model_default: Any = random.choice((..., ..., None))
        return Taken(name, Annotated[random.choice(MODELS), kind(**options)], model_default)
    if random.random() < 0.25:
        options["alias"] = random.choice(("z", *_NAMES))
    elif random.random() < 0.15:
        options["validation_alias"] = random.choice(("z", AliasChoices("z", "y")))
    if random.random() < 0.2:
        options["le"] = 3
    annotation = random.choice(TYPES)
    default: Any = random.choice((..., *DEFAULTS))
    if default is not ... and random.random() < 0.3:
        default, options["default_factory"] = ..., made
    return Taken(name, Annotated[annotation, kind(**options)], default)


def _function(random: Random, body: bool) -> Callable[..., Any]:
    kinds = [kind for kind in (Query, Header, Cookie) if random.random() < 0.6]
    taken: list[Taken] = []
    for kind in kinds:
        names = iter(_NAMES)
        if random.random() < 0.35:
            taken.append(_taken(random, f"{kind.__name__}_m".lower(), kind, model=True))
        if not taken or taken[-1].name[-2:] != "_m" or random.random() < 0.5:
            taken += [
                _taken(random, f"{next(names)}_{kind.__name__[0]}".lower(), kind, model=False)
                for _ in range(random.randint(1, 2))
            ]
    if body:
        kind = random.choice((Body, Body, Form))
        for name in random.sample(("one", "two", "a"), random.choice((1, 1, 2))):
            taken.append(_taken(random, name, kind, model=random.random() < 0.6))
        if kind is Form and random.random() < 0.4:
            taken.append(Taken("file", Annotated[UploadFile | None, File()], None))
    return _written(taken)


def _written(taken: list[Taken]) -> Callable[..., Any]:
    parameters = sorted(taken, key=lambda each: each.default is not ...)
    namespace: dict[str, Any] = {"shown": _shown}
    written: list[str] = []
    for each in parameters:
        namespace[f"T_{each.name}"], namespace[f"D_{each.name}"] = each.annotation, each.default
        default = "" if each.default is ... else f" = D_{each.name}"
        written.append(f"{each.name}: T_{each.name}{default}")
    values = ", ".join(f"{each.name!r}: {each.name}" for each in parameters)
    source = f"def read({', '.join(written)}):\n    return shown({{{values}}})\n"
    exec(source, namespace)  # a signature of any parameters
    function: Callable[..., Any] = namespace["read"]
    return function


def _shown(values: dict[str, Any]) -> Any:
    return {name: f"{type(value).__name__} {value!r}" for name, value in values.items()}


def _route(first: Callable[..., Any], second: Callable[..., Any]) -> Callable[..., Any]:
    def route(one: Annotated[Any, Depends(first)], other: Annotated[Any, Depends(second)]) -> Any:
        return [one, other]

    return route


def app_of(seed: int, make: Callable[[], FastAPI]) -> FastAPI:
    """An app with the routes of a seed."""
    random = Random(seed)
    app = make()
    for number in range(3):
        has_body = random.random() < 0.6
        below = _function(random, has_body and random.random() < 0.3)
        endpoint = _function(random, has_body)

        app.add_api_route(
            f"/{number}", _route(endpoint, below), methods=["POST" if has_body else "GET"]
        )
    return app


def _requests(seed: int) -> list[tuple[int, dict[str, Any]]]:
    random = Random(~seed)
    names = [*_NAMES, "z", "y", "b-c", "e-f", *(f"{n}_{k}" for n in _NAMES for k in "qhc")]

    def pairs() -> list[tuple[str, str]]:
        return [(random.choice(names), random.choice(_WORDS)) for _ in range(random.randint(0, 4))]

    found: list[tuple[int, dict[str, Any]]] = []
    for _ in range(12):
        headers = [
            *((name.encode(), value.encode("latin-1")) for name, value in pairs()),
            *(
                (name.replace("_", "-").encode(), value.encode("latin-1"))
                for name, value in pairs()
            ),
        ]
        cookie = "; ".join(f"{name}={value}" for name, value in pairs() if value.isalnum())
        if cookie:
            headers.append((b"cookie", cookie.encode("latin-1")))
        sent: dict[str, Any] = {"headers": headers}
        kind = random.choice(("json", "json", "form", "none", "odd"))
        if kind == "json":
            headers.append((b"content-type", b"application/json"))
            sent["content"] = json.dumps(
                random.choice((None, 1, [], {}, dict(pairs()), {"one": dict(pairs()), "two": 1}))
            )
        elif kind == "form":
            headers.append((b"content-type", b"application/x-www-form-urlencoded"))
            sent["content"] = urlencode(pairs())
        elif kind == "odd":
            sent["content"] = random.choice((b"{", b"x=1", b"null"))
        found.append((random.randrange(3), {**sent, "params": pairs()}))
    return found


def _outcome(seed: int, make: Callable[[], FastAPI]) -> object:
    _events.clear()
    try:
        app = app_of(seed, make)
    except Exception as error:
        return type(error)
    client = TestClient(app, raise_server_exceptions=False)
    answers: list[Any] = []
    for number, sent in _requests(seed):
        method = "POST" if "content" in sent else "GET"
        for each in (method, "POST"):
            response = client.request(each, f"/{number}", **sent)
            answers.append((response.status_code, response.text, tuple(_events)))
            _events.clear()
    return answers


def _inline() -> FastAPI:
    return FastDepsAPI(classifier=everything)


def differs(seed: int) -> bool:
    """Whether a plan reads anything of a seed otherwise than FastAPI's solver."""
    before, CurrentPlan.from_request = CurrentPlan.from_request, 1
    try:
        expected = _outcome(seed, FastAPI)
        return any(_outcome(seed, make) != expected for make in (FastDepsAPI, _inline))
    finally:
        CurrentPlan.from_request = before


if __name__ == "__main__":
    sys.exit(bool(compare_seeds("tests.plan.readings", __doc__, differs)))
