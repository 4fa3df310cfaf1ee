"""Routes, overrides and tests of a marked callable are typed as with FastAPI."""

from collections.abc import Iterator
from typing import Annotated, assert_type

from fastapi import Depends, Path, WebSocket
from fastapi.testclient import TestClient

from fastapi_fastdeps import FastDepsAPI, Inline, inline, threaded

app = FastDepsAPI()


@inline
class Page:
    def __init__(self, skip: int = 0) -> None:
        self.skip = skip


@threaded
def get_session() -> Iterator[str]:
    yield "session"


@app.get("/items/{item}")
@inline
def item(
    item: Annotated[int, Path()],
    page: Annotated[Page, Depends()],
    session: Annotated[str, Depends(get_session)],
) -> dict[str, int]:
    return {session: item + page.skip}


@app.post("/items", dependencies=[Depends(get_session), Depends(Page)])
@threaded
def create(page: Page = Depends(Page)) -> int:
    return page.skip


@app.websocket("/feed")
async def feed(websocket: WebSocket, page: Annotated[Page, Depends(), Inline]) -> None:
    await websocket.send_json(page.skip)


app.dependency_overrides[Page] = lambda: Page(1)
app.dependency_overrides[get_session] = lambda: "fake"
client: TestClient = TestClient(app)

assert_type(item(1, Page(), "session"), dict[str, int])
assert_type(create(Page()), int)
item("1", Page(), "session")  # error: argument-type
create(page="1")  # error: argument-type
app.get("/items", respose_model=int)  # error: unknown-argument
