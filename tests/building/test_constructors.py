"""`FastDepsAPI(...)` and `FastDepsRouter(...)` take what the installed FastAPI takes."""

import inspect
import runpy
import typing
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI, __version__

from fastapi_fastdeps import FastDepsAPI, FastDepsRouter, all_classes
from fastapi_fastdeps._building import constructors
from fastapi_fastdeps._fastapi import names
from fastapi_fastdeps._fastapi.versions import NEWEST

OURS = [
    "self",
    "classifier",
    "fuse_visits",
    "limiters",
    "thread_tokens",
    "thread_context",
    "guard",
]
VARIADIC = inspect.Parameter.VAR_KEYWORD

PAIRS = [("TypedFastAPI", FastAPI), ("TypedAPIRouter", APIRouter)]


@pytest.fixture
def spelt_out(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What type checkers see of the module."""
    if _numbers(__version__) < _numbers(NEWEST):
        pytest.skip("an older FastAPI lacks some of the types")
    form_limits = import_module("fastapi._form_limits")._FormLimits
    monkeypatch.setattr(names, "FormLimits", form_limits, raising=False)
    monkeypatch.setattr(typing, "TYPE_CHECKING", True)
    return runpy.run_path(constructors.__file__)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:3] if part.isdigit())


def named(constructor: Callable[..., None]) -> dict[str, inspect.Parameter]:
    parameters = inspect.signature(constructor).parameters
    return {
        name: parameter
        for name, parameter in parameters.items()
        if parameter.kind is not VARIADIC and name not in OURS
    }


def check_spelt_out(spelt: type[Any], fastapis: type[Any]) -> None:
    missing = named(fastapis.__init__).keys() - named(spelt.__init__).keys()
    assert not missing, (
        f"{fastapis.__name__} takes {sorted(missing)}, which type checkers don't know of yet "
        f"(at run time it works). Add it to {spelt.__name__} in "
        "fastapi_fastdeps/_building/constructors.py: its type, its default, and a line "
        "under `Args:`."
    )


@pytest.mark.parametrize(("name", "fastapis"), PAIRS)
def test_every_argument_of_the_installed_fastapi_is_spelt_out_for_checkers(
    spelt_out: dict[str, Any], name: str, fastapis: type[Any]
) -> None:
    check_spelt_out(spelt_out[name], fastapis)


@pytest.mark.parametrize(("name", "fastapis"), PAIRS)
def test_the_types_and_defaults_are_those_of_fastapi(
    spelt_out: dict[str, Any], name: str, fastapis: type[Any]
) -> None:
    ours, theirs = named(spelt_out[name].__init__), named(fastapis.__init__)
    our_types = typing.get_type_hints(spelt_out[name].__init__)
    their_types = typing.get_type_hints(fastapis.__init__)
    for argument in ours.keys() & theirs.keys():
        assert our_types[argument] == their_types[argument], argument
        if argument != "route_class":
            assert ours[argument].default == theirs[argument].default, argument


@pytest.mark.parametrize(("name", "fastapis"), PAIRS)
def test_no_argument_is_spelt_out_that_fastapi_has_dropped(
    spelt_out: dict[str, Any], name: str, fastapis: type[Any]
) -> None:
    assert named(spelt_out[name].__init__).keys() <= named(fastapis.__init__).keys()


@pytest.mark.parametrize("name", ["TypedFastAPI", "TypedAPIRouter"])
def test_every_argument_has_a_line_of_documentation(spelt_out: dict[str, Any], name: str) -> None:
    constructor = spelt_out[name].__init__
    documentation = inspect.getdoc(constructor) or ""
    arguments = documentation.partition("Args:")[2]
    documented = [line.strip().partition(":")[0] for line in arguments.splitlines()]
    for argument in inspect.signature(constructor).parameters:
        assert argument == "self" or documented.count(argument) == 1, argument


@pytest.mark.parametrize(
    ("ours", "fastapis"), [(FastDepsAPI, FastAPI), (FastDepsRouter, APIRouter)]
)
def test_help_shows_the_documentation_of_fastapi_and_the_classifier(
    ours: type[Any], fastapis: type[Any]
) -> None:
    shown = inspect.signature(ours).parameters
    theirs = inspect.signature(fastapis).parameters
    own = [name for name in shown if name not in theirs]
    assert own == [name for name in OURS if name in own]
    assert list(shown) == [*own, *theirs]
    for name, parameter in theirs.items():
        assert shown[name].annotation is parameter.annotation


def test_an_argument_that_only_a_newer_fastapi_knows_reaches_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: dict[str, Any] = {}

    def newer(constructor: Callable[..., None]) -> Callable[..., None]:
        def __init__(self: Any, *, colour: str = "", **options: Any) -> None:  # noqa: N807
            seen[type(self).__name__] = colour
            constructor(self, **options)

        return __init__

    monkeypatch.setattr(FastAPI, "__init__", newer(FastAPI.__init__))
    monkeypatch.setattr(APIRouter, "__init__", newer(APIRouter.__init__))
    options: Any = {"classifier": all_classes}
    app = FastDepsAPI(colour="red", **options)  # type: ignore[call-arg]  # not spelt out
    router = FastDepsRouter(colour="blue", **options)  # type: ignore[call-arg]  # not spelt out

    assert seen["FastDepsAPI"] == "red"
    assert seen["FastDepsRouter"] == "blue"
    assert app.classifier is router.classifier is all_classes


@pytest.mark.parametrize(("name", "fastapis"), PAIRS)
def test_a_new_argument_of_fastapi_is_noticed(
    spelt_out: dict[str, Any], name: str, fastapis: type[Any]
) -> None:
    class Newer(fastapis):  # type: ignore[misc]  # a base that is known at run time only
        def __init__(self, *, colour: str = "", **options: Any) -> None: ...

    with pytest.raises(AssertionError, match=rf"Newer takes \['colour'\].*{name} in"):
        check_spelt_out(spelt_out[name], Newer)


def test_a_class_in_the_place_of_fastapis_may_take_anything() -> None:
    # OpenTelemetry's instrumentation puts one there.
    def instrumented(self: Any, *args: Any, **options: Any) -> None: ...
    def own(self: Any, *, classifier: Any = None, **options: Any) -> None: ...

    shown = constructors.signature_with(own, instrumented)
    assert [*shown.parameters] == ["self", "args", "classifier", "options"]
