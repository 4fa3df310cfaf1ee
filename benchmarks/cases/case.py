"""What is measured: an app, one exchange with it, and the answer that it has to give."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, FastAPI

from benchmarks.exchange import HTTPExchange, WebSocketExchange

ASGIApp = Callable[..., Any]
Exchange = HTTPExchange | WebSocketExchange


def router_class(app: FastAPI) -> type[APIRouter]:
    """What whoever has such an app uses for routers."""
    if type(app) is FastAPI:
        return APIRouter
    from fastapi_fastdeps import FastDepsRouter

    return FastDepsRouter


@dataclass(frozen=True, slots=True)
class Case:
    """One exchange, and the apps that can answer it.

    Attributes:
        declare: adds the routes to an app of FastAPI, or of this package.
        peers: the apps of the other contenders, by contender.
        inline: whether this package runs what is sync on the event loop.
        fused: whether it makes one visit to a thread of several steps.
    """

    name: str
    title: str
    exchange: Exchange
    declare: Callable[[FastAPI], None]
    peers: Mapping[str, Callable[[], ASGIApp]] = field(default_factory=dict)
    inline: bool = True
    fused: bool = True


@dataclass(frozen=True, slots=True)
class Family:
    """A case that grows, to see what one more of something costs.

    Attributes:
        unit: what there is one more of.
        linear: whether a slope says what it costs.
        log_sizes: whether the sizes are orders of magnitude.
    """

    name: str
    title: str
    unit: str
    sizes: tuple[int, ...]
    case: Callable[[int], Case]
    linear: bool = True
    log_sizes: bool = False


def declared(declare: Callable[[FastAPI], None]) -> Callable[[], ASGIApp]:
    """A stock app with these routes."""

    def make() -> ASGIApp:
        app = FastAPI()
        declare(app)
        return app

    return make
