"""Products: listings, suggestions, prices, reviews, and a feed of price changes."""

from typing import Annotated, TypeVar

import anyio
from fastapi import (
    APIRouter,
    BackgroundTasks,
    Depends,
    HTTPException,
    Path,
    Query,
    WebSocket,
    WebSocketException,
    status,
)
from fastapi.concurrency import run_in_threadpool

from catalogue.database import Database
from catalogue.dependencies import (
    CurrentUser,
    DatabaseDep,
    Editor,
    NamesDep,
    Page,
    PricesDep,
    ProductFilter,
    Watcher,
)
from catalogue.models import (
    NewPrice,
    NewReview,
    PriceChange,
    Product,
    ProductPage,
    Review,
    Suggestion,
)
from catalogue.repository import Repository, repository_of

router = APIRouter(prefix="/products", tags=["products"])

ProductId = Annotated[int, Path(ge=1)]
CurrentUserDep = Annotated[CurrentUser, Depends()]
RepositoryDep = Annotated[Repository, Depends()]
NO_SUCH_PRODUCT = 4404

T = TypeVar("T")


@router.get("", dependencies=[Depends(CurrentUser)])
def list_products(
    wanted: Annotated[ProductFilter, Depends()],
    page: Annotated[Page, Depends()],
    repository: RepositoryDep,
) -> ProductPage:
    return repository.page(wanted, page)


@router.get("/suggestions", dependencies=[Depends(CurrentUser)])
async def suggest(
    prefix: Annotated[str, Query(min_length=1, max_length=50)],
    page: Annotated[Page, Depends()],
    names: NamesDep,
) -> list[Suggestion]:
    """What could be meant, while somebody types. From memory, so it is `async def`."""
    return names.starting_with(prefix, page.offset, page.limit)


@router.get("/{product_id}", dependencies=[Depends(CurrentUser)])
def read_product(product_id: ProductId, repository: RepositoryDep) -> Product:
    return _found(repository.product(product_id))


@router.put("/{product_id}/price", dependencies=[Depends(Editor)])
def set_price(
    product_id: ProductId,
    new: NewPrice,
    repository: RepositoryDep,
    prices: PricesDep,
    background: BackgroundTasks,
) -> Product:
    change = PriceChange(product_id=product_id, price=new.price)
    product = _found(repository.set_price(change))
    background.add_task(prices.publish, change)
    return product


@router.post("/{product_id}/reviews", status_code=status.HTTP_201_CREATED)
def add_review(
    product_id: ProductId,
    new: NewReview,
    current: CurrentUserDep,
    repository: RepositoryDep,
    database: DatabaseDep,
    background: BackgroundTasks,
) -> Review:
    review = _found(repository.add_review(product_id, current.user.name, new))
    background.add_task(update_rating, database, product_id)
    return review


@router.websocket("/{product_id}/prices")
async def watch_prices(
    websocket: WebSocket,
    product_id: ProductId,
    watcher: Annotated[Watcher, Depends()],
    prices: PricesDep,
    database: DatabaseDep,
) -> None:
    """Greets the watcher with the price of now, and sends every change after it."""
    with prices.watch(product_id) as changes:
        price = await run_in_threadpool(current_price, database, product_id)
        if price is None:
            raise WebSocketException(NO_SUCH_PRODUCT, "No such product")
        await websocket.accept()
        await websocket.send_json(
            {"watcher": watcher.user.name, "product_id": product_id, "price": price}
        )
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_until_closed, websocket, tasks.cancel_scope)
            while True:
                change = await changes.get()
                await websocket.send_text(change.model_dump_json())


def update_rating(database: Database, product_id: int) -> None:
    with repository_of(database) as repository:
        repository.update_rating(product_id)


def current_price(database: Database, product_id: int) -> int | None:
    with repository_of(database) as repository:
        product = repository.product(product_id)
    return None if product is None else product.price


async def _until_closed(websocket: WebSocket, scope: anyio.CancelScope) -> None:
    async for _ in websocket.iter_text():
        pass
    scope.cancel()


def _found(thing: T | None) -> T:
    if thing is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, "No such product")
    return thing
