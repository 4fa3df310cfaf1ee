"""The function of a plan can be read, and is gone when its route is."""

import gc
import linecache
import pickle
import traceback
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI, Header
from fastapi.testclient import TestClient

from fastapi_fastdeps import Candidate, FastDepsAPI, FastDepsRoute, Inline
from fastapi_fastdeps._serving.current import CurrentPlan


def everything(candidate: Candidate) -> Inline:
    return Inline()


def broken(x_token: str = Header("none")) -> None:
    raise LookupError(x_token)


def broken_app() -> FastDepsAPI:
    app = FastDepsAPI(classifier=everything)

    @app.get("/broken/{item}")
    def endpoint(item: int, value: Annotated[Any, Depends(broken)]) -> None:
        """Is never called."""

    return app


def generated_files() -> list[str]:
    return [file for file in linecache.cache if file.startswith("<fastapi-fastdeps")]


def planned(app: FastAPI) -> Any:
    (route,) = [each for each in app.routes if isinstance(each, FastDepsRoute)]
    assert route.handling is not None
    return route.handling.planned


def test_a_traceback_shows_the_line_of_the_generated_function_that_called() -> None:
    client = TestClient(broken_app())
    for _ in range(2):
        with pytest.raises(LookupError) as raised:
            client.get("/broken/1", headers={"x-token": "t"})
    frames = traceback.extract_tb(raised.value.__traceback__)
    (frame,) = [each for each in frames if each.filename.startswith("<fastapi-fastdeps")]
    assert "GET /broken/{item}" in frame.filename
    assert frame.line == "r0 = c0(x_token=p0_0_0)"


def test_the_source_is_there_once_the_function_is_compiled() -> None:
    app = broken_app()
    client = TestClient(app, raise_server_exceptions=False)
    client.get("/broken/1")
    assert planned(app).source is None
    client.get("/broken/1")
    assert planned(app).source.startswith("async def solve(")


def test_its_lines_are_forgotten_with_the_route() -> None:
    gc.collect()
    before = set(generated_files())
    app = broken_app()
    client = TestClient(app, raise_server_exceptions=False)
    client.get("/broken/1")
    client.get("/broken/1")
    assert len(set(generated_files()) - before) == 1
    del app, client
    gc.collect()
    assert set(generated_files()) <= before


def test_two_plans_of_one_path_have_files_of_their_own() -> None:
    before = len(generated_files())
    apps = [broken_app(), broken_app()]
    for app in apps:
        client = TestClient(app, raise_server_exceptions=False)
        client.get("/broken/1")
        client.get("/broken/1")
    assert len(generated_files()) == before + 2


def test_what_goes_on_after_a_validation_error_is_not_called_while_that_is_handled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(CurrentPlan, "from_request", 1)

    def number(n: int) -> int:
        return n

    def later() -> None:
        raise LookupError

    app = FastDepsAPI(classifier=everything)

    @app.get("/")
    def endpoint(
        first: Annotated[int, Depends(number)], second: Annotated[None, Depends(later)]
    ) -> None:
        """Is never called."""

    with pytest.raises(LookupError) as raised:
        TestClient(app).get("/?n=x")
    assert raised.value.__context__ is None


def test_a_plan_is_left_behind_when_its_route_is_pickled() -> None:
    app = broken_app()
    client = TestClient(app, raise_server_exceptions=False)
    client.get("/broken/1")
    client.get("/broken/1")
    plan: CurrentPlan = planned(app)._solver.plan
    assert plan.source is not None
    state = plan.__getstate__()
    assert state["_plan"] is None
    assert state["_requests"] == 0
    assert plan.source is not None
    with pytest.raises(Exception, match=r"pickle|local object"):
        pickle.dumps(plan._plan)
