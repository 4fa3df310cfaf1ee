"""Who decides where a callable runs."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Generic, TypeVar

import pytest
from fastapi import Depends

from fastapi_fastdeps import (
    Candidate,
    Classifier,
    Execution,
    FastDepsAPI,
    Inline,
    Threaded,
    ThreadedMixin,
    all_classes,
    default_classifier,
    first_match,
    inline,
    markers,
    predicate,
    threaded,
)
from fastapi_fastdeps.classifiers import Remembering, decide
from tests.harness.hops import ask, here

T = TypeVar("T")


def plain() -> str:
    return here()


class Page:
    def __init__(self) -> None:
        self.where = here()

    def method(self) -> None: ...


class Repo(Generic[T]): ...


@threaded
class Session:
    def __init__(self) -> None:
        self.where = here()


def no_opinion(candidate: Candidate, /) -> Execution | None:
    return None


def never(candidate: Candidate, /) -> Execution | None:
    raise AssertionError(f"asked about {candidate}")


class Constant:
    def __init__(self, execution: Execution) -> None:
        self.execution = execution

    def __call__(self, candidate: Candidate, /) -> Execution | None:
        return self.execution


def test_all_classes_has_an_opinion_about_classes_alone() -> None:
    assert all_classes(Candidate(Page)) == Inline()
    assert all_classes(Candidate(Repo[int])) == Inline()
    assert all_classes(Candidate(plain)) is None
    assert all_classes(Candidate(Page().method)) is None


def test_all_classes_behind_the_default_leaves_what_is_marked_as_it_is() -> None:
    app = FastDepsAPI(classifier=first_match(default_classifier, all_classes))

    @app.get("/")
    async def read(
        page: Annotated[Page, Depends()],
        session: Annotated[Session, Depends()],
        other: Annotated[Page, Depends(use_cache=False), Threaded],
        function: Annotated[str, Depends(plain)],
    ) -> list[str]:
        return [page.where, session.where, other.where, function]

    assert ask(app) == (["loop", "thread", "thread", "thread"], 3)


POLICIES: list[Classifier] = [
    all_classes,
    predicate(lambda _: True),
    first_match(all_classes, predicate(lambda _: True)),
    first_match(predicate(lambda _: True), default_classifier),
]


class Child(Session): ...


class Mixed(ThreadedMixin):
    def __init__(self) -> None:
        self.where = here()


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("call", [Session, Child, Mixed, partial(Session)])
def test_a_policy_has_no_opinion_about_what_is_marked(policy: Classifier, call: Any) -> None:
    opinion = policy(Candidate(call))
    assert opinion is None or opinion == markers(Candidate(call)) == Threaded()
    assert policy(Candidate(Page, metadata=(Threaded,))) in (None, Threaded())
    assert policy(Candidate(Page)) == Inline()


def test_all_classes_and_predicate_leave_every_marker_to_markers() -> None:
    for policy in (all_classes, predicate(lambda _: True)):
        assert policy(Candidate(Session)) is None
        assert policy(Candidate(inline(partial(Page)))) is None
        assert policy(Candidate(Page, metadata=(Threaded(),))) is None


@pytest.mark.parametrize("policy", POLICIES)
def test_what_is_marked_keeps_its_word_under_every_policy(policy: Classifier) -> None:
    app = FastDepsAPI(classifier=policy)

    @app.get("/")
    @threaded
    def read(
        page: Annotated[Page, Depends()],
        session: Annotated[Session, Depends()],
        child: Annotated[Child, Depends()],
        mixed: Annotated[Mixed, Depends()],
        place: Annotated[Page, Depends(use_cache=False), Threaded],
        function: Annotated[str, Depends(plain), Inline],
        decorated: Annotated[str, Depends(inline(partial(plain)))],
    ) -> list[str]:
        others = [session.where, child.where, mixed.where, place.where]
        return [page.where, *others, function, decorated, here()]

    assert ask(app)[0] == ["loop", *["thread"] * 4, "loop", "loop", "thread"]


def test_what_is_marked_keeps_its_word_where_a_classifier_has_no_opinion() -> None:
    app = FastDepsAPI(classifier=no_opinion)
    app.get("/")(inline(partial(plain)))
    assert ask(app) == ("loop", 0)


def test_the_function_of_a_predicate_is_not_asked_about_what_is_marked() -> None:
    asked: list[object] = []
    classifier = predicate(asked.append)
    for call in (Session, inline(partial(plain)), Page):
        classifier(Candidate(call))
    assert asked == [Page]


class Falsy:
    """A classifier that passes for nothing where somebody looks at its truth."""

    def __call__(self, candidate: Candidate, /) -> Execution | None:
        return Inline()

    def __len__(self) -> int:
        return 0


def test_a_classifier_that_is_falsy_is_asked() -> None:
    assert first_match(Falsy())(Candidate(plain)) == Inline()
    assert Remembering(Falsy())(Candidate(plain)) == Inline()
    decision = decide(first_match(no_opinion, Falsy()), Candidate(plain))
    assert decision is not None
    assert decision.source == "Falsy"


def test_predicate_is_inline_where_its_function_is_true_of_the_callable() -> None:
    classifier = predicate(lambda call: call is plain)
    assert classifier(Candidate(plain)) == Inline()
    assert classifier(Candidate(Page)) is None


def test_the_first_opinion_wins() -> None:
    classifier = first_match(no_opinion, Constant(Threaded()), never)
    assert classifier(Candidate(plain)) == Threaded()


def test_no_opinion_at_all_is_no_opinion() -> None:
    assert first_match()(Candidate(plain)) is None
    assert first_match(no_opinion, first_match(no_opinion))(Candidate(plain)) is None


def test_first_match_nests() -> None:
    classifier = first_match(first_match(no_opinion, markers), Constant(Inline()), never)
    assert classifier(Candidate(Session)) == Threaded()
    assert classifier(Candidate(plain)) == Inline()


def test_no_opinion_is_threaded() -> None:
    app = FastDepsAPI(classifier=no_opinion)
    app.get("/")(plain)
    assert ask(app) == ("thread", 2)


def test_without_a_classifier_the_markers_decide() -> None:
    app = FastDepsAPI()
    app.get("/")(inline(partial(plain)))
    app.get("/other")(plain)
    assert ask(app)[0] == "loop"
    assert ask(app, "/other")[0] == "thread"


def test_markers_can_be_left_out() -> None:
    app = FastDepsAPI(classifier=Constant(Inline()))

    @app.get("/")
    async def read(
        session: Annotated[Session, Depends()], plain: Annotated[str, Depends(plain), Threaded]
    ) -> list[str]:
        return [session.where, plain]

    assert ask(app) == (["loop", "loop"], 0)


def test_any_object_that_can_be_called_is_a_classifier() -> None:
    class Methods:
        def method(self, candidate: Candidate, /) -> Execution | None:
            return Inline()

    classifiers: list[Classifier] = [
        Constant(Inline()),
        Methods().method,
        partial(Methods.method, Methods()),
        lambda candidate: Inline(),
    ]
    for classifier in classifiers:
        app = FastDepsAPI(classifier=classifier)
        app.get("/")(plain)
        assert ask(app) == ("loop", 0)


def test_a_candidate_is_told_with_all_that_is_known_of_its_place() -> None:
    asked: list[Candidate] = []

    def listening(candidate: Candidate, /) -> Execution | None:
        asked.append(candidate)
        return None

    depends, page = Depends(plain), Depends()
    app = FastDepsAPI(classifier=listening)

    async def outer(page: Annotated[Page, "a tag", page]) -> None: ...

    @app.get("/items/{item}", dependencies=[Depends(Session)])
    def read(
        item: int,
        tagged: Annotated[str, depends, "database", 3],
        old: str = Depends(plain),
        nested: None = Depends(outer),
    ) -> None: ...

    path = "/items/{item}"
    assert asked == [
        Candidate(read, role="endpoint", path=path),
        Candidate(Session, path=path),
        Candidate(plain, parameter="tagged", metadata=(depends, "database", 3), path=path),
        Candidate(plain, parameter="old", path=path),
        Candidate(Page, parameter="page", metadata=("a tag", page), path=path),
    ]


def test_a_users_own_tag_at_the_place_can_decide() -> None:
    def by_tag(candidate: Candidate, /) -> Execution | None:
        return Inline() if "cheap" in candidate.metadata else None

    app = FastDepsAPI(classifier=first_match(default_classifier, by_tag))

    @app.get("/")
    async def read(
        cheap: Annotated[str, Depends(plain), "cheap"],
        dear: Annotated[str, Depends(plain, use_cache=False), "dear"],
    ) -> list[str]:
        return [cheap, dear]

    assert ask(app) == (["loop", "thread"], 1)


def test_the_path_and_the_role_can_decide() -> None:
    def by_place(candidate: Candidate, /) -> Execution | None:
        inline = candidate.path == "/inline" or candidate.role == "dependency"
        return Inline() if inline else None

    app = FastDepsAPI(classifier=by_place)
    for path in ("/inline", "/other"):

        @app.get(path)
        def read(value: Annotated[str, Depends(plain)]) -> list[str]:
            return [value, here()]

    assert ask(app, "/inline") == (["loop", "loop"], 0)
    assert ask(app, "/other") == (["loop", "thread"], 2)


def test_no_classifier_is_asked_about_async_callables() -> None:
    async def coroutine() -> str:
        return here()

    async def generator() -> Any:
        yield here()

    class Checker:
        async def __call__(self) -> str:
            return here()

    app = FastDepsAPI(classifier=never)

    @app.get("/")
    async def read(
        first: Annotated[str, Depends(coroutine)],
        second: Annotated[str, Depends(generator)],
        third: Annotated[str, Depends(Checker())],
        fourth: Annotated[str, Depends(partial(coroutine))],
    ) -> list[str]:
        return [first, second, third, fourth]

    assert ask(app) == (["loop"] * 4, 0)


def test_a_providers_object_of_dependency_injector_is_inline() -> None:
    containers: Any = pytest.importorskip("dependency_injector.containers")
    from dependency_injector import providers
    from dependency_injector.wiring import Provide, inject

    class Container(containers.DeclarativeContainer):  # type: ignore[misc]
        service: Any = providers.Factory(dict, name="service")

    app = FastDepsAPI()

    @app.get("/")
    @inject
    async def read(
        service: Annotated[dict[str, str], Depends(Provide[Container.service])],
    ) -> dict[str, str]:
        return service

    container = Container()
    container.wire(modules=[__name__])
    try:
        assert ask(app) == ({"name": "service"}, 0)
    finally:
        container.unwire()


def test_a_decision_about_a_place_is_no_decision_about_the_callable() -> None:
    def built(classifier: Callable[..., Any]) -> FastDepsAPI:
        app = FastDepsAPI(classifier=classifier)
        app.get("/")(plain)
        return app

    assert ask(built(Constant(Inline()))) == ("loop", 0)
    assert ask(built(Constant(Threaded()))) == ("thread", 2)
