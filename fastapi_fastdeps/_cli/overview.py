"""What a command shows of an app: totals, and each callable once."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from fastapi import FastAPI

from fastapi_fastdeps._cli.apps import NotFoundError
from fastapi_fastdeps.applications import FastDepsAPI
from fastapi_fastdeps.classifiers import Classifier, default_classifier, first_match, harmless
from fastapi_fastdeps.explanation import CallRecord, Explanation, RouteRecord, explain


@dataclass(frozen=True, slots=True)
class Use:
    """One callable as it runs somewhere, in whichever routes.

    Attributes:
        call: the record of one of its places.
        routes: in how many routes it stands like this.
    """

    call: CallRecord
    routes: int


@dataclass(frozen=True, slots=True)
class Overview:
    """An app.

    Attributes:
        is_dry_run: whether the app is a plain `FastAPI`, of which it says what moving would change.
        routes: those asked for.
        handlers: its exception handlers that are sync.
    """

    is_dry_run: bool
    routes: tuple[RouteRecord, ...]
    handlers: tuple[CallRecord, ...] = ()

    @property
    def lanes(self) -> Counter[str]:
        """How many routes take which lane."""
        return Counter(route.lane for route in self.routes)

    @property
    def executions(self) -> Counter[str]:
        """How many callables run where, each counted once for each way in which it does."""
        return Counter(use.call.execution for use in self.uses())

    @property
    def hops_left(self) -> int:
        return sum(route.hops_left for route in self.routes)

    @property
    def hops_saved(self) -> int:
        return sum(route.hops_saved for route in self.routes)

    def uses(self) -> list[Use]:
        """The callables in the order in which they are met."""
        found: dict[tuple[object, ...], tuple[CallRecord, set[int]]] = {}
        for number, route in enumerate(self.routes):
            for call in route.calls:
                key = (call.name, call.location, call.role, call.runs, call.decided_by)
                found.setdefault(key, (call, set()))[1].add(number)
        uses = [Use(call, len(numbers)) for call, numbers in found.values()]
        return [*uses, *(Use(call, 0) for call in self.handlers)]


def overview(app: FastAPI, *, route: str | None = None, threaded: bool = False) -> Overview:
    """What is shown of an app: the routes with `route` in their path, and those in which
    something is threaded. Raises `NotFoundError` where no path has `route` in it."""
    is_dry_run = not isinstance(app, FastDepsAPI)
    found = dry_run(app, harmless) if is_dry_run else explain(app)
    if route is not None and not any(route in each.path for each in found):
        raise NotFoundError(_no_route(route, dict.fromkeys(each.path for each in found)))
    return Overview(
        is_dry_run,
        tuple(
            each
            for each in found
            if (route is None or route in each.path)
            and (not threaded or any(call.execution == "threaded" for call in each.calls))
        ),
        found.handlers,
    )


def _no_route(asked: str, paths: Iterable[str]) -> str:
    by_lower = {path.lower(): path for path in paths}
    close = get_close_matches(asked.lower(), by_lower, cutoff=0.4)
    names = ", ".join(by_lower[each] for each in close)
    return f"No route has {asked!r} in its path." + (f" Close to it: {names}." if close else "")


def dry_run(app: FastAPI, *policies: Classifier) -> Explanation:
    """A plain app as it would be with `FastDepsAPI` in place of `FastAPI` and some policies.

    The app is not changed.
    """
    moved = FastDepsAPI(openapi_url=None, classifier=first_match(default_classifier, *policies))
    moved.include_router(app.router)
    return explain(moved)


def as_json(shown: Overview) -> dict[str, Any]:
    """The documented form: see docs/command-line.md."""
    return {
        "schema": 1,
        "dry_run": shown.is_dry_run,
        "summary": {
            "routes": len(shown.routes),
            "lanes": dict(shown.lanes),
            "callables": dict(shown.executions),
            "hops": {"left": shown.hops_left, "saved": shown.hops_saved},
        },
        "callables": [
            {
                "name": use.call.name,
                "location": use.call.location,
                "role": use.call.role,
                "execution": use.call.execution,
                "decided_by": use.call.decided_by,
                "limiter": use.call.limiter,
                "routes": use.routes,
            }
            for use in shown.uses()
        ],
        "routes": [
            {
                "path": route.path,
                "kind": route.kind,
                "methods": list(route.methods),
                "lane": route.lane,
                "why": route.why,
                "hops": {"left": route.hops_left, "saved": route.hops_saved},
                "each_item": route.takes_items_in_threads,
                "calls": [_as_json(call) for call in route.calls],
            }
            for route in shown.routes
        ],
        "handlers": [_as_json(call) for call in shown.handlers],
    }


def _as_json(call: CallRecord) -> dict[str, Any]:
    return {
        "name": call.name,
        "location": call.location,
        "role": call.role,
        "parameter": call.parameter,
        "depth": call.depth,
        "execution": call.execution,
        "decided_by": call.decided_by,
        "limiter": call.limiter,
        "stock_hops": call.stock_hops,
    }
