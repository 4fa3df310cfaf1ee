"""fastapi-pagination: pages of a list and of a query."""

from collections.abc import Iterator
from typing import Annotated

import pytest
from fastapi import APIRouter, Depends
from fastapi.testclient import TestClient
from fastapi_pagination import Page as PageOf
from fastapi_pagination import add_pagination, paginate
from fastapi_pagination.ext.sqlalchemy import paginate as paginate_query
from pydantic import BaseModel
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import StaticPool

from fastapi_fastdeps import Inline, inline
from tests.neighbours.shop import AppClass, Page, RecordLanes, on_loop, place


@pytest.mark.parametrize("included", [False, True], ids=["app", "router"])
def test_a_list_is_cut_into_pages(
    app_class: AppClass, included: bool, record_lanes: RecordLanes
) -> None:
    app = app_class()
    router = APIRouter()
    places: list[str] = []

    def inline_items(page: Annotated[Page, Depends()]) -> object:
        places.extend((place(), page.place))
        return paginate(range(10))

    def threaded_items(page: Annotated[Page, Depends()]) -> object:
        places.extend((place(), page.place))
        return paginate(range(10))

    routes = router if included else app
    routes.get("/inline", response_model=PageOf[int])(inline(inline_items))
    routes.get("/threaded", response_model=PageOf[int])(threaded_items)
    if included:
        app.include_router(router)
    add_pagination(app)
    marked = on_loop(app_class)
    for lifespan in (False, True):
        client = TestClient(app)
        if lifespan:
            client.__enter__()
        for path in ("/inline", "/threaded"):
            places.clear()
            answer = client.get(path, params={"page": 2, "size": 3}).json()
            assert answer == {"items": [3, 4, 5], "total": 10, "page": 2, "size": 3, "pages": 4}
            assert places == [marked if path == "/inline" else "thread", marked]
        if lifespan:
            client.__exit__()
    parameters = client.get("/openapi.json").json()["paths"]["/inline"]["get"]["parameters"]
    assert {each["name"] for each in parameters} == {"skip", "page", "size"}
    record_lanes(app)


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "items"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class ItemOut(BaseModel, from_attributes=True):
    name: str


def test_a_query_is_cut_into_pages_with_the_session_of_an_inline_dependency(
    app_class: AppClass,
) -> None:
    engine = create_engine(
        "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
    )
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(Item(name=f"item {number}") for number in range(5))
        session.commit()

    def open_session() -> Iterator[Session]:
        with Session(engine) as session:
            yield session

    app = app_class()

    @app.get("/items")
    @inline
    def items(session: Annotated[Session, Depends(open_session), Inline]) -> PageOf[ItemOut]:
        page: PageOf[ItemOut] = paginate_query(session, select(Item).order_by(Item.id))
        return page

    add_pagination(app)
    answer = TestClient(app).get("/items", params={"page": 2, "size": 2}).json()
    assert answer["items"] == [{"name": "item 2"}, {"name": "item 3"}]
    assert answer["total"] == 5
    engine.dispose()
