"""PostgreSQL as FastAPI's full-stack template uses it: a session with `yield`, the current user, a
sync endpoint, and many more requests at once than connections."""

from collections.abc import Iterator
from typing import Annotated, Any

import anyio
import pytest
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import OAuth2PasswordBearer
from sqlalchemy import Engine
from sqlmodel import Field, Session, SQLModel, create_engine, select

from fastapi_fastdeps import FastDepsAPI
from tests.harness.crowd import Answer, in_loop, send
from tests.harness.hops import hops
from tests.neighbours.postgresql import server
from tests.neighbours.shop import RecordLanes

CONNECTIONS = 15
HEADERS = [(b"authorization", b"Bearer ada")]


class Customer(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str


class Order(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    owner_id: int
    title: str


class Orders(SQLModel):
    data: list[Order]
    count: int


@pytest.fixture(scope="module")
def socket() -> Iterator[str]:
    with server() as directory:
        yield directory


@pytest.fixture
def engine(socket: str, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """One with SQLAlchemy's own pool: five connections, and ten more when they are needed."""
    engine = create_engine(
        f"postgresql+psycopg://postgres@/postgres?host={socket}",
        pool_timeout=getattr(request, "param", 30),
    )
    SQLModel.metadata.drop_all(engine)
    SQLModel.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Customer(name="ada"))
        session.add_all(Order(owner_id=1, title=f"order {number}") for number in range(3))
        session.commit()
    yield engine
    engine.dispose()


def declare(app: FastAPI, engine: Engine) -> None:
    def get_db() -> Iterator[Session]:
        with Session(engine) as session:
            yield session

    SessionDep = Annotated[Session, Depends(get_db)]  # noqa: N806
    TokenDep = Annotated[str, Depends(OAuth2PasswordBearer(tokenUrl="token"))]  # noqa: N806

    def get_current_user(session: SessionDep, token: TokenDep) -> Customer:
        user = session.exec(select(Customer).where(Customer.name == token)).first()
        if user is None:
            raise HTTPException(404)
        return user

    @app.get("/items")
    def read_items(
        session: SessionDep, current_user: Annotated[Customer, Depends(get_current_user)]
    ) -> Orders:
        orders = session.exec(select(Order).where(Order.owner_id == current_user.id)).all()
        return Orders(data=list(orders), count=len(orders))


async def crowd(app: FastAPI, count: int) -> list[Answer]:
    answers: list[Any] = []

    async def ask() -> None:
        try:
            answers.append(await send(app, "GET", "/items", HEADERS))
        except Exception as error:
            answers.append((500, repr(error)))

    for _ in range(2):
        await ask()
    answers.clear()
    async with anyio.create_task_group() as tasks:
        for _ in range(count):
            tasks.start_soon(ask)
    return answers


@pytest.mark.parametrize("count", [60, 120, 1000])
def test_all_are_answered_in_three_hops_each(
    engine: Engine, count: int, record_lanes: RecordLanes
) -> None:
    app = FastDepsAPI()
    declare(app, engine)
    with hops() as before:
        in_loop(lambda: crowd(app, 0))
    with hops() as sent:
        answers = in_loop(lambda: crowd(app, count))
    assert {status for status, _ in answers} == {200}
    assert len(answers) == count
    assert [order["title"] for order in answers[0][1]["data"]] == ["order 0", "order 1", "order 2"]
    # The first request of all is interpreted: five hops.
    assert len(before) == 5 + 3
    assert len(sent) == 3 * (count + 2)
    record_lanes(app)


@pytest.mark.parametrize("engine", [1], indirect=True)
def test_fastapi_itself_does_not_answer_all(engine: Engine) -> None:
    app = FastAPI()
    declare(app, engine)
    answers = in_loop(lambda: crowd(app, 120))
    assert {status for status, _ in answers} == {200, 500}
    assert "TimeoutError" in str([text for status, text in answers if status == 500])
