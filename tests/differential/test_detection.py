"""The comparison notices each way in which an application could differ from FastAPI."""

import contextlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest
from fastapi import APIRouter, FastAPI, routing
from fastapi.dependencies import utils
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from starlette.types import Message, Receive, Scope, Send

from .build import STOCK, Framework, Functions
from .drive import Driver, difference
from .program import Marks, Program
from .programs import Shape, in_every_shape, programs

_UNSHRUNK = settings(
    max_examples=1000,
    phases=[Phase.generate],
    database=None,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
_solve = utils.solve_dependencies


class Broken(FastAPI):
    """FastAPI with a fault while it serves."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def altered(message: Message) -> None:
            for changed in self.alter(message):
                await send(changed)

        with (
            patch.object(utils, "solve_dependencies", self.solve),
            patch.object(routing, "solve_dependencies", self.solve),
        ):
            await super().__call__(scope, receive, altered)

    def alter(self, message: Message) -> list[Message]:
        return [message]

    async def solve(self, **arguments: Any) -> Any:
        return await _solve(**arguments)


class LosesCookies(Broken):
    def alter(self, message: Message) -> list[Message]:
        kept = [pair for pair in message.get("headers", ()) if pair[0] != b"set-cookie"]
        return [{**message, "headers": kept} if "headers" in message else message]


class ChangesStatus(Broken):
    def alter(self, message: Message) -> list[Message]:
        return [{**message, "status": 200} if message.get("status") == 201 else message]


class SplitsTheBody(Broken):
    def alter(self, message: Message) -> list[Message]:
        if message["type"] != "http.response.body" or len(message.get("body", b"")) < 2:
            return [message]
        return [{**message, "body": message["body"][:1], "more_body": True}, message]


class SortsErrors(Broken):
    async def solve(self, **arguments: Any) -> Any:
        solved = await _solve(**arguments)
        return replace(solved, errors=sorted(solved.errors, key=lambda error: str(error["loc"])))


class DropsRepeatedErrors(Broken):
    async def solve(self, **arguments: Any) -> Any:
        solved = await _solve(**arguments)
        unique = {json.dumps(error, default=str): error for error in solved.errors}
        return replace(solved, errors=list(unique.values()))


class IgnoresUseCache(Broken):
    async def solve(self, **arguments: Any) -> Any:
        dependant = arguments["dependant"]
        cached = [replace(child, use_cache=True) for child in dependant.dependencies]
        return await _solve(**{**arguments, "dependant": replace(dependant, dependencies=cached)})


class NeverCaches(Broken):
    async def solve(self, **arguments: Any) -> Any:
        return await _solve(**{**arguments, "dependency_cache": {}})


class SolvesBackwards(Broken):
    async def solve(self, **arguments: Any) -> Any:
        dependant = arguments["dependant"]
        backwards = dependant.dependencies[::-1]
        return await _solve(
            **{**arguments, "dependant": replace(dependant, dependencies=backwards)}
        )


class TearsDownBackwards(Broken):
    async def solve(self, **arguments: Any) -> Any:
        solved = await _solve(**arguments)
        if arguments.get("dependency_cache") is None:
            arguments["request"].scope["fastapi_inner_astack"]._exit_callbacks.reverse()
        return solved


class TearsDownEarly(Broken):
    async def solve(self, **arguments: Any) -> Any:
        scope = arguments["request"].scope
        scope["fastapi_inner_astack"] = scope["fastapi_function_astack"]
        return await _solve(**arguments)


class LosesScopes(Broken):
    async def solve(self, **arguments: Any) -> Any:
        dependant = replace(arguments["dependant"], parent_oauth_scopes=None)
        return await _solve(**{**arguments, "dependant": dependant})


class LosesTasks(Broken):
    async def solve(self, **arguments: Any) -> Any:
        return replace(await _solve(**arguments), background_tasks=None)


class IgnoresOverrides(Broken):
    async def solve(self, **arguments: Any) -> Any:
        return await _solve(**{**arguments, "dependency_overrides_provider": None})


class LosesTheEndpoint(Broken):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with patch.object(routing, "_extract_endpoint_context", lambda _: {}):
            await super().__call__(scope, receive, send)


class SwallowsErrors(Broken):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with contextlib.suppress(Exception):
            await super().__call__(scope, receive, send)


class RunsOnTheLoop(Broken):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def directly(call: Callable[..., Any], *values: Any, **named: Any) -> Any:
            return call(*values, **named)

        with patch.object(utils, "run_in_threadpool", directly):
            await super().__call__(scope, receive, send)


class AwaitsTwice(Broken):
    async def solve(self, **arguments: Any) -> Any:
        await _solve(**arguments)
        return await _solve(**arguments)


class ForgetsAppDependencies(FastAPI):
    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "dependencies": []})


class RenamesOperations(FastAPI):
    def openapi(self) -> dict[str, Any]:
        schema = super().openapi()
        renamed: dict[str, Any] = json.loads(json.dumps(schema).replace("_e0_", "_"))
        return renamed


class ForgetsIncludeDependencies(APIRouter):
    def include_router(self, router: APIRouter, **options: Any) -> None:
        super().include_router(router, **{**options, "dependencies": []})


class ForgetsRouteDependencies(APIRouter):
    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().add_api_route(path, endpoint, **{**options, "dependencies": []})


_BROKEN: list[tuple[Framework, Shape]] = [
    *((Framework(broken, APIRouter), "http") for broken in Broken.__subclasses__()),
    (Framework(ForgetsAppDependencies, APIRouter), "http"),
    (Framework(RenamesOperations, APIRouter), "http"),
    (Framework(FastAPI, ForgetsIncludeDependencies), "http"),
    (Framework(FastAPI, ForgetsRouteDependencies), "http"),
    (Framework(TearsDownEarly, APIRouter), "stream"),
    (Framework(SortsErrors, APIRouter), "websocket"),
]


def _title(value: Framework | Shape) -> str:
    if isinstance(value, str):
        return value
    return (value.router if value.app is FastAPI else value.app).__name__


@pytest.mark.parametrize(("broken", "shape"), _BROKEN, ids=_title)
def test_the_comparison_notices(broken: Framework, shape: Shape, running: Driver) -> None:
    def differs(program: Program) -> bool:
        functions = Functions(program, Marks())
        expected = running.observe(functions, STOCK)
        return bool(difference(expected, running.observe(functions, broken)))

    find(programs(shape), differs, settings=_UNSHRUNK)


@in_every_shape
@given(data=st.data())
def test_fastapi_does_not_differ_from_itself(
    shape: Shape, data: st.DataObject, running: Driver
) -> None:
    program = data.draw(programs(shape))
    functions = Functions(program, Marks())
    expected = running.observe(functions, STOCK)
    assert not difference(expected, running.observe(functions, STOCK))
