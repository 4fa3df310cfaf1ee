"""SQLModel: models as bodies and responses, and a session that ends with its request."""

from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from fastapi import Depends, HTTPException
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlalchemy.pool import StaticPool
from sqlmodel import Field, Session, SQLModel, create_engine, select

from fastapi_fastdeps import Inline, inline
from tests.neighbours.shop import AppClass, RecordLanes, on_loop, place


class Hero(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(min_length=2)


class HeroIn(SQLModel):
    name: str = Field(min_length=2)


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = create_engine(
        "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
    )
    SQLModel.metadata.create_all(engine)
    yield engine
    engine.dispose()


class Database:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.places: list[str] = []

    def __call__(self) -> Iterator[Session]:
        with Session(self.engine) as session:
            self.places.append(f"opened on the {place()}")
            yield session
            session.commit()
        self.places.append(f"closed on the {place()}")


def make_app(app_class: AppClass, database: Database) -> Any:
    inline_session = Annotated[Session, Depends(database), Inline]
    app = app_class()

    @app.post("/heroes")
    @inline
    def create(hero: HeroIn, session: inline_session) -> Hero:
        created = Hero.model_validate(hero)
        session.add(created)
        session.flush()
        return created

    @app.post("/villains")
    @inline
    def refuse(hero: HeroIn, session: inline_session) -> Hero:
        session.add(Hero.model_validate(hero))
        session.flush()
        raise HTTPException(409)

    @app.get("/heroes")
    def heroes(session: Annotated[Session, Depends(database)]) -> list[Hero]:
        return list(session.exec(select(Hero)).all())

    return app


def test_a_session_is_committed_and_closed_where_it_was_opened(
    app_class: AppClass, engine: Engine, record_lanes: RecordLanes
) -> None:
    database = Database(engine)
    app = make_app(app_class, database)
    client = TestClient(app)
    marked = on_loop(app_class)
    assert client.post("/heroes", json={"name": "Ada"}).json() == {"id": 1, "name": "Ada"}
    assert database.places == [f"opened on the {marked}", f"closed on the {marked}"]
    assert client.get("/heroes").json() == [{"id": 1, "name": "Ada"}]
    assert database.places[2:] == ["opened on the thread", "closed on the thread"]
    assert client.post("/heroes", json={"name": "A"}).status_code == 422
    record_lanes(app)


def test_a_session_is_rolled_back_where_the_endpoint_raises(
    app_class: AppClass, engine: Engine
) -> None:
    client = TestClient(make_app(app_class, Database(engine)))
    assert client.post("/villains", json={"name": "Moriarty"}).status_code == 409
    assert client.get("/heroes").json() == []
