"""More callables, and by hand, whether something in them plainly blocks: how calls are reached."""

import abc
import bisect
import contextlib
import csv
import datetime
import enum
import functools
import hashlib
import logging
import operator
import os
import pathlib
import queue
import random
import re
import secrets
import shutil
import socket
import sqlite3
import subprocess
import threading
import time
import time as clock
import urllib.request
import uuid
import zipfile
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial, wraps
from typing import Annotated, Any, NamedTuple, ParamSpec, Protocol, Self, TypeVar

import httpx
import requests
from fastapi import BackgroundTasks, Depends, Header, Query, Request, Response
from fastapi.security import OAuth2PasswordRequestForm
from pydantic import BaseModel, field_validator, model_validator
from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import Session, sessionmaker

from tests.cli.blocking_cases import blocks, fine

P = ParamSpec("P")
T = TypeVar("T")

engine = create_engine("sqlite://")
make_session = sessionmaker(engine)
pool = ThreadPoolExecutor()
http = requests.Session()
logger = logging.getLogger(__name__)
condition = threading.Condition()
semaphore = threading.Semaphore()
lock = threading.RLock()
DATA = pathlib.Path("data")
PATTERN = re.compile("a+")
TABLE: dict[str, Callable[[], None]] = {}


def waits(seconds: float = 1) -> None:
    time.sleep(seconds)


def adds(a: int, b: int = 1) -> int:
    return a + b


def reads_lines() -> Iterator[str]:
    with DATA.open() as file:
        yield from file


def counts_up() -> Iterator[int]:
    yield from range(3)


@contextmanager
def opened() -> Iterator[Any]:
    file = open("x")  # noqa: SIM115
    yield file
    file.close()


@contextmanager
def harmlessly() -> Iterator[int]:
    yield 1


class Blocking:
    def __enter__(self) -> Self:
        time.sleep(1)
        return self

    def __exit__(self, *_: object) -> None: ...


class Leaving:
    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        time.sleep(1)


class Iterated:
    def __iter__(self) -> Iterator[int]:
        time.sleep(1)
        return iter(())


class Counted:
    def __len__(self) -> int:
        time.sleep(1)
        return 0

    def __getitem__(self, _: str) -> int:
        time.sleep(1)
        return 0


class Base:
    def __init__(self, name: str = "") -> None:
        self.name = name
        self.text = DATA.read_text()

    def load(self) -> str:
        return self._load()

    def _load(self) -> str:
        return DATA.read_text()

    @staticmethod
    def loaded() -> str:
        return DATA.read_text()

    @classmethod
    def make(cls) -> str:
        return cls.loaded()

    @property
    def content(self) -> str:
        return DATA.read_text()

    @cached_property
    def kept(self) -> str:
        return DATA.read_text()


class Light:
    def __init__(self, name: str = "", session: Session | None = None) -> None:
        self.name = name
        self.session = session

    @property
    def upper(self) -> str:
        return self.name.upper()

    def add(self, n: int) -> int:
        return n


class Repository:
    def __init__(self, session: Session) -> None:
        self.session = session

    def one(self) -> Any:
        return self.session.scalars(select(text("1"))).first()

    def add(self, item: object) -> None:
        self.session.add(item)


class Source(Protocol):
    def load(self) -> str: ...


class Abstract(abc.ABC):
    @abc.abstractmethod
    def load(self) -> str: ...


class Settings(BaseModel):
    name: str = "a"

    @property
    def path(self) -> pathlib.Path:
        return pathlib.Path(self.name)


class Reading(BaseModel):
    name: str = "a"

    @field_validator("name")
    @classmethod
    def _read(cls, name: str) -> str:
        return pathlib.Path(name).read_text()


class Checking(BaseModel):
    name: str = "a"

    @model_validator(mode="after")
    def _check(self) -> Self:
        time.sleep(1)
        return self


class Point(NamedTuple):
    x: int = 1


class Colour(enum.Enum):
    RED = 1


light = Light("a")
base: Base = Base.__new__(Base)
settings = Settings()


def timed(function: Callable[P, T]) -> Callable[P, T]:
    @wraps(function)
    def inner(*args: P.args, **kwargs: P.kwargs) -> T:
        time.sleep(1)
        return function(*args, **kwargs)

    return inner


def counted(function: Callable[P, T]) -> Callable[P, T]:
    @wraps(function)
    def inner(*args: P.args, **kwargs: P.kwargs) -> T:
        logger.debug("called")
        return function(*args, **kwargs)

    return inner


# How it is reached


@blocks
def by_another_module_name() -> None:
    clock.sleep(1)


@blocks
def imported_within() -> None:
    import time as inner

    inner.sleep(1)


@blocks
def imported_from_within() -> None:
    from subprocess import run as go

    go(["ls"])


@blocks
def in_a_comprehension(names: list[str]) -> list[str]:
    return [pathlib.Path(name).read_text() for name in names]


@blocks
def in_a_condition(name: str) -> int:
    if os.path.exists(name) and name:
        return 1
    return 0


@blocks
def in_a_text(name: str) -> str:
    return f"{pathlib.Path(name).stat().st_size} bytes"


@blocks
def in_a_loop() -> None:
    for _ in range(3):
        try:
            adds(1)
        except ValueError:
            pass
        else:
            time.sleep(1)


@blocks
def at_the_end() -> int:
    try:
        return adds(1)
    finally:
        waits()


@blocks
def in_a_match(name: str) -> None:
    match name:
        case "a":
            waits()
        case _:
            pass


@blocks
def as_a_default(name: str | None = None) -> str:
    return name or DATA.read_text()


@blocks
def goes_through_a_file() -> int:
    return sum(1 for _ in reads_lines())


@blocks
def hands_on_what_is_read() -> Iterator[str]:
    yield from reads_lines()


@blocks
def goes_in_by_a_manager() -> None:
    with opened():
        pass


@blocks
def goes_in_by_an_object() -> None:
    with Blocking():
        pass


@blocks
def leaves_by_an_object() -> None:
    with Leaving():
        pass


@blocks
def goes_through_an_object() -> list[int]:
    return list(Iterated())


@blocks
def goes_through_an_object_by_hand() -> int:
    total = 0
    for each in Iterated():
        total += each
    return total


@blocks
def looks_into_an_object() -> int:
    return Counted()["a"] + 1


@blocks
def asks_how_long_an_object_is() -> int:
    return len(Counted())


@blocks
def is_in_a_lock() -> None:
    with lock:
        adds(1)


@blocks
def waits_for_a_condition() -> None:
    with condition:
        condition.wait()


@blocks
def takes_a_semaphore() -> None:
    semaphore.acquire()


@blocks
def makes_what_reads() -> str:
    return Base("a").name


@blocks
def calls_a_method_of_what_is_made() -> str:
    return Base("a").load()


@blocks
def calls_a_static_method() -> str:
    return Base.loaded()


@blocks
def calls_a_class_method() -> str:
    return Base.make()


@blocks
def reads_a_property(own: Annotated[Light, Depends()]) -> str:
    return base.content + own.name


@blocks
def reads_a_kept_property() -> str:
    return base.kept


@blocks
class Derived(Base):
    def __init__(self) -> None:
        super().__init__("a")


@blocks
class Inheriting(Base):
    pass


@blocks
class UsesItsOwn:
    def __init__(self) -> None:
        self.text = self._read()

    def _read(self) -> str:
        return DATA.read_text()


@blocks
@dataclass
class MadeByDefault:
    text: str = field(default_factory=DATA.read_text)


@blocks
@timed
def is_wrapped_by_what_sleeps() -> int:
    return 1


@blocks
@counted
def sleeps_within_a_wrapper() -> None:
    time.sleep(1)


@blocks
@lru_cache
def is_kept() -> str:
    return DATA.read_text()


@blocks
def calls_what_is_kept() -> str:
    return is_kept()


def kept_text() -> str:
    return DATA.read_text()


keep = lru_cache(kept_text)


@blocks
def calls_what_was_kept() -> str:
    return keep()


@blocks
def calls_part_of_it() -> None:
    part = partial(waits, 1)
    part()


waits_a_second = partial(waits, 1)


@blocks
def calls_what_is_part_of_another() -> None:
    waits_a_second()


@blocks
def calls_it_for_each(names: list[str]) -> list[str]:
    return [f"{kept_text()}{name}" for name in names]


@blocks
def calls_a_function_of_its_own() -> None:
    def within() -> None:
        time.sleep(1)

    within()


@blocks
def calls_a_lambda_of_its_own() -> None:
    within = lambda: time.sleep(1)  # noqa: E731
    within()


@blocks
def waits_for_a_future() -> Any:
    return pool.submit(adds, 1).result()


@blocks
def waits_for_one_it_is_given(one: Annotated["Future[int]", Depends()]) -> int:
    return one.result()


@blocks
def asks_a_session(own: Annotated[Session, Depends()]) -> Any:
    return own.execute(select(text("1"))).all()


@blocks
def asks_a_session_old_style(own: Session = Depends()) -> Any:  # noqa: B008
    return own.query(text("1")).filter(text("1")).first()


@blocks
def asks_a_session_that_is_made() -> Any:
    with Session(engine) as own:
        return own.scalars(select(text("1"))).all()


@blocks
def asks_a_session_of_a_maker() -> Any:
    with make_session() as own:
        return own.scalar(select(text("1")))


@blocks
def asks_an_engine() -> Any:
    with engine.connect() as connection:
        return connection.execute(text("select 1")).all()


@blocks
def begins() -> None:
    with engine.begin() as connection:
        connection.execute(text("select 1"))


@blocks
def asks_a_repository(own: Annotated[Repository, Depends()]) -> Any:
    return own.one()


@blocks
def asks_one_that_it_makes(own: Annotated[Session, Depends()]) -> Any:
    return Repository(own).one()


@blocks
def asks_requests() -> int:
    return requests.get("http://x", timeout=1).status_code


@blocks
def asks_a_session_of_requests() -> Any:
    response = http.post("http://x")
    response.raise_for_status()
    return response.json()


@blocks
def streams_httpx() -> None:
    with httpx.stream("GET", "http://x") as response:
        response.read()


@blocks
def downloads() -> None:
    urllib.request.urlretrieve("http://x", "x")


@blocks
def sends_on_a_socket(own: socket.socket) -> None:
    own.sendall(b"a")


@blocks
def receives_on_one() -> bytes:
    with socket.create_connection(("x", 1)) as own:
        return own.recv(10)


@blocks
def looks_up_a_host() -> Any:
    return socket.gethostbyname("x")


@blocks
def reads_a_table() -> list[Any]:
    with open("x") as file:
        return list(csv.reader(file))


@blocks
def removes_a_tree() -> None:
    shutil.rmtree("x")


@blocks
def walks() -> list[Any]:
    return list(os.walk("."))


@blocks
def looks_at_a_zip() -> list[str]:
    return zipfile.ZipFile("x").namelist()


@blocks
def talks_to_a_process() -> Any:
    with subprocess.Popen(["cat"]) as process:
        return process.communicate(b"a")


@blocks
def derives_a_key(password: str) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", password.encode(), b"a", 100_000)


@blocks
def derives_another_key(password: str) -> bytes:
    return hashlib.scrypt(password.encode(), salt=b"a", n=2**14, r=8, p=1)


@blocks
def puts_into_a_queue(jobs: "queue.Queue[int]") -> None:
    jobs.put(1)


@blocks
def validates_what_reads(name: str) -> Reading:
    return Reading(name=name)


@blocks
def validates_what_sleeps(name: str) -> Checking:
    return Checking(name=name)


@blocks
def writes_a_log_of_its_own() -> None:
    with open("log", "a") as file:
        file.write("a")


@blocks
def asks_sqlite_by_a_cursor() -> Any:
    cursor = sqlite3.connect("x").cursor()
    cursor.execute("select 1")
    return cursor.fetchall()


@blocks
def waits_for_all(threads: list[threading.Thread]) -> None:
    for each in threads:
        each.join()


@blocks
def touches_files(names: list[str]) -> None:
    for path in map(pathlib.Path, names):
        path.touch()


@blocks
def unpacks() -> None:
    first, _ = pathlib.Path("a"), 1
    first.unlink()


@blocks
def finds_files() -> list[pathlib.Path]:
    return sorted(DATA.glob("*"))


@blocks
def is_at_home() -> bool:
    return pathlib.Path.home().joinpath("x").exists()


@blocks
def is_in_a_parent() -> bool:
    return DATA.parent.parent.is_dir()


@blocks
def resolves_a_path() -> pathlib.Path:
    return DATA.resolve()


# What is like it, and does not block


@fine
def adds_numbers(a: int, b: int = 2) -> int:
    return adds(a, b)


@fine
def counts_its_own() -> int:
    return sum(counts_up())


@fine
def goes_in_harmlessly() -> int:
    with harmlessly() as one:
        return one


@fine
def makes_what_is_light(name: str) -> Light:
    return Light(name)


@fine
def reads_a_light_property() -> str:
    return light.upper


@fine
def calls_a_light_method(own: Annotated[Light, Depends()]) -> int:
    return own.add(1)


@fine
@counted
def is_wrapped() -> int:
    return 1


@fine
@lru_cache
def is_kept_harmlessly(n: int = 1) -> int:
    return n


@fine
def adds_to_a_session(own: Annotated[Session, Depends()]) -> None:
    own.add(object())


@fine
def adds_by_a_repository(own: Annotated[Repository, Depends()]) -> None:
    own.add(object())


@fine
def makes_a_query() -> Any:
    return select(text("1")).limit(3)


@fine
def makes_a_repository(own: Annotated[Session, Depends()]) -> Repository:
    return Repository(own)


@fine
def submits() -> "Future[int]":
    return pool.submit(adds, 1)


@fine
def puts_off_a_task(tasks: BackgroundTasks) -> None:
    tasks.add_task(waits, 1)


@fine
def names_what_would_wait() -> Any:
    return {"wait": waits, "part": partial(waits, 1)}


@fine
def defines_a_class() -> type:
    class Within:
        def run(self) -> None:
            time.sleep(1)

    return Within


@fine
def raises_for_a_name(name: str) -> None:
    if not PATTERN.match(name):
        raise ValueError(name)


@fine
def logs(name: str) -> None:
    logger.info("called with %s", name)


@fine
def hashes(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@fine
def makes_an_id() -> str:
    return uuid.uuid4().hex + secrets.token_hex(8)


@fine
def is_now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat()


@fine
def chooses(names: list[str]) -> str:
    return random.choice(names)


@fine
def sorts(names: list[str]) -> list[str]:
    return sorted(names, key=operator.itemgetter(0))


@fine
def looks_up(n: int) -> int:
    return bisect.bisect([1, 2, 3], n)


@fine
def reads_settings() -> str:
    return settings.name


@fine
def names_a_path() -> pathlib.Path:
    return settings.path.parent / "x"


@fine
def takes_a_path_apart(name: str) -> tuple[str, str]:
    path = pathlib.PurePath(name)
    return path.stem, path.suffix


@fine
def changes_a_suffix() -> pathlib.Path:
    return DATA.with_suffix(".txt")


@fine
def makes_a_model(name: str) -> Settings:
    return Settings(name=name)


@fine
def dumps_a_model(own: Settings) -> dict[str, Any]:
    return own.model_dump()


@fine
def sets_a_cookie(response: Response) -> None:
    response.set_cookie("a", "b")


@fine
def asks_the_request(request: Request) -> str | None:
    return request.headers.get("a")


@fine
def takes_a_form(form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> str:
    return form.username


@fine
def takes_a_header(agent: Annotated[str, Header()], q: Annotated[str, Query()] = "") -> str:
    return agent + q


@fine
def tries_with_no_time() -> bool:
    return semaphore.acquire(blocking=False)


@fine
def tries_by_position() -> bool:
    return lock.acquire(False)


@fine
def gets_without_waiting(jobs: "queue.Queue[int]") -> int:
    return jobs.get_nowait()


@fine
def gets_what_is_there(jobs: "queue.Queue[int]") -> int:
    return jobs.get(block=False)


@fine
def looks_whether_it_is_set(event: threading.Event) -> bool:
    return event.is_set()


@fine
def suppresses_it() -> None:
    with contextlib.suppress(KeyError):
        TABLE["a"]


@fine
def is_of_a_protocol(source: Annotated[Source, Depends()]) -> Source:
    return source


@fine
def knows_a_colour() -> int:
    return Colour(1).value


@fine
def makes_a_point() -> int:
    return Point(2).x


@fine
def gets_an_item(items: dict[str, int]) -> int | None:
    return items.get("a")


@fine
def runs(run: Callable[[], int]) -> int:
    return run()


@fine
def has_a_name_like_it(requests: dict[str, Any]) -> Any:
    return requests.get("a")


@fine
def reduces(numbers: list[int]) -> int:
    return functools.reduce(operator.add, numbers, 0)


@fine
def yields_what_it_is_given(items: Iterable[int]) -> Generator[int]:
    yield from items
