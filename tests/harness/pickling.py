"""Sending an app to another process as Ray Serve does.

`python -m tests.harness.pickling` reads a pickled list of pickled apps, each with requests,
and prints what each app answers, as a line of JSON for each.
"""

import json
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from io import BytesIO
from types import FunctionType
from typing import Any

import cloudpickle
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.datastructures import State

from tests.harness.commands import REPOSITORY

Requests = Sequence[tuple[str, str, dict[str, Any]]]
"""Method, path, and what the test client takes besides. `WEBSOCKET` is a method."""
Answers = list[Any]

WEBSOCKET = "WEBSOCKET"
PACKAGE = "fastapi_fastdeps"


class _Pickler(cloudpickle.CloudPickler):
    """Sends Starlette's `State`, which can't be unpickled, and locks in Ray's way."""

    dispatch_table = cloudpickle.CloudPickler.dispatch_table.new_child(
        {
            State: lambda state: (State, (state._state,)),
            type(threading.Lock()): lambda _: (threading.Lock, ()),
        }
    )


def dumps(app: object) -> bytes:
    """The pickled app. What is not importable, local functions and classes, goes by value."""
    file = BytesIO()
    _Pickler(file).dump(app)
    return file.getvalue()


def misfits(app: object) -> list[str]:
    """What of this package an app would take along, and should not.

    A function that goes by value refers to copies of its module's globals, sentinels and
    context variables among them. A key that was made of an `id()` may be that of another
    object where it arrives.
    """
    found: list[str] = []

    class Listing(_Pickler):
        def reducer_override(self, sent: Any) -> Any:
            found.extend(_misfits(sent))
            return super().reducer_override(sent)

    Listing(BytesIO()).dump(app)
    return sorted(set(found))


def _misfits(sent: Any) -> Iterator[str]:
    if isinstance(sent, FunctionType):
        module = sent.__globals__.get("__name__", "")
        by_value = "<locals>" in sent.__qualname__ or "<lambda>" in sent.__qualname__
        # What stands for a user's endpoint has the place of the endpoint.
        is_ours = sent.__code__.co_filename == sent.__globals__.get("__file__")
        if module.startswith(PACKAGE) and by_value and is_ours:
            yield f"the function {module}.{sent.__qualname__}"
    elif type(sent) is object:
        yield from _sentinels(sent)
    elif type(sent).__module__.startswith(PACKAGE):
        for name, value in _state(sent):
            if isinstance(value, dict | set | frozenset) and any(map(_is_id, value)):
                yield f"keys made of id() in {type(sent).__qualname__}.{name}"


def _sentinels(sent: object) -> Iterator[str]:
    for name, module in [*sys.modules.items()]:
        if name.startswith(PACKAGE):
            for constant, value in vars(module).items():
                if value is sent and constant.isupper():
                    yield f"{name}.{constant}, which is compared by identity"


def _state(sent: object) -> Iterator[tuple[str, object]]:
    reduced = sent.__reduce_ex__(4)
    state = reduced[2] if isinstance(reduced, tuple) and len(reduced) > 2 else None
    for part in state if isinstance(state, tuple) else (state,):
        if isinstance(part, dict):
            yield from part.items()
        elif isinstance(part, list):
            # A frozen dataclass with slots.
            yield from zip(getattr(sent, "__slots__", ()), part, strict=False)


def _is_id(key: object) -> bool:
    if isinstance(key, tuple):
        return any(map(_is_id, key))
    return isinstance(key, int) and key > 1 << 20


def sent(app: FastAPI) -> FastAPI:
    """The app after the way there, in this process."""
    received = cloudpickle.loads(dumps(app))
    assert isinstance(received, FastAPI)
    return received


def answers(app: FastAPI, requests: Requests) -> Answers:
    """What the app answers."""
    found: Answers = []
    with TestClient(app, raise_server_exceptions=False) as client:
        for method, path, options in requests:
            if method == WEBSOCKET:
                with client.websocket_connect(path) as socket:
                    found.append(socket.receive_json())
            else:
                response = client.request(method, path, **options)
                found.append([response.status_code, response.text])
    return found


def answers_elsewhere(pickled: Sequence[tuple[bytes, Requests]]) -> list[Answers | str]:
    """What each app answers in a process of its own, or why it can't."""
    command = [sys.executable, "-m", "tests.harness.pickling"]
    done = subprocess.run(
        command, input=pickle.dumps(pickled), capture_output=True, cwd=REPOSITORY, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.splitlines()]


def main() -> None:
    for pickled, requests in pickle.load(sys.stdin.buffer):
        try:
            found: Answers | str = answers(cloudpickle.loads(pickled), requests)
        except BaseException as error:
            found = repr(error)
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
