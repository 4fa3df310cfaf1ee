"""`dependency_overrides`: found by the original callable, classified like what they replace."""

from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient

from fastapi_fastdeps import (
    FastDepsAPI,
    FastDepsError,
    Inline,
    Threaded,
    all_classes,
    inline,
    threaded,
)
from tests.harness.hops import ask, everything, here, hops

pytestmark = pytest.mark.usefixtures("both_lanes")


def plain() -> str:
    return f"plain {here()}"


@inline
def safe() -> str:
    return f"safe {here()}"


@threaded
def blocking() -> str:
    return f"blocking {here()}"


async def awaited() -> str:
    return f"awaited {here()}"


def fake() -> str:
    return f"fake {here()}"


@inline
def safe_fake() -> str:
    return f"safe fake {here()}"


@threaded
def blocking_fake() -> str:
    return f"blocking fake {here()}"


async def awaited_fake() -> str:
    return f"awaited fake {here()}"


def generator_fake() -> Iterator[str]:
    yield f"generator fake {here()}"


async def awaited_generator_fake() -> AsyncIterator[str]:
    yield f"awaited generator fake {here()}"


class ClassFake(str):
    def __new__(cls) -> "ClassFake":
        return super().__new__(cls, f"class fake {here()}")


class CallableFake:
    def __call__(self) -> str:
        return f"callable fake {here()}"


def app_with(original: Callable[..., Any], *place: Any, **options: Any) -> FastDepsAPI:
    app = FastDepsAPI(**options)

    @app.get("/")
    async def read(value: Annotated[Any, Depends(original), *place]) -> Any:
        return value

    return app


def answer(app: FastDepsAPI, original: Any, override: Any) -> Any:
    app.dependency_overrides[original] = override
    return ask(app)[0]


@pytest.mark.parametrize(
    ("original", "place", "override", "expected"),
    [
        # Without an opinion about the override, the decision of what it replaces.
        (safe, (), fake, "fake loop"),
        (blocking, (), fake, "fake thread"),
        (plain, (), fake, "fake thread"),
        (awaited, (), fake, "fake thread"),
        # The override's own marker goes first,
        (safe, (), blocking_fake, "blocking fake thread"),
        (blocking, (), safe_fake, "safe fake loop"),
        (plain, (), safe_fake, "safe fake loop"),
        (awaited, (), safe_fake, "safe fake loop"),
        # and that of the place before it.
        (plain, (Inline,), fake, "fake loop"),
        (plain, (Inline,), blocking_fake, "blocking fake loop"),
        (safe, (Threaded,), fake, "fake thread"),
        (safe, (Threaded,), safe_fake, "safe fake thread"),
        # Async overrides are awaited, whatever is said.
        (safe, (), awaited_fake, "awaited fake loop"),
        (plain, (), awaited_fake, "awaited fake loop"),
        (plain, (Inline,), awaited_fake, "awaited fake loop"),
        (plain, (Threaded,), awaited_fake, "awaited fake loop"),
        # Any kind of callable overrides any other.
        (safe, (), generator_fake, "generator fake loop"),
        (plain, (), generator_fake, "generator fake thread"),
        (safe, (), awaited_generator_fake, "awaited generator fake loop"),
        (safe, (), ClassFake, "class fake loop"),
        (plain, (), ClassFake, "class fake thread"),
        (safe, (), CallableFake(), "callable fake loop"),
        (safe, (), partial(fake), "fake loop"),
        (plain, (), inline(partial(fake)), "fake loop"),
    ],
)
def test_an_override_is_classified_like_what_it_replaces(
    original: Any, place: tuple[Any, ...], override: Any, expected: str
) -> None:
    assert answer(app_with(original, *place), original, override) == expected


def test_the_classifier_is_asked_about_the_override() -> None:
    assert answer(app_with(plain, classifier=all_classes), plain, ClassFake) == "class fake loop"
    assert answer(app_with(plain, classifier=everything), plain, fake) == "fake loop"


@pytest.mark.parametrize("override", [fake, generator_fake, safe_fake, awaited_fake])
def test_an_override_of_an_inline_place_takes_no_thread(override: Any) -> None:
    app = app_with(safe)
    app.dependency_overrides[safe] = override
    assert ask(app)[1] == 0


def test_an_inline_generator_is_overridden_and_neither_entered_nor_left() -> None:
    log: list[str] = []

    @inline
    def session() -> Iterator[str]:
        log.append("entered")
        yield "session"

    def fake_session() -> Iterator[str]:
        log.append(f"enter {here()}")
        yield "fake"
        log.append(f"leave {here()}")

    app = app_with(session)
    assert answer(app, session, fake_session) == "fake"
    assert log == ["enter loop", "leave loop"]


@pytest.mark.parametrize("lifespan", [False, True])
def test_overrides_hold_with_and_without_lifespan(lifespan: bool) -> None:
    app = app_with(safe)
    app.dependency_overrides[safe] = fake
    client = TestClient(app)
    if lifespan:
        with client:
            assert client.get("/").json() == "fake loop"
    else:
        assert client.get("/").json() == "fake loop"


def test_overrides_may_change_between_requests() -> None:
    app = app_with(safe)
    with TestClient(app) as client, hops() as sent:

        def read() -> str:
            text: str = client.get("/").json()
            return text

        assert read() == "safe loop"
        app.dependency_overrides[safe] = fake
        assert read() == read() == "fake loop"
        app.dependency_overrides[safe] = lambda: "other"
        assert read() == "other"
        app.dependency_overrides = {safe: safe_fake}
        assert read() == "safe fake loop"
        app.dependency_overrides[plain] = fake
        assert read() == "safe fake loop"
        app.dependency_overrides.clear()
        assert read() == "safe loop"
    assert sent == []


def test_an_override_of_something_else_changes_nothing() -> None:
    app = app_with(safe)
    app.get("/endpoint")(inline(partial(plain)))
    app.dependency_overrides[blocking] = fake
    assert ask(app) == ("safe loop", 0)
    assert ask(app, "/endpoint") == ("plain loop", 0)


def test_the_dependencies_of_an_override_are_classified_in_their_own_places() -> None:
    def inner(value: Annotated[str, Depends(plain), Inline], q: str) -> list[str]:
        return [value, q, here()]

    def nested_fake(
        first: Annotated[list[str], Depends(inner), Inline],
        second: Annotated[str, Depends(safe)],
        third: Annotated[str, Depends(plain, use_cache=False)],
        old: str = Depends(blocking),
    ) -> list[Any]:
        return [first, second, third, old, here()]

    app = app_with(replaced)
    app.dependency_overrides[replaced] = nested_fake
    expected = [
        ["plain loop", "x", "loop"],
        "safe loop",
        "plain thread",
        "blocking thread",
        "loop",
    ]
    assert ask(app, "/?q=x") == (expected, 2)


@inline
def replaced() -> str:
    raise AssertionError("not overridden")


def test_a_dependency_of_an_inline_dependency_is_overridden() -> None:
    @inline
    def outer(value: Annotated[str, Depends(replaced)]) -> list[str]:
        return [value, here()]

    app = app_with(outer)
    assert answer(app, replaced, fake) == ["fake loop", "loop"]


def test_a_dependency_of_an_override_is_overridden_in_turn() -> None:
    def chained(value: Annotated[str, Depends(replaced)]) -> list[str]:
        return [value, here()]

    app = app_with(safe)
    app.dependency_overrides[replaced] = fake
    assert answer(app, safe, chained) == ["fake loop", "loop"]


def test_an_override_is_called_once_for_all_who_share_it() -> None:
    calls: list[str] = []

    def counted() -> int:
        calls.append(here())
        return len(calls)

    app = FastDepsAPI()

    def outer(value: Annotated[int, Depends(replaced)]) -> int:
        return value

    @app.get("/")
    async def read(
        outer: Annotated[int, Depends(outer), Inline],
        value: Annotated[int, Depends(replaced)],
        own: Annotated[int, Depends(replaced, use_cache=False)],
    ) -> list[int]:
        return [outer, value, own]

    assert answer(app, replaced, counted) == [1, 1, 2]
    assert calls == ["loop", "loop"]


def test_openapi_does_not_change_with_overrides() -> None:
    app, stock = app_with(safe), app_with(safe)
    app.dependency_overrides[safe] = lambda q: q
    assert app.openapi() == stock.openapi()


def test_an_exception_of_an_override_is_the_requests() -> None:
    def failing() -> None:
        raise LookupError("in the override")

    with pytest.raises(LookupError, match="in the override"):
        answer(app_with(safe), safe, failing)


def test_a_contradiction_in_an_override_is_reported_by_the_request_that_needs_it() -> None:
    @inline
    @threaded
    def torn() -> None: ...

    with pytest.raises(FastDepsError, match=r"torn' \(.*test_overrides.py:\d+\) is marked both"):
        answer(app_with(safe), safe, torn)


def test_overrides_may_change_within_a_request() -> None:
    def program(app: FastAPI) -> FastAPI:
        def first() -> None:
            app.dependency_overrides[last] = lambda: "replaced"

        def last() -> str:
            return "original"

        @app.get("/", dependencies=[Depends(first)])
        def read(last: Annotated[str, Depends(last)]) -> str:
            return last

        return app

    stock, inline = program(FastAPI()), program(FastDepsAPI(classifier=everything))
    for _ in range(2):
        assert ask(stock)[0] == ask(inline)[0] == "replaced"
        stock.dependency_overrides.clear()
        inline.dependency_overrides.clear()


CHANGES = ("si", "is", "sic", "cis", "ist", "tsc", "isic", "istc", "sict", "stci", "tstc")
"""Dependencies in their order: the inner one (again, not cached), one that sets the override,
and one that clears it."""


@pytest.mark.parametrize("order", CHANGES)
@pytest.mark.parametrize("replaced", ["leaf", "limit", "inner", "twice"])
def test_a_dependency_that_occurs_again_is_looked_up_again(replaced: str, order: str) -> None:
    def outcome(app: FastAPI, url: str) -> tuple[int, Any, list[str]]:
        called: list[str] = []

        def leaf() -> str:
            called.append("leaf")
            return "leaf"

        def limit(n: int = 0) -> int:
            called.append("limit")
            return n

        def inner(
            leaf: Annotated[str, Depends(leaf)], limit: Annotated[int, Depends(limit)]
        ) -> str:
            called.append("inner")
            return f"inner {leaf} {limit}"

        def twice(inner: Annotated[str, Depends(inner, use_cache=False)]) -> str:
            called.append("twice")
            return inner

        replaceable: dict[str, Callable[..., Any]] = {
            "leaf": leaf, "limit": limit, "inner": inner, "twice": twice,
        }  # fmt: skip

        def replacement() -> str:
            called.append("replacement")
            return "replaced"

        def set_override() -> None:
            app.dependency_overrides[replaceable[replaced]] = replacement

        def clear_overrides() -> None:
            app.dependency_overrides.clear()

        steps = {"i": inner, "t": twice, "s": set_override, "c": clear_overrides}

        @app.get("/", dependencies=[Depends(steps[step]) for step in order])
        def read(inner: Annotated[str, Depends(inner)]) -> str:
            return inner

        response = TestClient(app).get(url)
        return response.status_code, response.json(), called

    for url in ("/", "/?n=none"):
        assert outcome(FastDepsAPI(classifier=everything), url) == outcome(FastAPI(), url)


@pytest.mark.usefixtures("both_lanes")
@pytest.mark.parametrize("inline", [False, True])
def test_an_override_that_depends_on_what_it_replaces_ends_as_in_fastapi(inline: bool) -> None:
    def wrapped(original: Annotated[str, Depends(plain)]) -> str:
        return original

    def error(app: FastAPI) -> str:
        app.dependency_overrides[plain] = wrapped

        @app.get("/")
        def read(value: Annotated[str, Depends(plain)]) -> str:
            return value

        with pytest.raises(RecursionError) as raised:
            TestClient(app).get("/")
        return raised.typename

    ours = FastDepsAPI(classifier=everything) if inline else FastDepsAPI()
    assert error(ours) == error(FastAPI())


def permission() -> type[Any]:
    """A class whose instances equal each other, and nothing else.

    Another one each time: `typing` keeps equal annotations once, for the whole process.
    """

    class Permission:
        def __eq__(self, other: object) -> bool:
            return isinstance(other, Permission)

        def __hash__(self) -> int:
            return 1

    return Permission


def test_callables_that_equal_each_other_and_nothing_else_share_an_override() -> None:
    def answer(make: Callable[[], FastAPI]) -> Any:
        app = make()
        calls: list[str] = []

        base = permission()

        class Sync(base):  # type: ignore[misc]  # known at run time only
            def __call__(self) -> None: ...

        class Async(base):  # type: ignore[misc]  # known at run time only
            async def __call__(self) -> None: ...

        def fake() -> None:
            calls.append("fake")

        @app.get("/", dependencies=[Depends(Async()), Depends(Sync())])
        def endpoint() -> None: ...

        app.dependency_overrides[Sync()] = fake
        client = TestClient(app)
        return [client.get("/").status_code for _ in range(3)], calls

    expected = answer(FastAPI)
    assert expected == ([200] * 3, ["fake"] * 3)
    assert answer(FastDepsAPI) == expected
    assert answer(lambda: FastDepsAPI(classifier=everything)) == expected


@pytest.mark.parametrize("below", [False, True], ids=["beside", "below an override"])
def test_a_callable_that_equals_an_async_one_shares_its_value(below: bool) -> None:
    def answer(make: Callable[[], FastAPI]) -> Any:
        app = make()
        calls: list[str] = []

        base = permission()

        class Sync(base):  # type: ignore[misc]  # known at run time only
            def __call__(self) -> None:
                calls.append("sync")

        class Async(base):  # type: ignore[misc]  # known at run time only
            async def __call__(self) -> None:
                calls.append("async")

        def plain() -> None: ...

        def over(permitted: Annotated[None, Depends(Async())]) -> None: ...

        first = plain if below else Async()

        @app.get("/", dependencies=[Depends(first), Depends(Sync())])
        def endpoint() -> None: ...

        app.dependency_overrides[plain] = over
        client = TestClient(app)
        return [client.get("/").status_code for _ in range(3)], calls

    expected = answer(FastAPI)
    assert expected == ([200] * 3, ["async"] * 3)
    assert answer(FastDepsAPI) == expected
    assert answer(lambda: FastDepsAPI(classifier=everything)) == expected
