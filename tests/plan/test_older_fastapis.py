"""What a plan does otherwise where FastAPI is older, as far as the newest can show it."""

from types import SimpleNamespace
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI, Query
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from pydantic import BaseModel

from fastapi_fastdeps import FastDepsAPI, FastDepsRoute
from fastapi_fastdeps._fastapi import known
from fastapi_fastdeps._fastapi.ground import SERVING
from fastapi_fastdeps._fastapi.versions import FAST_LANE, OLDEST, PLANS_SINCE, parse
from fastapi_fastdeps._plan import parameters
from tests.harness.marks import needs_plans

pytestmark = needs_plans


class Filters(BaseModel):
    name: str = ""


def read(
    whole: int = 1,
    ratio: float = 1,
    share: float = 0.5,
    maybe: int | None = None,
    either: int | str = "a",
    nothing: Any = None,
    few: Annotated[int, Query(le=10)] = 20,
) -> None:
    """Takes what is not sent for its defaults."""


def dependant_of(endpoint: Any) -> Any:
    app = FastAPI()
    app.get("/")(endpoint)
    (route,) = (each for each in app.routes if isinstance(each, APIRoute) and each.path == "/")
    return route.dependant


def with_plain_defaults() -> set[str]:
    (reads,) = parameters.compile_parameters(dependant_of(read))
    return {each.name for each in reads.parameters or () if each.has_plain_default}


def test_a_default_that_is_not_validated_is_taken_as_it_is() -> None:
    assert with_plain_defaults() == {
        *("whole", "ratio", "share", "maybe", "either", "nothing", "few")
    }


def test_a_default_that_is_validated_is_taken_as_it_is_where_that_makes_no_difference(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(parameters, "validates_defaults", True)

    assert with_plain_defaults() == {"whole", "share", "maybe", "either", "nothing"}


def reread(made: Annotated[int, Query(default_factory=int)], first: int = 1) -> None:
    """Has a default that is made."""


def test_defaults_that_are_made_before_any_is_validated_are_made_by_fastapi(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (reads,) = parameters.compile_parameters(dependant_of(reread))
    assert reads.parameters is not None

    monkeypatch.setattr(parameters, "validates_defaults", True)

    (reads,) = parameters.compile_parameters(dependant_of(reread))
    assert reads.parameters is None
    (reads,) = parameters.compile_parameters(dependant_of(read))
    assert reads.parameters is not None


@pytest.fixture
def telling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "tells_params", True)
    monkeypatch.setattr(known, "tells_body", True)


@pytest.mark.usefixtures("telling")
def test_what_reads_a_model_is_told_the_names_of_its_place() -> None:
    names = {"query": {"a"}, "header": {"b"}, "cookie": {"c"}, "form": {"d"}}

    told = [known.told(names, each) for each, _ in parameters.SOURCES]

    assert told == [{}, *({"known_param_names": names[each]} for each in [*names][:3])]
    assert known.told_of_body(names) == {"known_param_names": {"d"}}


def test_nothing_is_told_where_fastapi_tells_nothing() -> None:
    assert not known.tells_params
    assert known.known_names(dependant_of(read), None) is None
    assert known.told(None, "query_params") == known.told_of_body(None) == {}


@pytest.mark.usefixtures("telling")
def test_the_names_are_those_that_fastapi_has_found_unless_there_are_overrides(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = {"query": {"whole"}}
    dependant: Any = SimpleNamespace(_request_param_names=found)
    app = FastAPI()
    monkeypatch.setitem(
        known._names,
        "_get_request_param_names",
        lambda root, provider: (root, provider),
    )

    assert known.known_names(dependant, app) is found
    app.dependency_overrides[read] = read
    derived: Any = known.known_names(dependant, app)
    assert derived == (dependant, app)


def test_the_newest_is_asked_for_nothing_that_an_older_one_has() -> None:
    assert "_get_form_model" not in SERVING["fastapi.dependencies.utils"]
    assert "_get_form_models" in SERVING["fastapi.dependencies.utils"]
    found = SERVING["fastapi.dependencies.models"]
    assert "_get_cache_key" in found
    assert not [each for each in found if each.startswith("Dependant.")]


def test_a_plan_of_the_newest_does_nothing_for_an_older_one() -> None:
    app = FastDepsAPI()

    @app.get("/")
    async def filtered(
        filters: Annotated[Filters, Query()], page: Annotated[Any, Depends(read)]
    ) -> str:
        return filters.name

    client = TestClient(app)
    for _ in range(2):
        assert client.get("/").status_code == 200
    (route,) = (each for each in app.routes if isinstance(each, FastDepsRoute))
    planned: Any = route.handling and route.handling.planned
    source = planned.source
    assert "request_params_to_args" in source
    assert "known" not in source
    assert "not in PLAIN" in source


def test_plans_are_for_fastapis_that_the_package_supports() -> None:
    oldest, since = parse(OLDEST), parse(PLANS_SINCE)
    assert oldest is not None
    assert since is not None
    assert oldest <= since
    assert all((parse(each) or ()) >= since for each in FAST_LANE)
