"""One app with everything that this package touches, made of given classes."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

from fastapi import (
    APIRouter,
    Body,
    Depends,
    FastAPI,
    Form,
    Header,
    HTTPException,
    Response,
    Security,
    WebSocket,
)
from fastapi.responses import StreamingResponse
from fastapi.routing import APIRoute
from fastapi.security import OAuth2PasswordBearer, SecurityScopes
from fastapi.testclient import TestClient
from pydantic import BaseModel

from tests.harness.hops import here

Ran = list[tuple[str, str]]


class Item(BaseModel):
    name: str
    size: int = 0


class OwnRoute(APIRoute):
    def get_route_handler(self) -> Callable[..., Any]:
        handler = super().get_route_handler()

        async def handle(request: Any) -> Response:
            response: Response = await handler(request)
            response.headers["x-own"] = "1"
            return response

        return handle


class Page:
    def __init__(self, skip: int = 0, tag: Annotated[str, Header()] = "-") -> None:
        self.skip = skip
        self.tag = tag


def make(
    app_class: type[FastAPI], router_class: type[APIRouter], ran: Ran, directory: Path
) -> FastAPI:
    """The app. Every sync callable notes in `ran` where it ran."""

    def note(name: str) -> None:
        ran.append((name, here()))

    def page(page: Annotated[Page, Depends()]) -> dict[str, Any]:
        note("page")
        return {"skip": page.skip, "tag": page.tag}

    def session() -> Iterator[str]:
        note("session")
        yield "session"
        note("session closed")

    async def asynchronous() -> AsyncIterator[str]:
        yield "asynchronous"

    def guard(scopes: SecurityScopes) -> str:
        note("guard")
        return scopes.scope_str

    def refuse(refuse: bool = False) -> None:
        note("refuse")
        if refuse:
            raise HTTPException(status_code=418)

    scheme = OAuth2PasswordBearer("token", auto_error=False)
    app = app_class(dependencies=[Depends(refuse)])
    plain = APIRouter(prefix="/plain", dependencies=[Depends(session)])
    nested = router_class(prefix="/nested")
    own = router_class(prefix="/own", route_class=OwnRoute)

    @app.get("/direct")
    def direct(
        page: Annotated[dict[str, Any], Depends(page)],
        session: Annotated[str, Depends(session)],
        asynchronous: Annotated[str, Depends(asynchronous)],
        token: Annotated[str | None, Depends(scheme)],
    ) -> dict[str, Any]:
        note("direct")
        return {**page, "session": session, "asynchronous": asynchronous, "token": token}

    @app.post("/body", response_model=Item)
    def body(item: Item, extra: Annotated[int, Body()] = 1) -> Any:
        note("body")
        return {**item.model_dump(), "extra": extra}

    @app.post("/form")
    def form(name: Annotated[str, Form()]) -> str:
        note("form")
        return name

    @app.get("/stream")
    def stream() -> StreamingResponse:
        note("stream")
        return StreamingResponse(iter(["a", "b"]))

    @app.get("/items")
    def items() -> list[Item]:
        note("items")
        return [Item(name="a")]

    @plain.get("/{number}")
    def of_plain(number: int, scopes: Annotated[str, Security(guard, scopes=["a", "b"])]) -> Any:
        note("of_plain")
        return {"number": number, "scopes": scopes}

    @plain.websocket("/socket")
    async def socket(websocket: WebSocket, session: Annotated[str, Depends(session)]) -> None:
        await websocket.accept()
        await websocket.send_text(session)
        await websocket.close()

    @nested.get("/page")
    def of_nested(page: Annotated[dict[str, Any], Depends(page)]) -> Any:
        note("of_nested")
        return page

    @own.get("/page")
    def of_own(page: Annotated[dict[str, Any], Depends(page)]) -> Any:
        note("of_own")
        return page

    @app.websocket("/socket")
    async def direct_socket(
        websocket: WebSocket, session: Annotated[str, Depends(session)]
    ) -> None:
        await websocket.accept()
        await websocket.send_text(session)
        await websocket.close()

    outer = router_class(prefix="/outer")
    outer.include_router(nested)
    app.include_router(plain, dependencies=[Depends(refuse)])
    app.include_router(outer)
    app.include_router(own)
    if hasattr(app, "frontend"):
        (directory / "index.html").write_text("front")
        app.frontend("/front", directory=directory)
        pages = router_class(prefix="/pages", dependencies=[Depends(refuse)])
        pages.frontend("/front", directory=directory)
        app.include_router(pages)

    def other_page() -> dict[str, Any]:
        note("other page")
        return {"skip": -1, "tag": "other"}

    app.dependency_overrides_later = {page: other_page}  # type: ignore[attr-defined]
    return app


def answers(app: FastAPI) -> list[Any]:
    """What the app answers to requests of every kind."""
    found: list[Any] = []
    with TestClient(app, raise_server_exceptions=False) as client:

        def ask(method: str, path: str, **options: Any) -> None:
            response = client.request(method, path, **options)
            own = response.headers.get("x-own")
            found.append([method, path, response.status_code, own, response.text])

        def ask_all() -> None:
            for path in (
                "/direct?skip=3",
                "/direct?skip=x",
                "/direct?refuse=1",
                "/stream",
                "/items",
                "/plain/1",
                "/plain/x",
                "/plain/1?refuse=1",
                "/outer/nested/page?skip=2",
                "/outer/nested/page?skip=x",
                "/own/page",
                "/front/",
                "/pages/front/",
                "/pages/front/?refuse=1",
                "/nowhere",
                "/openapi.json",
            ):
                ask("GET", path, headers={"tag": "t"})
            ask("POST", "/body", json={"item": {"name": "a"}, "extra": 2})
            ask("POST", "/body", json={"item": {}})
            ask("POST", "/body", content="{", headers={"content-type": "application/json"})
            ask("POST", "/form", data={"name": "a"})
            ask("POST", "/form")
            ask("POST", "/direct")
            for path in ("/socket", "/plain/socket"):
                with client.websocket_connect(path) as socket:
                    found.append([path, socket.receive_text()])

        ask_all()
        app.dependency_overrides.update(app.dependency_overrides_later)  # type: ignore[attr-defined]
        ask_all()
    return found
