"""FastAPI's own algorithm over the tree as it is, each callable called where it was decided.

A plan stands in for this as long as nothing fails and nothing changes.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any, Final

from fastapi_fastdeps import _watching
from fastapi_fastdeps._deciding.graph import Node, classify_override, forgetting, judged
from fastapi_fastdeps._deciding.live import LiveGraph
from fastapi_fastdeps._deciding.places import Metadata, places
from fastapi_fastdeps._fastapi.callables import concurrency_of, rederived
from fastapi_fastdeps._fastapi.dependants import nature, nature_of_override
from fastapi_fastdeps._fastapi.known import Names, told, told_of_body
from fastapi_fastdeps._fastapi.names import Dependant, get_cache_key
from fastapi_fastdeps._fastapi.requests import solver_names
from fastapi_fastdeps._plan.kinds import ENTERED, MANAGED, kind_of
from fastapi_fastdeps._plan.managers import manager_of
from fastapi_fastdeps._plan.steps import Taken, entered_where_decided, told_of
from fastapi_fastdeps._serving.calls import call_dependency
from fastapi_fastdeps._serving.reading import read
from fastapi_fastdeps._serving.solution import Solution
from fastapi_fastdeps._threads import limiter_of

_names: Final = solver_names()


class Child:
    """A dependency that is being solved.

    Attributes:
        place: FastAPI's description of what stands at its place.
        call: what is called, settled when FastAPI comes to the place.
        dependant: FastAPI's description of that: the same as `place` without overrides.
    """

    __slots__ = ("call", "dependant", "place")

    def __init__(self, place: Dependant, call: Callable[..., Any], dependant: Dependant) -> None:
        self.place = place
        self.call = call
        self.dependant = dependant


class Level:
    """A callable whose dependencies are being solved.

    Attributes:
        dependant: FastAPI's description of it.
        is_live: whether that is part of the route's tree, not derived for overrides.
        dependencies: those that are to come: FastAPI iterates over the list itself.
        values: its arguments, as far as they are known.
        errors: the validation errors of it and of what is below it, in FastAPI's order.
        child: the dependency that is being solved, for a level that is taken up again.
    """

    __slots__ = ("_metadata", "child", "dependant", "dependencies", "errors", "is_live", "values")

    def __init__(self, dependant: Dependant, *, is_live: bool) -> None:
        self.dependant = dependant
        self.is_live = is_live
        self.dependencies: Iterator[Dependant] = iter(dependant.dependencies)
        self.values: dict[str, Any] = {}
        self.errors: list[Any] = []
        self.child: Child | None = None
        self._metadata: dict[str | None, Metadata] | None = None

    def metadata(self, name: str | None) -> Metadata:
        if self._metadata is None:
            self._metadata = places(self.dependant)
        return self._metadata.get(name, ())


class Interpreter:
    """Solves what remains of a request."""

    def __init__(
        self,
        live: LiveGraph,
        provider: Any | None,
        solution: Solution,
        *,
        embed: bool,
        cache: dict[Any, Any] | None = None,
        uses_scopes: dict[int, tuple[Dependant, bool]] | None = None,
        known: Mapping[int, Taken] | None = None,
        names: Names = None,
    ) -> None:
        """`cache` and `uses_scopes` are what FastAPI would have remembered so far, `known` is
        what each callable takes as long as the tree stays what it is, `names` are those that
        FastAPI tells what reads a model."""
        self._live = live
        self._provider = provider
        self._solution = solution
        self._embed = embed
        self._token = _watching.token
        self._names = names
        self._known: Mapping[int, Taken] = {} if known is None else known
        self._cache: dict[Any, Any] = {} if cache is None else cache
        self._uses_scopes: dict[int, tuple[Dependant, bool]] = (
            {} if uses_scopes is None else uses_scopes
        )

    async def solve(self, levels: Sequence[Level] = (), solved: Level | None = None) -> None:
        """Solve the route's tree: from its beginning, or from where it has been left.

        `levels` are the callables whose dependencies were being solved, the endpoint first.
        The last one's dependency has all of its values if there is `solved`.
        """
        if not levels:
            levels = [Level(self._live.root, is_live=True)]
        elif solved is not None:
            levels = [*levels, solved]
        root = levels[0]
        await self._solve(levels, 0, has_values=solved is not None)
        self._solution.values = root.values
        self._solution.errors = root.errors

    async def _solve(self, levels: Sequence[Level], depth: int, *, has_values: bool) -> None:
        # One frame for each level, like FastAPI: a tree may be as deep as there.
        level = levels[depth]
        is_last = depth + 1 == len(levels)
        if is_last and has_values:
            return
        request_stack, function_stack = self._solution.stacks()
        child = level.child
        level.child = None
        while True:
            if child is not None and not is_last:
                below = levels[depth + 1]
                await self._solve(levels, depth + 1, has_values=has_values)
                is_last = True
            else:
                place = next(level.dependencies, None)
                if place is None:
                    break
                child = self._look_up(place)
                is_live = level.is_live and child.dependant is place
                below = Level(child.dependant, is_live=is_live)
                await self._solve([below], 0, has_values=False)
            place, call, dependant = child.place, child.call, child.dependant
            child = None
            if below.errors:
                level.errors.extend(below.errors)
                continue
            get_key = _names.get("_get_cache_key", get_cache_key)
            key = get_key(dependant=place, uses_scopes_cache=self._uses_scopes)
            if place.use_cache and key in self._cache:
                value = self._cache[key]
            else:
                stack = function_stack if place.scope == "function" else request_stack
                value = await self._call(level, place, call, dependant, stack, below.values)
            if place.name is not None:
                level.values[place.name] = value
            if key not in self._cache:
                self._cache[key] = value
        await self._read(level)

    def _look_up(self, place: Dependant) -> Child:
        original: Any = place.call
        provider = self._provider
        if provider and provider.dependency_overrides:
            overrides = getattr(provider, "dependency_overrides", {})
            call = overrides.get(original, original)
            return Child(place, call, rederived(place, call))
        return Child(place, original, place)

    async def _call(
        self,
        level: Level,
        place: Dependant,
        call: Callable[..., Any],
        dependant: Dependant,
        stack: AsyncExitStack,
        values: dict[str, Any],
    ) -> Any:
        # What FastAPI takes it for is what stands there now, also where that has changed.
        now: Any = dependant.call
        is_own = level.is_live and dependant is place
        found = nature(dependant) if is_own else nature_of_override(dependant)
        node = None if found.is_async else self._judged(level, place, call, dependant)
        concurrency = concurrency_of(dependant)
        execution = node.execution if node is not None else None
        kind = kind_of(found, execution, is_limited=concurrency is not None)
        callee = call
        if kind in MANAGED:
            callee = manager_of(now)
        if node is not None:
            callee = told_of(callee, kind, node.candidate, self._live.threads)
            if kind in ENTERED:
                dependant = entered_where_decided(node, self._live.threads)
        solution, limiter = self._solution, limiter_of(execution)
        return await call_dependency(
            kind,
            callee,
            dependant,
            concurrency,
            limiter,
            stack,
            values,
            solution.request,
            solution.visits,
        )

    def _judged(
        self, level: Level, place: Dependant, call: Callable[..., Any], dependant: Dependant
    ) -> Node:
        live = self._live
        if level.is_live:
            node = live.judged(level.dependant, place)
        else:
            metadata = level.metadata(place.name)
            node = judged(place, forgetting(live.classifier), live.path, metadata)
        if call is not node.candidate.call:
            candidate = replace(node.candidate, call=call)
            decision = classify_override(candidate, live.classifier, node.decision)
            node = replace(node, candidate=candidate, decision=decision)
        return replace(node, dependant=dependant)

    async def _read(self, level: Level) -> None:
        dependant, values, errors = level.dependant, level.values, level.errors
        known = self._known.get(id(dependant)) if level.is_live else None
        if known is None or self._token is not _watching.token:
            await self._read_all(level)
        else:
            request = self._solution.request
            # FastAPI reads them all, and the request remembers them.
            _ = request.query_params, request.headers, request.cookies
            for each in known.reads:
                found, wrong = read(each, request, 0, self._names)
                values.update(found)
                errors += wrong
            if known.body is not None:
                values.update(await known.body.read(self._solution.body, errors, self._names))
        self._solution.add_special(dependant, values)

    async def _read_all(self, level: Level) -> None:
        dependant, values, errors = level.dependant, level.values, level.errors
        request = self._solution.request
        read_params = _names["request_params_to_args"]
        path, path_errors = read_params(dependant.path_params, request.path_params)
        names = self._names
        query, query_errors = read_params(
            dependant.query_params, request.query_params, **told(names, "query_params")
        )
        headers, header_errors = read_params(
            dependant.header_params, request.headers, **told(names, "headers")
        )
        cookies, cookie_errors = read_params(
            dependant.cookie_params, request.cookies, **told(names, "cookies")
        )
        values.update(path)
        values.update(query)
        values.update(headers)
        values.update(cookies)
        errors += path_errors + query_errors + header_errors + cookie_errors
        if dependant.body_params:
            body, body_errors = await _names["request_body_to_args"](
                body_fields=dependant.body_params,
                received_body=self._solution.body,
                embed_body_fields=self._embed,
                **told_of_body(names),
            )
            values.update(body)
            errors.extend(body_errors)
