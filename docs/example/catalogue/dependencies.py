"""What the endpoints depend on, and where each part may run.

The markers stand where they are easiest to read: a decorator on a class of our own, a
mixin where subclasses should inherit it, `Inline` at the place for a function that others
may want to run elsewhere. Each of them is a statement about the code under it: it does not
block. What talks to SQLite carries no marker, and runs in a worker thread.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends, HTTPException, Query, WebSocketException, status
from fastapi.requests import HTTPConnection
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from catalogue.database import Database, Session
from catalogue.names import NameIndex
from catalogue.prices import PriceFeed
from catalogue.settings import Settings
from fastapi_fastdeps import Inline, InlineMixin, inline


def get_settings(connection: HTTPConnection) -> Settings:
    settings: Settings = connection.app.state.settings
    return settings


def get_database(connection: HTTPConnection) -> Database:
    database: Database = connection.app.state.database
    return database


def get_names(connection: HTTPConnection) -> NameIndex:
    names: NameIndex = connection.app.state.names
    return names


def get_prices(connection: HTTPConnection) -> PriceFeed:
    prices: PriceFeed = connection.app.state.prices
    return prices


SettingsDep = Annotated[Settings, Depends(get_settings), Inline]
DatabaseDep = Annotated[Database, Depends(get_database), Inline]
NamesDep = Annotated[NameIndex, Depends(get_names), Inline]
PricesDep = Annotated[PriceFeed, Depends(get_prices), Inline]


@inline
def get_session(database: DatabaseDep) -> Iterator[Session]:
    """A session for one request, closed after its response.

    Inline, although SQLite blocks: a new session opens nothing. It borrows its connection
    at the first query, in the thread of the endpoint that asks; a transaction ends where it
    began; and closing the session only puts the connection back into a list. A session
    that connects when it is made, or rolls back when it is closed, must stay threaded.
    """
    session = Session(database)
    try:
        yield session
    finally:
        session.close()


SessionDep = Annotated[Session, Depends(get_session)]


@inline
class Page:
    """Which slice of a listing is wanted."""

    def __init__(
        self,
        settings: SettingsDep,
        offset: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int | None, Query(ge=1, le=100)] = None,
    ) -> None:
        self.offset = offset
        self.limit = settings.page_size if limit is None else limit


@inline
@dataclass(frozen=True)
class ProductFilter:
    """Which products are wanted, and in which order."""

    category: Annotated[str | None, Query(max_length=50)] = None
    min_price: Annotated[int | None, Query(ge=0)] = None
    max_price: Annotated[int | None, Query(ge=0)] = None
    sort: Annotated[Literal["name", "price", "-price"], Query()] = "name"

    def __post_init__(self) -> None:
        if (
            self.min_price is not None
            and self.max_price is not None
            and self.min_price > self.max_price
        ):
            raise HTTPException(
                status.HTTP_422_UNPROCESSABLE_CONTENT, "min_price is greater than max_price"
            )


bearer = HTTPBearer(auto_error=False, description="`reader-key` or `editor-key`")


class CurrentUser(InlineMixin):
    """Whoever the request's key belongs to; 401 for nobody."""

    def __init__(
        self,
        settings: SettingsDep,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
    ) -> None:
        user = settings.keys.get(credentials.credentials) if credentials else None
        if user is None:
            raise HTTPException(
                status.HTTP_401_UNAUTHORIZED,
                "A valid key is required",
                headers={"WWW-Authenticate": "Bearer"},
            )
        self.user = user


@inline  # it does more than its base, and says so itself
class Editor(CurrentUser):
    """The current user, if an editor; 403 for a reader."""

    def __init__(
        self,
        settings: SettingsDep,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
    ) -> None:
        super().__init__(settings, credentials)
        if self.user.role != "editor":
            raise HTTPException(status.HTTP_403_FORBIDDEN, "Only editors may do this")


class Watcher(InlineMixin):
    """Whoever opens a WebSocket. Browsers can't send headers with one: the key is in the query."""

    def __init__(self, settings: SettingsDep, key: Annotated[str, Query()] = "") -> None:
        user = settings.keys.get(key)
        if user is None:
            raise WebSocketException(status.WS_1008_POLICY_VIOLATION, "A valid key is required")
        self.user = user
