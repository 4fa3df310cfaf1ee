"""Callables, and by hand, whether something in them plainly blocks."""

import contextlib
import functools
import json
import os
import queue
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from time import sleep as pause
from typing import Annotated, Any, TypeVar

import httpx
from fastapi import Depends, HTTPException, Request

Call = TypeVar("Call")
BLOCKING: list[Any] = []
FINE: list[Any] = []


def blocks(call: Call) -> Call:
    BLOCKING.append(call)
    return call


def fine(call: Call) -> Call:
    FINE.append(call)
    return call


lock = threading.Lock()
event = threading.Event()
jobs: queue.Queue[int] = queue.Queue()
client = httpx.Client()
async_client = httpx.AsyncClient()
settings = {"a": 1}
root = Path("data")


def helper() -> None:
    time.sleep(1)


def far() -> None:
    helper()


class Store:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.connection = sqlite3.connect(path)

    def load(self) -> str:
        return self.path.read_text()

    def rows(self) -> list[Any]:
        return self.connection.execute("select 1").fetchall()

    def name(self) -> str:
        return self.path.name

    def get(self, key: str) -> str:
        return key

    def sleep(self) -> None: ...


store: Store = Store.__new__(Store)


@blocks
def sleeps() -> None:
    time.sleep(1)


@blocks
def sleeps_by_name() -> None:
    sleep(1)


@blocks
def sleeps_by_another_name() -> None:
    pause(1)


@blocks
def sleeps_through_a_helper() -> None:
    helper()


@blocks
def sleeps_far_away(q: str = "") -> str:
    if q:
        far()
    return q


@blocks
def runs_a_process() -> bytes:
    return subprocess.check_output(["ls"])


@blocks
def runs_a_shell() -> int:
    return os.system("ls")


@blocks
def waits_for_a_process() -> int:
    process = subprocess.Popen(["ls"])
    return process.wait()


@blocks
def opens_a_file() -> str:
    with open("x") as file:
        return file.read()


@blocks
def reads_a_path() -> str:
    return Path("x").read_text()


@blocks
def reads_a_global_path() -> list[Path]:
    return list(root.iterdir())


@blocks
def reads_below_a_path() -> bytes:
    return (root / "x").read_bytes()


@blocks
def opens_a_url() -> bytes:
    return urllib.request.urlopen("http://x").read()


@blocks
def asks_httpx() -> int:
    return httpx.get("http://x").status_code


@blocks
def asks_a_client() -> int:
    return client.get("http://x").status_code


@blocks
def asks_a_client_of_its_own() -> int:
    with httpx.Client() as own:
        return own.post("http://x").status_code


@blocks
def asks_a_client_it_is_given(own: Annotated[httpx.Client, Depends()]) -> int:
    return own.get("http://x").status_code


@blocks
def takes_a_lock() -> None:
    lock.acquire()
    lock.release()


@blocks
def waits_for_an_event() -> None:
    event.wait()


@blocks
def waits_for_a_job() -> int:
    return jobs.get()


@blocks
def joins_a_thread() -> None:
    thread = threading.Thread(target=helper)
    thread.start()
    thread.join()


@blocks
def connects() -> None:
    socket.create_connection(("x", 80))


@blocks
def connects_a_socket() -> None:
    own = socket.socket()
    own.connect(("x", 80))


@blocks
def asks_sqlite() -> Any:
    connection = sqlite3.connect("x")
    return connection.execute("select 1").fetchone()


@blocks
def copies() -> None:
    shutil.copy("a", "b")


@blocks
def looks_for_a_file() -> bool:
    return os.path.exists("x")


@blocks
def lists() -> list[str]:
    return os.listdir()


@blocks
def makes_a_folder() -> str:
    return tempfile.mkdtemp()


@blocks
def uses_a_store(own: Annotated[Store, Depends()]) -> str:
    return own.load()


@blocks
def uses_what_a_store_has(own: Annotated[Store, Depends()]) -> list[Any]:
    return own.rows()


@blocks
def uses_a_global_store() -> str:
    return store.load()


@blocks
class MakesAFolder:
    def __init__(self) -> None:
        os.mkdir("x")


@blocks
@dataclass
class LooksAround:
    name: str = ""

    def __post_init__(self) -> None:
        self.here = os.listdir(self.name)


@blocks
def yields_a_file() -> Iterator[Any]:
    with open("x") as file:
        yield file


@blocks
def asks_the_user() -> str:
    return input()


class Sleeper:
    def __call__(self) -> None:
        time.sleep(1)


blocks(Sleeper())
blocks(functools.partial(sleeps_far_away, q="x"))
blocks(store.load)


@fine
def assigns(a: int = 1) -> int:
    return a


@fine
def tries_a_lock() -> bool:
    return lock.acquire(blocking=False)


@fine
def defines_what_would_sleep() -> Callable[[], None]:
    def later() -> None:
        time.sleep(1)

    return later


@fine
def starts_a_thread() -> None:
    threading.Thread(target=helper).start()


@fine
def names_sleep() -> Callable[[float], None]:
    return time.sleep


@fine
def makes_a_path(name: str) -> Path:
    return root / name


@fine
def joins_a_path(name: str) -> str:
    return os.path.join("a", name)


@fine
def reads_the_environment() -> str | None:
    return os.environ.get("HOME")


@fine
def has_a_method_of_that_name(own: Annotated[Store, Depends()]) -> None:
    own.sleep()


@fine
def gets_from_a_dict() -> int | None:
    return settings.get("a")


@fine
def reads_json(text: str) -> Any:
    return json.loads(text)


@fine
def raises(request: Request) -> None:
    if "x" not in request.headers:
        raise HTTPException(401)


@fine
def makes_a_client() -> httpx.Client:
    return httpx.Client()


@fine
def names_an_async_client() -> Any:
    return async_client.get("http://x")


@fine
def joins_text(names: list[str]) -> str:
    return ",".join(names)


@fine
def asks_a_store_for_its_name(own: Annotated[Store, Depends()]) -> str:
    return own.name() + own.get("x")


@fine
def shadows() -> None:
    time = Store
    time.sleep  # noqa: B018


@fine
def calls_what_it_is_given(sleep: Callable[[int], None]) -> None:
    sleep(1)


@fine
def counts() -> float:
    return time.monotonic()


@fine
def suppresses() -> None:
    with contextlib.suppress(KeyError):
        settings["b"]


@fine
def puts_off() -> Any:
    return lambda: time.sleep(1)


@fine
def knows_where_it_is() -> str:
    return os.getcwd()


@fine
def splits(path: str) -> str:
    return os.path.basename(path)


@fine
def sets_an_event() -> None:
    event.set()


@fine
class Page:
    def __init__(self, skip: int = 0) -> None:
        self.skip = skip


@fine
@dataclass
class Filter:
    name: str = ""


@fine
async def is_async() -> None:
    helper()


@fine
def yields() -> Iterator[int]:
    yield 1


fine(functools.partial(assigns, a=2))
fine(store.name)
