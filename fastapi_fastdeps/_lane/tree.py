"""FastAPI's tree as its own handler and solver are to see it."""

from collections.abc import Callable, MutableSequence
from dataclasses import replace
from operator import attrgetter
from typing import Any, ClassVar, SupportsIndex, cast, overload

from fastapi_fastdeps import _watching
from fastapi_fastdeps._deciding.graph import Node
from fastapi_fastdeps._deciding.live import LiveGraph
from fastapi_fastdeps._fastapi.names import (
    Dependant,
    is_async_gen_callable,
    is_coroutine_callable,
    is_gen_callable,
)
from fastapi_fastdeps._lane.standins import (
    StandIn,
    awaited_endpoint,
    called_endpoint,
    inline_endpoint,
    is_awaited_by_fastapi,
    limited_endpoint,
    needs_stand_in,
    stand_in,
    threaded_endpoint,
)
from fastapi_fastdeps._sending import Makers, nothing
from fastapi_fastdeps._threads import Threads, limiter_of
from fastapi_fastdeps._watching import FIELDS
from fastapi_fastdeps.marking import Execution, Inline


def _without_fields(kind: "type[ClassifiedDependant]") -> "ClassifiedDependant":
    return kind.__new__(kind)


class ClassifiedDependant(Dependant):  # pyrefly: ignore[bad-class-definition]
    """What FastAPI knows of a callable, read when FastAPI reads it, with an async stand-in
    in the place of what runs inline. What is assigned to it reaches FastAPI's own."""

    __slots__ = (
        "_call",
        "_execution",
        "_given",
        "_is_awaited",
        "_is_wrapped",
        "_parent",
        "_token",
        "_views",
        "is_being_asked",
        "live",
        "of",
    )

    left_behind: ClassVar[Makers] = {"_token": nothing, "_views": dict}

    def __init__(self, live: LiveGraph, of: Dependant, parent: Dependant | None = None) -> None:
        """`parent` is FastAPI's `Dependant` above, `None` at the root."""
        self.of: Dependant = of
        self.live: LiveGraph = live
        self._parent = parent
        self._views: dict[int, ClassifiedDependant] = {}
        self._token: object = None
        self._call: Any = None
        self._given: Any = None
        self._execution: Execution | None = None
        self._is_awaited = False
        self._is_wrapped = False
        self.is_being_asked: bool = False

    def __reduce__(self) -> Any:
        # The fields are FastAPI's own, which what copies objects would read and assign to.
        classes = [each for each in type(self).__mro__ if issubclass(each, ClassifiedDependant)]
        names = [name for each in classes for name in vars(each)["__slots__"]]
        state = {name: getattr(self, name) for name in names}
        state |= {name: make() for name, make in self.left_behind.items()}
        return _without_fields, (type(self),), (None, state)

    def view(self, child: Dependant) -> "ClassifiedDependant":
        """How FastAPI is to see a dependency of this one.

        FastAPI asks a view for its call once before it solves what is below, and once
        after: a view stays what it is, and another one takes its place once something
        else is to be called or somewhere else.
        """
        view = self._views.get(id(child))
        if view is None or view.of is not child or view.is_outdated():
            # Those of dependencies that were taken out of the tree are not kept.
            current = {id(each) for each in self.of.dependencies}
            self._views = {key: each for key, each in self._views.items() if key in current}
            view = self._views[id(child)] = ClassifiedDependant(self.live, child, self.of)
            view.settle()
        return view

    def is_outdated(self) -> bool:
        """Whether something else is to be called now, or somewhere else."""
        if self.of.call is not self._call:
            return True
        token = _watching.token
        if self._token is not token:
            if self._judged().execution != self._execution:
                return True
            self._token = token
        return False

    def settle(self) -> None:
        """Take note of what is to be called, and where."""
        token = _watching.token
        self._call = self.of.call
        node = self._judged()
        self._execution = node.execution
        self._given = _given(node, self.live.threads)
        self._token = token

    def get_call(self) -> Any:
        """What FastAPI is to call, and to judge how to call it by."""
        call: Any = self.of.call
        if self._parent is None:
            if self.is_being_asked and self._is_of_another_kind(call):
                return awaited_endpoint(call) if self.live.was_async else called_endpoint(call)
            self._settle_endpoint(call)
        elif call is not self._call:
            # Exchanged while what is below was solved.
            if is_gen_callable(call) or is_async_gen_callable(call):
                # FastAPI enters what it finds then.
                self.settle()
            elif not _are_called_alike(call, self._call):
                # FastAPI calls what it has found before, as it would call this.
                if isinstance(self._given, StandIn):
                    self._given.exchange()
                return call
            elif isinstance(self._given, StandIn):
                # FastAPI remembers the value by this, and calls it as what it has found.
                candidate = replace(self._given.candidate, call=call)
                return stand_in(candidate, self._execution, threads=self.live.threads)
            else:
                return call
        return self._given

    def set_call(self, call: Any) -> None:
        """Call this instead, as integrations do that wrap the call of what they are given."""
        if call is not self.get_call():
            self._given = call
            self._is_wrapped = True

    def called_as(self, call: Any) -> Any:
        """What is called for this endpoint: what an integration has wrapped it in, if any has."""
        return self._given if self._is_wrapped and call is self._call else call

    def _judged(self) -> Node:
        self.live.current()
        assert self._parent is not None
        return self.live.judged(self._parent, self.of)

    def _settle_endpoint(self, call: Any) -> None:
        token = _watching.token
        if call is self._call and self._token is token:
            return
        execution = self.live.current().root.execution
        if call is not self._call or execution != self._execution:
            self._given = self._endpoint(call, execution)
            self._is_wrapped = False
        self._call, self._execution, self._token = call, execution, token

    def _is_of_another_kind(self, call: Any) -> bool:
        """Whether it has replaced an endpoint that FastAPI's handler would have awaited where it
        does not await this one, or the other way round."""
        live, is_async = self.live, is_coroutine_callable(call)
        return is_async != live.was_async

    def _endpoint(self, call: Any, execution: Execution | None) -> Any:
        has_stand_in, was_async = is_awaited_by_fastapi(execution), self.live.was_async
        if self.live.is_streamed:
            # FastAPI calls what it streams on the event loop, and iterates it as what it is.
            has_stand_in = has_stand_in and is_gen_callable(call)
            return self._endpoint_of(call, execution) if has_stand_in else call
        if self._call is None:
            # FastAPI asks once whether to await the endpoint: when it makes its handler.
            self._is_awaited = was_async or has_stand_in
        if is_gen_callable(call) or is_async_gen_callable(call):
            # FastAPI asks for this when the request comes.
            return call
        if was_async:
            return call if is_coroutine_callable(call) else awaited_endpoint(call)
        if not self._is_awaited:
            return call
        # An async function that has replaced a sync one is called in a thread, as by FastAPI.
        return self._endpoint_of(call, execution) if has_stand_in else threaded_endpoint(call)

    def _endpoint_of(self, call: Any, execution: Execution | None) -> Any:
        if isinstance(execution, Inline):
            candidate = self.live.current().root.candidate
            if candidate.call is not call:
                candidate = replace(candidate, call=call)
            return inline_endpoint(candidate, self.live.threads)
        return limited_endpoint(call, limiter_of(execution), self.live.threads)


def _given(node: Node, threads: Threads) -> Any:
    if not needs_stand_in(node, threads):
        return node.candidate.call
    return stand_in(node.candidate, node.execution, threads=threads)


def _are_called_alike(one: Any, other: Any) -> bool:
    """Whether FastAPI calls `one`, which is no generator function, like `other`."""
    return is_coroutine_callable(one) == is_coroutine_callable(other) and not (
        is_gen_callable(other) or is_async_gen_callable(other)
    )


class _Dependencies(MutableSequence[Dependant]):
    """The dependencies of a callable as they are at each moment."""

    def __init__(self, view: ClassifiedDependant) -> None:
        self._view = view
        self._items = view.of.dependencies

    @overload
    def __getitem__(self, index: int) -> Dependant: ...
    @overload
    def __getitem__(self, index: slice) -> MutableSequence[Dependant]: ...
    def __getitem__(self, index: int | slice) -> Dependant | MutableSequence[Dependant]:
        if isinstance(index, slice):
            return [self._view.view(each) for each in self._items[index]]
        return self._view.view(self._items[index])

    def __setitem__(self, index: Any, value: Any) -> None:
        if isinstance(index, slice):
            self._items[index] = [_of(each) for each in value]
        else:
            self._items[index] = _of(value)

    def __delitem__(self, index: SupportsIndex | slice) -> None:
        del self._items[index]

    def __len__(self) -> int:
        return len(self._items)

    def insert(self, index: int, value: Dependant) -> None:
        self._items.insert(index, _of(value))


def _of(dependant: Dependant) -> Dependant:
    return dependant.of if isinstance(dependant, ClassifiedDependant) else dependant


def _set_dependencies(view: ClassifiedDependant, dependencies: Any) -> None:
    if isinstance(dependencies, list):
        view.of.dependencies = [_of(each) for each in cast("list[Dependant]", dependencies)]
    else:
        view.of.dependencies = dependencies


def _passed_on(name: str) -> property:
    read: Callable[[ClassifiedDependant], Any] = attrgetter(f"of.{name}")

    def assign(view: ClassifiedDependant, value: Any) -> None:
        setattr(view.of, name, value)

    return property(read, assign)


PROPERTIES = {
    **{name: _passed_on(name) for name in FIELDS},
    "call": property(ClassifiedDependant.get_call, ClassifiedDependant.set_call),
    "dependencies": property(_Dependencies, _set_dependencies),
}
for _name, _property in PROPERTIES.items():
    setattr(ClassifiedDependant, _name, _property)


def classified_dependant(live: LiveGraph) -> ClassifiedDependant:
    """The tree of a route for FastAPI's own handler and solver."""
    return ClassifiedDependant(live, live.root)
