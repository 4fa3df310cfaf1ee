"""The app that runs where the package was just installed. It exits with an error if it fails."""

import asyncio
import threading
from importlib.metadata import files
from pathlib import PurePath
from typing import Annotated, Any

from fastapi import Depends

import fastapi_fastdeps
from fastapi_fastdeps import FastDepsAPI, Inline, inline

loop_thread = threading.get_ident()


@inline
class Page:
    def __init__(self, skip: int = 0) -> None:
        self.skip = skip
        self.inline = threading.get_ident() == loop_thread


def in_thread() -> bool:
    return threading.get_ident() != loop_thread


app = FastDepsAPI()


@app.get("/items")
@inline
def items(
    page: Annotated[Page, Depends()],
    threaded: Annotated[bool, Depends(in_thread)],
    marked: Annotated[bool, Depends(in_thread, use_cache=False), Inline],
) -> list[bool | int]:
    return [page.skip, page.inline, threaded, marked]


async def get(path: str, query: str) -> bytes:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [],
        "client": None,
        "server": None,
    }
    await app(scope, receive, send)
    assert sent[0]["status"] == 200, sent
    return b"".join(message.get("body", b"") for message in sent)


def check_files() -> None:
    """Nothing but the command is installed outside the package and its metadata; what is no code
    is there, and it says that it is typed."""
    installed = [str(file) for file in files("fastapi-fastdeps") or ()]
    version = fastapi_fastdeps.__version__
    own = ("fastapi_fastdeps/", f"fastapi_fastdeps-{version}.dist-info/")
    outside = [PurePath(file).stem for file in installed if not file.startswith(own)]
    assert outside == ["fastdeps"], outside
    for data in ("page.html", "checking/blocking.toml", "injected/sitecustomize.py"):
        assert f"fastapi_fastdeps/_cli/{data}" in installed
    assert "fastapi_fastdeps/py.typed" in installed
    assert f"fastapi_fastdeps-{version}.dist-info/licenses/LICENSE" in installed


if __name__ == "__main__":
    answer = asyncio.run(get("/items", "skip=3"))
    assert answer == b"[3,true,true,false]", answer
    check_files()
