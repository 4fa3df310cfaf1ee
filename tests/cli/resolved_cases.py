"""Callables, and by hand, whether something in them plainly blocks: what names, attributes and
calls without an annotation mean, as source of public applications has them."""

from __future__ import annotations

import abc
import asyncio
import contextlib
import importlib.metadata
import itertools
import pathlib
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Protocol, Self, cast

import anyio.from_thread
from fastapi import Depends
from sqlalchemy import create_engine
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from tests.cli.blocking_cases import blocks, fine

if TYPE_CHECKING:
    from sqlalchemy.orm import Query
    from sqlalchemy.orm import Session as OrmSession

    from tests.cli.nowhere import Unknown

# mypy: allow-untyped-defs, allow-untyped-calls

engine = create_engine("sqlite://")
make_session = sessionmaker(engine)
scoped = scoped_session(make_session)


class Item: ...


class Redis:
    def get(self, _): ...

    def hgetall(self, _): ...


class Pipeline(Redis):
    def execute(self): ...


Redis.__module__ = Pipeline.__module__ = "redis.client"
commands = Redis()


def get_session():
    session = make_session()
    try:
        yield session
    finally:
        pass


def get_name():
    return "robin"


@blocks
def closes_its_session() -> Iterator[Any]:
    session = make_session()
    try:
        yield session
    finally:
        session.close()


@blocks
def leaves_its_session() -> Iterator[Any]:
    with Session(engine) as session:
        yield session


@fine
def makes_a_session_alone() -> Iterator[Any]:
    session = make_session()
    yield session


@blocks
def uses_what_its_dependency_yields(session=Depends(get_session)):  # noqa: B008
    return session.query(Item).all()


@blocks
def uses_what_its_place_yields(session: Annotated[Any, Depends(get_session)]):
    session.commit()


@fine
def uses_what_its_dependency_gives(name=Depends(get_name)):  # noqa: B008
    return name.upper()


def opened():
    return make_session()


def named():
    if get_name():
        return get_name()
    return None


@blocks
def uses_what_a_function_gives():
    return opened().execute("SELECT 1")


@fine
def uses_a_name_that_a_function_gives():
    return named().upper()


def in_a_circle():
    return round_it_goes()


def round_it_goes():
    return in_a_circle()


@fine
def goes_in_a_circle():
    return in_a_circle().execute()


@contextlib.contextmanager
def in_a_session():
    yield make_session()


@contextlib.contextmanager
def in_a_told_session() -> Iterator[Session]:
    yield make_session()


@contextlib.contextmanager
def in_nothing():
    yield 1


@blocks
def enters_a_session():
    with in_a_session() as session:
        session.flush()


@blocks
def enters_a_told_session():
    with in_a_told_session() as session:
        session.flush()


@blocks
def enters_a_session_by_a_stack():
    with contextlib.ExitStack() as stack:
        stack.enter_context(in_a_session()).flush()


@blocks
def closes_what_it_makes():
    with contextlib.closing(make_session()) as session:
        session.flush()


@fine
def enters_nothing():
    with in_nothing() as number, contextlib.nullcontext(number) as same:
        return same


@blocks
def begins():
    session = make_session()
    with session.begin():
        session.add(Item())


def for_checkers(session: OrmSession, unknown: Unknown, name: str):
    return session.query(Item).filter_by(name=name).first()


def told_for_checkers(given) -> Query[Any]:
    return given


@blocks
def asks_what_is_named_for_checkers(session: Session):
    return for_checkers(session, None, "robin")


@blocks
def asks_what_says_so_for_checkers():
    return told_for_checkers(None).one()


def narrowed(query, name):
    return query


def narrows(query, name):
    query = narrowed(query, name)
    query = query.filter_by(name=name)
    if name:
        query = name.narrow(query)
    return query.all()


@blocks
def makes_a_query_anew(session: Session):
    return narrows(session.query(Item), "robin")


@fine
def uses_another_thing_by_the_name(session: Session):
    session = get_name()
    return session.count("a")


@blocks
def uses_it_before_the_name_is_another(session: Session):
    found = session.get(Item, 1)
    session = get_name()
    return found, session


@blocks
def goes_through_a_query(session: Session):
    return [each.id for each in session.query(Item)]


@blocks
def groups_a_query(session: Session):
    return [key for key, _ in itertools.groupby(session.query(Item))]


@blocks
def zips_a_query(session: Session):
    return list(zip([1], session.query(Item), strict=True))


@fine
def groups_names():
    return [key for key, _ in itertools.groupby(["a", "b"])]


@blocks
def goes_through_sessions():
    sessions = [make_session(), make_session()]
    for each in sessions:
        each.flush()


@fine
def goes_through_names(session: Session):
    return [session.strip() for session in ["a", "b"]]


class Loads:
    def __init__(self):
        self.text = pathlib.Path("x").read_text()


class Checks:
    def __init__(self, kinds):
        self.kinds = kinds

    def __call__(self):
        for kind in self.kinds:
            kind()


blocks(Checks([Loads]))
fine(Checks([Item, get_name]))
fine(Checks([]))


@blocks
def takes_the_next():
    return next(in_turn()).commit()


def in_turn():
    yield make_session()


@blocks
def chooses_a_session(session: Session | None = None):
    own = session or make_session()
    return own.scalar("SELECT 1")


@blocks
def says_what_it_is(given=None):
    session = cast(Session, given)
    session.refresh(Item())


@blocks
def writes_what_it_is(given=None):
    session: Session = given
    session.refresh(Item())


@blocks
def asks_for_an_attribute():
    return getattr(pathlib.Path("x"), "read_text")()  # noqa: B009


class Repository:
    def __init__(self, session: Session) -> None:
        self._session: Any = session
        self.one = self.made()

    def made(self) -> Self:
        return self

    def filtered(self) -> Self:
        return self

    def all(self):
        return self._session.query(Item).all()

    @property
    def session(self):
        return self._session


class Items(Repository):
    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.name = "items"


@blocks
def uses_what_a_base_has_assigned(session: Session):
    return Items(session).all()


@blocks
def goes_on_with_itself(session: Session):
    return Items(session).filtered().filtered().all()


@blocks
def uses_a_property_that_says_nothing(session: Session):
    return Repository(session).session.commit()


@fine
def names_a_repository(session: Session):
    return Items(session).filtered().name


class Store(abc.ABC):
    @abc.abstractmethod
    def load(self): ...

    @abc.abstractmethod
    def name(self): ...


class FileStore(Store):
    def load(self):
        return pathlib.Path("x").read_text()

    def name(self):
        return "x"


@blocks
def uses_what_is_abstract(store: Annotated[Store, Depends(FileStore)]):
    return store.load()


@fine
def names_what_is_abstract(store: Annotated[Store, Depends(FileStore)]):
    return store.name()


class Named(Protocol):
    name: str


def narrowed_by_a_protocol(given: Named):
    return given.commit()  # type: ignore[attr-defined]  # as it is found


@blocks
def hands_on_what_has_a_protocol():
    return narrowed_by_a_protocol(make_session())  # type: ignore[arg-type]  # as it is found


@dataclass
class Held:
    session: Session | None = None


@blocks
def uses_a_field_with_a_default(held: Annotated[Held, Depends()]):
    held.session.commit()  # type: ignore[union-attr]  # as it is found


@blocks
def uses_the_session_of_its_scope():
    return scoped.query(Item).first()


@blocks
def runs_what_is_async():
    return asyncio.run(asyncio.sleep(1))


@blocks
def runs_until_it_is_there():
    return asyncio.new_event_loop().run_until_complete(asyncio.sleep(1))


@blocks
def asks_the_loop_that_it_is_on():
    return anyio.from_thread.run(anyio.sleep, 1)


@blocks
def starts_a_process():
    return subprocess.Popen(["ls"])


@blocks
def leaves_a_pool():
    with ThreadPoolExecutor() as pool:
        pool.submit(get_name)


@blocks
def reads_a_version():
    return importlib.metadata.version("fastapi")


@blocks
def asks_redis():
    return commands.hgetall("a")


@blocks
def sends_what_it_has_put_off():
    pipeline = Pipeline()
    pipeline.get("a")
    return pipeline.execute()


@fine
def puts_off_what_it_would_ask():
    pipeline = Pipeline()
    return pipeline.get("a")


@fine
def names_a_lock():
    with contextlib.nullcontext(threading.Lock()) as lock:
        return lock
