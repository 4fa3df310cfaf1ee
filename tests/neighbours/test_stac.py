"""stac-fastapi: the routes of a SpatioTemporal Asset Catalog, added to an app."""

from typing import Annotated, Any

import attr
from fastapi import Depends, FastAPI, Request
from fastapi.testclient import TestClient
from stac_fastapi.api.app import StacApi
from stac_fastapi.types.config import ApiSettings
from stac_fastapi.types.core import BaseCoreClient

from fastapi_fastdeps import Inline
from tests.neighbours.conftest import CheckOwn
from tests.neighbours.own import Request as OwnRequest
from tests.neighbours.shop import (
    AppClass,
    Filters,
    Page,
    RecordLanes,
    Session,
    check_shop,
    make_shop,
    on_loop,
    open_session,
    place,
)

OWN_REQUESTS: tuple[OwnRequest, ...] = (
    ("GET", "/", {}),
    ("GET", "/conformance", {}),
    ("GET", "/collections", {}),
    ("GET", "/collections/tea", {}),
    ("GET", "/search", {"params": {"limit": 3, "bbox": "1,2,3,4"}}),
    ("POST", "/search", {"json": {"limit": 3}}),
    ("GET", "/_mgmt/health", {}),
)
CHANCE = r"(?!)"


@attr.s
class Catalog(BaseCoreClient):  # type: ignore[misc]  # it has no types
    """Answers with what it was asked for, and where."""

    def all_collections(self, **_: Any) -> Any:
        return {"collections": [], "links": [], "where": place()}

    def get_collection(self, collection_id: str, **_: Any) -> Any:
        return {"id": collection_id, "where": place()}

    def get_item(self, item_id: str, collection_id: str, **_: Any) -> Any:
        return {"id": item_id, "collection": collection_id}

    def item_collection(self, collection_id: str, **_: Any) -> Any:
        return {"type": "FeatureCollection", "features": [], "links": []}

    def get_search(self, **asked: Any) -> Any:
        return {"type": "FeatureCollection", "features": [], "limit": asked["limit"]}

    def post_search(self, search_request: Any, **_: Any) -> Any:
        return {"type": "FeatureCollection", "features": [], "limit": search_request.limit}


ran: list[dict[str, str]] = []


def note(
    request: Request,
    page: Annotated[Page, Depends()],
    filters: Annotated[Filters, Depends()],
    session: Annotated[Session, Depends(open_session), Inline],
) -> None:
    ran.append({"page": page.place, "filters": filters.place, "session": session.place})


def make_own() -> FastAPI:
    app: FastAPI = StacApi(settings=ApiSettings(), client=Catalog()).app
    return app


def test_a_catalog_is_added_to_an_app_with_dependencies_of_its_routes(
    app_class: AppClass, record_lanes: RecordLanes
) -> None:
    guarded = [{"path": "/collections", "method": "GET"}]
    api = StacApi(
        settings=ApiSettings(),
        client=Catalog(),
        app=make_shop(app_class),
        route_dependencies=[(guarded, [Depends(note)])],
    )
    ran.clear()
    with TestClient(api.app) as client:
        assert client.get("/collections/tea").json() == {"id": "tea", "where": "thread"}
        assert client.get("/collections").json()["where"] == "thread"
        marked = on_loop(app_class)
        assert ran == [{"page": marked, "filters": "thread", "session": marked}]
        assert client.get("/search", params={"limit": 3}).json()["limit"] == 3
        assert client.get("/search", params={"limit": "x"}).status_code == 400
        check_shop(client, app_class)
    record_lanes(api.app)


def test_an_app_of_its_own_answers_alike(check_own: CheckOwn) -> None:
    check_own(__name__)
