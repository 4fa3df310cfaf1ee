"""What users say about a callable, and which word counts."""

import copy
import functools
import importlib.util
from abc import ABCMeta
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

import pydantic.dataclasses
import pytest
from fastapi import Depends

from fastapi_fastdeps import (
    Candidate,
    Execution,
    FastDepsAPI,
    Inline,
    InlineMixin,
    Threaded,
    ThreadedMixin,
    all_classes,
    inline,
    markers,
    threaded,
)
from tests.harness.hops import ask, here

T = TypeVar("T")


def opinion(call: Callable[..., Any], *place: Any) -> Execution | None:
    return markers(Candidate(call, metadata=place))


def plain() -> str:
    return here()


@inline
def safe() -> str:
    return here()


@threaded
def blocking() -> str:
    return here()


@inline
class Page:
    def method(self) -> None: ...


@threaded
class Session: ...


def test_nothing_said_is_no_opinion() -> None:
    assert opinion(plain) is None
    assert opinion(object) is None
    assert opinion(len) is None


@pytest.mark.parametrize("marker", [Inline, Inline()])
def test_the_place_says_inline_by_the_class_or_an_instance(marker: Any) -> None:
    assert opinion(plain, marker) == Inline()


@pytest.mark.parametrize("marker", [Threaded, Threaded()])
def test_the_place_says_threaded_by_the_class_or_an_instance(marker: Any) -> None:
    assert opinion(plain, marker) == Threaded()


def test_the_place_outranks_the_decorator() -> None:
    assert opinion(safe, Threaded) == Threaded()
    assert opinion(blocking, Inline) == Inline()


def test_the_place_outranks_the_class() -> None:
    class Marked(InlineMixin): ...

    assert opinion(Page, Threaded) == Threaded()
    assert opinion(Marked, Threaded) == Threaded()


def test_other_metadata_at_the_place_says_nothing() -> None:
    assert opinion(plain, "inline", Depends(), object()) is None
    assert opinion(safe, "threaded", Depends()) == Inline()


def test_one_marker_twice_at_a_place_is_one_word() -> None:
    assert opinion(plain, Inline, Inline()) == Inline()


def test_a_decorator_speaks_for_functions_and_classes() -> None:
    assert opinion(safe) == Inline()
    assert opinion(blocking) == Threaded()
    assert opinion(Page) == Inline()
    assert opinion(Session) == Threaded()


@pytest.mark.parametrize("decorator", [inline, threaded])
def test_a_decorator_returns_the_same_object(decorator: Any) -> None:
    class Marked: ...

    def function() -> None: ...

    assert decorator(Marked) is Marked
    assert decorator(function) is function


def made_anew(made_from: type, metaclass: type[type] = type) -> type:
    """What `attrs.define` does, in short."""
    left_out = ("__dict__", "__weakref__", *vars(made_from).get("__slots__", ()))
    namespace = {name: value for name, value in vars(made_from).items() if name not in left_out}
    return metaclass(made_from.__name__, made_from.__bases__, namespace)


def wrapped_by_a_class(wrapped: type) -> type:
    class Wrapper: ...

    return functools.update_wrapper(Wrapper, wrapped, updated=())


def attrs_define(made_from: type) -> type:
    if importlib.util.find_spec("attrs") is None:
        pytest.skip("attrs is not installed")
    import attrs

    return attrs.define(made_from)


MAKERS: list[Callable[[type], type]] = [
    dataclass(slots=True),
    pydantic.dataclasses.dataclass(slots=True),
    attrs_define,
    made_anew,
    lambda made_from: made_anew(made_from, ABCMeta),
    lambda made_from: made_anew(dataclass(slots=True)(made_from)),
]


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize(("decorator", "expected"), [(inline, Inline()), (threaded, Threaded())])
def test_a_mark_holds_below_a_decorator_that_makes_the_class_anew(
    make: Callable[[type], type], decorator: Any, expected: Execution
) -> None:
    @decorator
    class Marked:
        value: int = 0

    made = make(Marked)
    assert made is not Marked
    assert opinion(made) == expected
    assert opinion(type("Below", (made,), {})) == expected
    assert all_classes(Candidate(made)) is None


def test_a_class_that_was_made_anew_can_be_marked_otherwise_below() -> None:
    @dataclass(slots=True)
    @inline
    class Safe:
        value: int = 0

    @dataclass(slots=True)
    @threaded
    class Below(Safe): ...

    assert opinion(Safe) == Inline()
    assert opinion(Below) == Threaded()


def test_a_class_that_wraps_a_class_takes_its_mark_and_passes_it_to_no_subclass() -> None:
    assert opinion(wrapped_by_a_class(Page)) == Inline()

    class Below(wrapped_by_a_class(Page)): ...  # type: ignore[misc]

    assert opinion(Below) is None


def test_a_copy_of_a_marked_instance_is_marked() -> None:
    class Checker:
        def __call__(self) -> None: ...

    for copied in (copy.copy, copy.deepcopy):
        assert opinion(copied(inline(Checker()))) == Inline()
        assert opinion(copied(threaded(functools.partial(plain)))) == Threaded()


def test_a_mark_that_wraps_copied_to_something_that_wraps_nothing_is_none() -> None:
    class Decorated:
        def __init__(self, function: Callable[..., Any]) -> None:
            functools.update_wrapper(self, function)
            del self.__dict__["__wrapped__"]

        def __call__(self) -> None: ...

    @functools.wraps(safe)
    def wrapper() -> None: ...

    del wrapper.__dict__["__wrapped__"]
    assert opinion(wrapper) is None
    assert opinion(Decorated(safe)) is None
    assert opinion(functools.wraps(inline(functools.partial(plain)))(functools.partial(id))) is None


def test_a_decorated_constructor_speaks_for_its_class() -> None:
    class Init:
        @inline
        def __init__(self) -> None: ...

    class New:
        @threaded
        def __new__(cls) -> "New":
            return super().__new__(cls)

    class Below(Init): ...

    @threaded
    class Nearer(Init): ...

    class Own(Init):
        @threaded
        def __init__(self) -> None: ...

    assert opinion(Init) == opinion(Below) == Inline()
    assert opinion(New) == opinion(Nearer) == opinion(Own) == Threaded()


def test_a_subclass_inherits_what_its_nearest_base_says() -> None:
    @threaded
    class Near(Page): ...

    class Below(Near): ...

    class Beside(Page): ...

    assert opinion(Beside) == Inline()
    assert opinion(Near) == Threaded()
    assert opinion(Below) == Threaded()


def test_a_class_outranks_its_bases() -> None:
    @inline
    class Safe(Session): ...

    assert opinion(Safe) == Inline()


def test_the_mro_decides_between_two_bases() -> None:
    class First(Page, Session): ...

    class Second(Session, Page): ...

    assert opinion(First) == Inline()
    assert opinion(Second) == Threaded()


def test_the_mixins_speak_as_bases() -> None:
    class Safe(InlineMixin): ...

    class Blocking(ThreadedMixin): ...

    class Nearer(Page, ThreadedMixin): ...

    class Further(ThreadedMixin, Page): ...

    assert opinion(Safe) == Inline()
    assert opinion(Blocking) == Threaded()
    assert opinion(Nearer) == Inline()
    assert opinion(Further) == Threaded()


def test_a_subclass_of_a_mixin_can_be_decorated_otherwise() -> None:
    @threaded
    class Blocking(InlineMixin): ...

    assert opinion(Blocking) == Threaded()


def test_the_mixins_take_no_room_in_instances() -> None:
    class Slotted(InlineMixin):
        __slots__ = ("value",)

    assert not hasattr(Slotted(), "__dict__")


def test_a_mark_holds_through_partial() -> None:
    assert opinion(functools.partial(safe)) == Inline()
    assert opinion(functools.partial(functools.partial(blocking))) == Threaded()
    assert opinion(functools.partial(Page)) == Inline()


def test_a_mark_on_a_partial_outranks_that_of_its_function() -> None:
    assert opinion(inline(functools.partial(blocking))) == Inline()
    assert opinion(blocking) == Threaded()


def test_a_mark_holds_through_wraps() -> None:
    @functools.wraps(safe)
    def wrapper() -> str:
        return safe()

    assert opinion(wrapper) == Inline()


def test_the_wrapper_outranks_what_it_wraps() -> None:
    @threaded
    @functools.wraps(safe)
    def wrapper() -> str:
        return safe()

    @inline
    @functools.wraps(blocking)
    def other() -> str:
        return blocking()

    assert opinion(wrapper) == Threaded()
    assert opinion(other) == Inline()
    assert opinion(safe) == Inline()


def test_a_mark_holds_for_bound_class_and_static_methods() -> None:
    class Service:
        @inline
        def bound(self) -> None: ...

        @inline
        @classmethod
        def inside(cls) -> None: ...

        @classmethod
        @inline
        def outside(cls) -> None: ...

        @inline
        @staticmethod
        def static() -> None: ...

        def unmarked(self) -> None: ...

    service = Service()
    assert opinion(service.bound) == Inline()
    assert opinion(Service.inside) == Inline()
    assert opinion(Service.outside) == Inline()
    assert opinion(Service.static) == Inline()
    assert opinion(service.unmarked) is None


def test_a_mark_on_a_class_says_nothing_of_its_other_methods() -> None:
    assert opinion(Page().method) is None


def test_a_callable_instance_is_judged_by_its_class() -> None:
    @inline
    class Checker:
        def __call__(self) -> None: ...

    class Other(InlineMixin):
        def __call__(self) -> None: ...

    assert opinion(Checker()) == Inline()
    assert opinion(Other()) == Inline()
    assert opinion(functools.partial(Checker())) == Inline()


def test_a_decorated_dunder_call_outranks_the_class() -> None:
    @inline
    class Checker:
        @threaded
        def __call__(self) -> None: ...

    assert opinion(Checker()) == Threaded()
    assert opinion(Checker) == Inline()


def test_a_decorated_instance_outranks_its_class() -> None:
    @threaded
    class Checker:
        def __call__(self) -> None: ...

    assert opinion(inline(Checker())) == Inline()
    assert opinion(Checker()) == Threaded()


def test_a_generic_alias_is_judged_by_its_class() -> None:
    @inline
    class Repo(Generic[T]): ...

    assert opinion(Repo[int]) == Inline()
    assert opinion(list[int]) is None


@pytest.mark.parametrize(("value", "expected"), [(True, Inline()), (False, Threaded())])
def test_markers_of_async_safe_dependencies_count_as_decorators(
    value: bool, expected: Execution
) -> None:
    def function() -> None: ...

    class Marked:
        __is_async_safe__ = value

    class Below(Marked): ...

    function.__is_async_safe__ = value  # type: ignore[attr-defined]
    assert opinion(function) == expected
    assert opinion(functools.partial(function)) == expected
    assert opinion(Marked) == expected
    assert opinion(Below) == expected


def test_a_marker_of_async_safe_dependencies_yields_to_the_place_and_to_a_nearer_class() -> None:
    class AsyncSafe:
        __is_async_safe__ = True

    @threaded
    class Below(AsyncSafe): ...

    assert opinion(AsyncSafe, Threaded) == Threaded()
    assert opinion(Below) == Threaded()


def test_each_level_of_precedence_holds_in_an_app() -> None:
    app = FastDepsAPI()

    @app.get("/")
    async def read(
        place: Annotated[str, Depends(blocking), Inline],
        against: Annotated[str, Depends(safe), Threaded],
        decorator: Annotated[str, Depends(safe, use_cache=False)],
        other: Annotated[str, Depends(blocking, use_cache=False)],
        nothing: Annotated[str, Depends(plain)],
    ) -> list[str]:
        return [place, against, decorator, other, nothing]

    assert ask(app) == (["loop", "thread", "loop", "thread", "thread"], 3)


def test_the_first_of_several_places_decides_for_a_value_that_they_share() -> None:
    app = FastDepsAPI()

    @app.get("/")
    async def read(
        first: Annotated[str, Depends(plain), Inline], second: Annotated[str, Depends(plain)]
    ) -> list[str]:
        return [first, second]

    assert ask(app) == (["loop", "loop"], 0)
