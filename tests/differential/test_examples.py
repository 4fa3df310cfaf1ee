"""Programs that a framework could easily get wrong, one for each way."""

import pytest

from .compare import check_agreement, check_contexts, check_threads
from .drive import Driver
from .marks import sync_callables
from .program import Call, Depend, Endpoint, Field, Lane, Layer, Mark, Marks, Node, Program, Reply

_JSON = (("content-type", "application/json"),)

PROGRAMS = {
    "a shared node fails validation once for each of its places": Program(
        nodes=(Node(fields=(Field("int", "a"),)), Node(depends=(Depend(0),))),
        endpoints=(Endpoint(depends=(Depend(0), Depend(1), Depend(0, use_cache=False))),),
        calls=(Call("/e0"), Call("/e0", query="a=x"), Call("/e0", query="a=1")),
    ),
    "an uncached node below a cached one is called again": Program(
        nodes=(Node("class"), Node("generator", depends=(Depend(0, use_cache=False),))),
        endpoints=(Endpoint(depends=(Depend(1), Depend(1), Depend(0))),),
        calls=(Call("/e0"),),
    ),
    "a node that fails at its second call": Program(
        nodes=(Node("generator"), Node("class", fails="http", fails_at=2)),
        endpoints=(Endpoint(depends=(Depend(0), Depend(1), Depend(1, use_cache=False))),),
        calls=(Call("/e0", armed=True),),
    ),
    "scopes that come down two paths": Program(
        nodes=(
            Node(specials=("scopes",)),
            Node(depends=(Depend(0, security=("write",)),)),
            Node("oauth2"),
        ),
        endpoints=(
            Endpoint(
                depends=(
                    Depend(1, security=("read",)),
                    Depend(1),
                    Depend(0, security=("write", "read")),
                    Depend(2, security=("read",)),
                )
            ),
        ),
        calls=(Call("/e0"), Call("/e0", headers=(("authorization", "Bearer token"),))),
    ),
    "generators that end each other's exceptions": Program(
        nodes=(
            Node("generator", handling="swallow"),
            Node("async generator", handling="chain"),
            Node("generator", handling="http"),
            Node("generator instance", finish="raise"),
        ),
        endpoints=(
            Endpoint(
                kind="def",
                fails="error",
                depends=(Depend(0), Depend(1), Depend(2, scope="function"), Depend(3)),
            ),
        ),
        calls=(Call("/e0", armed=True), Call("/e0")),
    ),
    "a swallowed exception leaves no response": Program(
        nodes=(Node("generator", handling="swallow"),),
        endpoints=(Endpoint(fails="http", depends=(Depend(0),)),),
        calls=(Call("/e0", armed=True),),
    ),
    "generators that do not yield once": Program(
        nodes=(Node("generator", fails="no yield"), Node("generator", finish="yield again")),
        endpoints=(Endpoint(depends=(Depend(0),)), Endpoint(depends=(Depend(1),))),
        calls=(Call("/e0", armed=True), Call("/e1", endpoint=1)),
    ),
    "an exception that coroutines may not raise": Program(
        nodes=(Node("class", fails="stop"),),
        endpoints=(
            Endpoint(kind="def", depends=(Depend(0),)),
            Endpoint(kind="def", fails="stop"),
        ),
        calls=(Call("/e0", armed=True), Call("/e1", endpoint=1, armed=True)),
    ),
    "a validator that changes what it is given": Program(
        nodes=(Node(fields=(Field("consuming", "a"),)),),
        endpoints=(Endpoint(method="POST", depends=(Depend(0), Depend(0))),),
        calls=(
            Call("/e0", headers=_JSON, body=b'{"name": "x", "secret": "s", "note": "forbidden"}'),
            Call("/e0", headers=_JSON, body=b'{"name": "x", "note": "n"}'),
        ),
    ),
    "a validator that is called for a default": Program(
        endpoints=(Endpoint(fields=(Field("before, default validated", "a"),)),),
        calls=(Call("/e0"), Call("/e0", query="a=%23x"), Call("/e0", query="a=%237")),
    ),
    "a mutable default is never shared": Program(
        nodes=(Node(fields=(Field("ints default", "a"), Field("strs factory", "b"))),),
        endpoints=(Endpoint(depends=(Depend(0), Depend(0, use_cache=False))),),
        calls=(Call("/e0"), Call("/e0")),
    ),
    "an override with dependencies and another kind": Program(
        nodes=(
            Node("generator", fields=(Field("int", "a"),)),
            Node("async generator", depends=(Depend(0),), handling="replace"),
            Node("class"),
            Node(depends=(Depend(2),)),
        ),
        endpoints=(Endpoint(kind="def", fails="error", depends=(Depend(3), Depend(2))),),
        overrides=((2, 1),),
        calls=(
            Call("/e0", query="a=1"),
            Call("/e0", query="a=1", overridden=True, armed=True),
            Call("/e0", overridden=True),
            Call("/e0"),
        ),
    ),
    "dependencies of every place, in order": Program(
        nodes=tuple(Node("generator", specials=("response",)) for _ in range(7)),
        endpoints=(Endpoint(depends=(Depend(5),), dependencies=(Depend(6), Depend(0))),),
        app_dependencies=(Depend(0),),
        layers=(
            Layer("/one", (Depend(1),), "/two", (Depend(2),)),
            Layer("/three", (Depend(3),), "", (Depend(4),), plain=True, included_first=True),
        ),
        calls=(Call("/two/one/three/e0"),),
    ),
    "a stream that fails, and one whose client goes": Program(
        nodes=(Node("generator"), Node("generator", handling="chain")),
        endpoints=(
            Endpoint(
                kind="def",
                reply="json lines typed",
                fails="error",
                fails_at=2,
                depends=(Depend(0, scope="function"), Depend(1)),
            ),
        ),
        calls=(Call("/e0"), Call("/e0", armed=True), Call("/e0", breaks_after=2)),
    ),
    "server-sent events after the function's teardown": Program(
        nodes=(Node("generator"), Node("generator")),
        endpoints=(
            Endpoint(kind="def", reply="events", depends=(Depend(0, scope="function"), Depend(1))),
        ),
        calls=(Call("/e0"),),
    ),
    "a websocket with a class, a generator and wrong values": Program(
        nodes=(
            Node("class", fields=(Field("int", "a"),), specials=("connection",)),
            Node("generator", depends=(Depend(0),)),
        ),
        endpoints=(Endpoint(reply="talk", depends=(Depend(1), Depend(0))),),
        calls=(Call("/e0", query="a=1", messages=("hello",)), Call("/e0", query="a=x")),
    ),
    "tasks, headers and a status from dependencies": Program(
        nodes=(
            Node(specials=("response", "tasks"), status=202),
            Node("class", specials=("tasks", "response"), task="async", depends=(Depend(0),)),
        ),
        endpoints=(
            Endpoint(specials=("response",), depends=(Depend(1),)),
            Endpoint(reply="response", depends=(Depend(0),)),
            Endpoint(reply="response with task", depends=(Depend(0),)),
        ),
        calls=tuple(Call(f"/e{number}", endpoint=number) for number in range(3)),
    ),
    "a sync endpoint whose response is invalid": Program(
        endpoints=(Endpoint(kind="def", reply="invalid"),), calls=(Call("/e0"),)
    ),
}


@pytest.mark.parametrize("reply", ["json lines", "raw", "events"])
def test_an_inline_stream_that_cannot_be_called_is_a_server_error(
    reply: Reply, running: Driver
) -> None:
    program = Program(
        endpoints=(Endpoint(kind="def", reply=reply, specials=("websocket",)),),
        calls=(Call("/e0"),),
    )
    check_agreement(running, program, Marks(classifier="everything"))


def test_a_context_manager_that_is_threaded_at_its_place_fails_in_the_same_words(
    running: Driver,
) -> None:
    program = Program(
        nodes=(Node("context manager"),),
        endpoints=(Endpoint(depends=(Depend(0),)),),
        calls=(Call("/e0"),),
    )
    marks = Marks(placed=(("e0.d0", "threaded"),), lane="fastapi")
    check_agreement(running, program, marks)


@pytest.mark.parametrize("lane", ["fast", "fastapi"])
@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_an_example_is_answered_as_by_fastapi(
    program: Program, lane: Lane, running: Driver
) -> None:
    decorated: tuple[tuple[str, Mark], ...] = tuple(
        (name, "inline") for name in sorted(sync_callables(program))[::2]
    )
    for marks in (
        Marks(lane=lane),
        Marks(classifier="everything", lane=lane),
        Marks(classifier="classes", lane=lane),
        Marks(decorated=decorated, lane=lane),
    ):
        observed = check_agreement(running, program, marks)
        assert not observed.build_error
        check_threads(program, marks, observed)
        if marks.anything:
            check_contexts(program, marks, observed)
