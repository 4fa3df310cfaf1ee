"""Everything that `APIRouter(...)` takes, and a classifier."""

from typing import Annotated, assert_type

from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute

from fastapi_fastdeps import (
    FastDepsAPI,
    FastDepsRoute,
    FastDepsRouter,
    FastDepsWebSocketRoute,
    all_classes,
)


class Audited(APIRoute):
    pass


class Page:
    def __init__(self, skip: int = 0) -> None:
        self.skip = skip


def items(page: Annotated[Page, Depends()]) -> int:
    return page.skip


async def feed() -> None: ...


router = FastDepsRouter(
    prefix="/items",
    tags=["items"],
    dependencies=[Depends(Page)],
    route_class=Audited,
    classifier=all_classes,
)
assert_type(router, FastDepsRouter)
stock: APIRouter = router

router.add_api_route("/", items)
router.include_router(APIRouter())
router.include_router(FastDepsRouter(route_class=FastDepsRoute))
FastDepsAPI().include_router(router)
FastAPI().include_router(router)

decorated = router.get("/decorated")(items)
assert_type(decorated(Page()), int)

route = FastDepsRoute("/items", items, methods=["GET"])
assert_type(route.path, str)
route_of_stock: APIRoute = route
FastDepsWebSocketRoute("/feed", feed)

FastDepsRouter(prefix=3)  # error: argument-type
FastDepsRouter(route_class=Page)  # error: argument-type
FastDepsRouter(classifier=Page())  # error: argument-type
FastDepsRouter(clasifier=all_classes)  # error: unknown-argument
FastDepsRouter(title="items")  # error: unknown-argument
FastDepsRouter("/items")  # error: positional-argument
router.add_api_route("/", items, metods=["GET"])  # error: unknown-argument
FastDepsRoute("/items", items, metods=["GET"])  # error: unknown-argument
FastDepsRoute("/items", items, status_code="200")  # error: argument-type
FastDepsWebSocketRoute("/feed", feed, nam="feed")  # error: unknown-argument
