"""fastapi-users: register, log in, and the current user of sync and inline endpoints."""

import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import pytest
from fastapi import Depends
from fastapi.testclient import TestClient
from fastapi_users import BaseUserManager, FastAPIUsers, UUIDIDMixin, schemas
from fastapi_users.authentication import AuthenticationBackend, BearerTransport, JWTStrategy
from fastapi_users.db import SQLAlchemyBaseUserTableUUID, SQLAlchemyUserDatabase
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import StaticPool

from fastapi_fastdeps import inline
from tests.neighbours.shop import AppClass, Page, RecordLanes, on_loop, place

SECRET = "a secret of a test, and long enough for a JWT"


class Base(DeclarativeBase):
    pass


class User(SQLAlchemyBaseUserTableUUID, Base):
    pass


class UserRead(schemas.BaseUser[uuid.UUID]):
    pass


class UserCreate(schemas.BaseUserCreate):
    pass


class UserManager(UUIDIDMixin, BaseUserManager[User, uuid.UUID]):
    reset_password_token_secret = SECRET
    verification_token_secret = SECRET


@inline
def strategy() -> JWTStrategy[User, uuid.UUID]:
    places.append(place())
    return JWTStrategy(secret=SECRET, lifetime_seconds=60)


places: list[str] = []


def make_app(app_class: AppClass) -> Any:
    engine = create_async_engine("sqlite+aiosqlite://", poolclass=StaticPool)
    sessions = async_sessionmaker(engine, expire_on_commit=False)

    async def open_session() -> AsyncIterator[AsyncSession]:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        async with sessions() as session:
            yield session

    @inline
    def user_database(session: Annotated[AsyncSession, Depends(open_session)]) -> Any:
        places.append(place())
        return SQLAlchemyUserDatabase(session, User)

    def user_manager(database: Annotated[Any, Depends(user_database)]) -> Iterator[UserManager]:
        places.append(place())
        yield UserManager(database)

    backend = AuthenticationBackend("jwt", BearerTransport("login"), strategy)
    users = FastAPIUsers[User, uuid.UUID](user_manager, [backend])
    app = app_class()
    app.include_router(users.get_register_router(UserRead, UserCreate))
    app.include_router(users.get_auth_router(backend))
    current_user = Annotated[User, Depends(users.current_user(active=True))]

    @app.get("/inline")
    @inline
    def inline_endpoint(user: current_user, page: Annotated[Page, Depends()]) -> list[str]:
        return [user.email, place(), page.place]

    @app.get("/threaded")
    def threaded_endpoint(user: current_user, page: Annotated[Page, Depends()]) -> list[str]:
        return [user.email, place(), page.place]

    return app


ADA = {"email": "ada@example.com", "password": "difference engine"}


@pytest.mark.parametrize("path", ["/inline", "/threaded"])
def test_only_who_is_logged_in_is_let_in(
    app_class: AppClass, path: str, record_lanes: RecordLanes
) -> None:
    app = make_app(app_class)
    marked = on_loop(app_class)
    with TestClient(app) as client:
        assert client.post("/register", json=ADA).status_code == 201
        assert client.get(path).status_code == 401
        form = {"username": ADA["email"], "password": ADA["password"]}
        assert client.post("/login", data=form | {"password": "wrong"}).status_code == 400
        token = client.post("/login", data=form).json()["access_token"]
        places.clear()
        answer = client.get(path, headers={"Authorization": f"Bearer {token}"})
        endpoint = marked if path == "/inline" else "thread"
        assert answer.json() == [ADA["email"], endpoint, marked]
        assert sorted(places) == sorted([marked, marked, "thread"])
    record_lanes(app)
