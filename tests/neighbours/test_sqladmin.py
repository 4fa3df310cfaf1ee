"""sqladmin: its pages, mounted in an app with inline dependencies."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from sqladmin import Admin, ModelView
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import StaticPool

from tests.neighbours.shop import AppClass, RecordLanes, check_shop, make_shop


class Base(DeclarativeBase):
    pass


class Hero(Base):
    __tablename__ = "heroes"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class HeroView(ModelView, model=Hero):
    column_list = ("id", "name")
    name_plural = "Heroes"


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = create_engine(
        "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
    )
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Hero(name="Ada"))
        session.commit()
    yield engine
    engine.dispose()


def test_its_pages_show_and_store_rows(
    app_class: AppClass, engine: Engine, record_lanes: RecordLanes
) -> None:
    app = make_shop(app_class)
    Admin(app, engine).add_view(HeroView)
    with TestClient(app) as client:
        assert "Ada" in client.get("/admin/hero/list").text
        created = client.post("/admin/hero/create", data={"name": "Grace"})
        assert created.status_code == 200
        assert "Grace" in client.get("/admin/hero/list").text
        check_shop(client, app_class)
    record_lanes(app)
