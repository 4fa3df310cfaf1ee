"""Measures what is sync in the apps of one process, for `fastdeps profile`.

It imports nothing that the program has not imported before what is measured is known. What was
measured is written when the program is idle, when an app shuts down and at exit, so that a server
that is told to stop, and a process that is killed, have left what they know.
"""

import atexit
import contextlib
import functools
import gc
import importlib
import inspect
import itertools
import json
import os
import signal
import sys
import threading
import time
import types
from collections.abc import Awaitable, Callable, MutableMapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any
from weakref import WeakKeyDictionary

FOLDER = "FASTDEPS_PROFILE"
_IDLE = 0.5
_DIGITS = 6
_FRAMES = 12

_wall = time.perf_counter_ns
_cpu = time.thread_time_ns
_process = time.process_time_ns
try:
    import resource

    _usage_of, _THREAD = resource.getrusage, resource.RUSAGE_THREAD
except (ImportError, AttributeError):
    _handed_over = itertools.count().__next__
else:

    def _handed_over() -> int:
        """How often this thread has stopped of its own accord, to wait for something. Where the
        system does not count that, it may have been so each time that it is asked."""
        return _usage_of(_THREAD).ru_nvcsw


App = Callable[..., Awaitable[None]]
Key = tuple[object, ...]


class Times:
    """Durations: how many there were of each, in nanoseconds, with two digits that count."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts: dict[int, int] = {}
        self.total = 0

    def add(self, nanoseconds: int) -> None:
        nanoseconds = max(nanoseconds, 0)
        shift = max(nanoseconds.bit_length() - _DIGITS, 0)
        rounded = nanoseconds >> shift << shift
        self.counts[rounded] = self.counts.get(rounded, 0) + 1
        self.total += nanoseconds


@dataclass(slots=True)
class Measured:
    """One part of a callable where it runs.

    Attributes:
        call: the user's callable.
        wall, cpu: of a call, on the thread where it ran; without what that thread stood in line
            for a processor if it waited for nothing else.
        waited: of it, when that thread did not run.
        idle: of it, when no thread of the process did.
        queued: until there was a thread, and it had begun.
        way: what going to the thread took, the wait for it included, and coming back.
    """

    call: Any
    role: str
    part: str
    where: str
    requests: int = 0
    wall: Times = field(default_factory=Times)
    cpu: Times = field(default_factory=Times)
    waited: Times = field(default_factory=Times)
    idle: Times = field(default_factory=Times)
    queued: Times = field(default_factory=Times)
    way: Times = field(default_factory=Times)


class Request:
    """What a request has called so far."""

    __slots__ = ("called",)

    def __init__(self) -> None:
        self.called: set[Key] = set()


@dataclass(frozen=True, slots=True)
class Run:
    """One call, in nanoseconds.

    Attributes:
        begun, ended: by the clock of the wall.
        cpu: when its thread ran.
        others: what all threads of the process have run meanwhile.
        has_waited: whether its thread stopped of its own accord. If not, the system gave the
            processor to others, which says nothing of the call.
    """

    begun: int
    ended: int
    cpu: int
    others: int
    has_waited: bool

    @property
    def wall(self) -> int:
        wall = self.ended - self.begun
        return wall if self.has_waited else min(wall, self.cpu)


class Recorder:
    """What was measured in this process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.begin()

    def begin(self) -> None:
        """Know nothing, as a process that was forked knows nothing of its own."""
        # A signal is handled in the middle of whatever holds it.
        self.lock = threading.RLock()
        self.measured: dict[Key, Measured] = {}
        self.descriptions: dict[int, tuple[Any, dict[str, Any]]] = {}
        self.requests = 0
        self.others = 0
        self.is_plain = False
        self.changes = 0
        self.written = 0
        self.file = self.folder / f"process-{os.getpid()}-{time.time_ns()}.json"
        self.is_watched = False

    def meet(self) -> None:
        """There is an app in this process, and it is asked for something."""
        with self.lock:
            self.changes += 1
            is_watched, self.is_watched = self.is_watched, True
        if not is_watched:
            threading.Thread(target=self._watch, name="fastdeps profile", daemon=True).start()

    def add(
        self,
        site: "Site",
        where: str,
        run: Run,
        queued: int | None = None,
        way: int | None = None,
    ) -> None:
        request = _request.get()
        key = (site.key, site.role, site.part, where)
        with self.lock:
            found = self.measured.get(key)
            if found is None:
                found = Measured(site.call, site.role, site.part, where)
                self.measured[key] = found
            found.wall.add(run.wall)
            found.cpu.add(run.cpu)
            found.waited.add(run.wall - run.cpu)
            found.idle.add(run.wall - max(run.cpu, run.others))
            if queued is not None and way is not None:
                found.queued.add(queued)
                found.way.add(way)
            if request is not None and key not in request.called:
                request.called.add(key)
                found.requests += 1
            self.changes += 1

    def save(self) -> None:
        """Write what is known, with what the source of each callable says."""
        with self.lock:
            changes, found = self.changes, list(self.measured.values())
        if changes == self.written:
            return
        said = [self._described(each) for each in found]
        with self.lock:
            rows = [_row(*each) for each in zip(found, said, strict=True)]
            self.written = changes
            data = {
                "requests": self.requests,
                "others": self.others,
                "is_plain": self.is_plain,
                "callables": rows,
            }
        # The folder is gone when the command has ended that was profiled.
        with contextlib.suppress(OSError):
            partly = self.file.with_suffix(f".{threading.get_ident()}")
            partly.write_text(json.dumps(data), encoding="utf-8")
            os.replace(partly, self.file)

    def _described(self, measured: Measured) -> dict[str, Any]:
        known = self.descriptions.get(id(measured.call))
        if known is None:
            known = measured.call, _described(measured.call, self.folder)
            self.descriptions[id(measured.call)] = known
        return known[1]

    def _watch(self) -> None:
        seen = self.changes
        while True:
            time.sleep(_IDLE)
            if self.changes == seen and self.changes != self.written:
                self.save()
            seen = self.changes


def _described(call: Any, folder: Path) -> dict[str, Any]:
    try:
        from fastapi_fastdeps._cli.profiling.describing import description
    except Exception as error:
        # A FastAPI that this package does not work with.
        name = str(getattr(call, "__qualname__", type(call).__qualname__))
        return {"module": str(call.__module__), "qualname": name, "unread": str(error)}
    return description(call, folder)


def _row(measured: Measured, said: dict[str, Any]) -> dict[str, Any]:
    times = {
        name: getattr(measured, name) for name in ("wall", "cpu", "waited", "idle", "queued", "way")
    }
    return {
        **said,
        "role": measured.role,
        "part": measured.part,
        "where": measured.where,
        "requests": measured.requests,
        **{
            name: {"total": each.total, "counts": list(each.counts.items())}
            for name, each in times.items()
        },
    }


@dataclass(frozen=True, slots=True)
class Site:
    """What is called, as it was found."""

    call: Any
    role: str
    part: str
    key: object


def site_of(call: Any, role: str, part: str) -> Site:
    """The callable without what this package puts around it, and what it is known by: a closure by
    its code, because each request may have its own."""
    if type(call).__module__.startswith("fastapi_fastdeps.") and hasattr(call, "candidate"):
        call = call.candidate.call
    while isinstance(call, functools.partial):
        call = call.func
    return Site(call, role, part, (_known_by(call), _known_by(inspect.unwrap(call))))


def _known_by(call: Any) -> object:
    if isinstance(call, types.MethodType):
        call = call.__func__
    if not isinstance(call, types.FunctionType | type):
        kind: Any = call.__class__
        return kind, getattr(kind.__call__, "__code__", id(call))
    return getattr(call, "__code__", call)


def _sent_to_a_thread(function: Any, args: tuple[Any, ...], frame: FrameType | None) -> Site | None:
    """What is about to be called in a thread; `None` for what FastAPI does not decide about."""
    role, named = _role(frame)
    if role is None:
        return None
    if named is not None:
        return site_of(named, role, "call")
    while isinstance(function, functools.partial):
        args = (*function.args, *args)
        function = function.func
    if function is next or _is_named(function, "starlette.concurrency", "_next"):
        return _of_generator(args[0], role) if args else None
    if role == "validation":
        endpoint = _endpoint.get()
        return endpoint and Site(endpoint.call, "endpoint", "validation", endpoint.key)
    if _is_named(function, "fastapi_fastdeps._threads", "_leave_here"):
        managers: Any = args[0]
        if len(managers) != 1:
            return None
        return _of_manager(managers[0], "exit")
    bound = getattr(function, "__self__", None)
    name = getattr(function, "__name__", "")
    if isinstance(bound, contextlib.AbstractContextManager) and name in ("__enter__", "__exit__"):
        return _of_manager(bound, "enter" if name == "__enter__" else "exit")
    return site_of(function, role, "call")


def _is_named(function: Any, module: str, name: str) -> bool:
    return (getattr(function, "__module__", ""), getattr(function, "__name__", "")) == (
        module,
        name,
    )


def _of_manager(manager: Any, part: str) -> Site | None:
    """The generator function, which what `contextmanager` made of it forgets when it is entered."""
    if part == "enter" and hasattr(manager, "func"):
        _entered[manager] = site_of(manager.func, "dependency", "exit")
    site = _entered.get(manager)
    return site and Site(site.call, site.role, part, site.key)


def _of_generator(generator: Any, role: str) -> Site | None:
    maker = _maker_of(generator)
    if maker is not None and maker.__module__.startswith("fastapi."):
        # It encodes the items of the generator that the endpoint has made.
        cells = [cell.cell_contents for cell in maker.__closure__ or ()]
        makers = (_maker_of(each) for each in cells)
        maker, role = next((each for each in makers if each is not None), None), "endpoint"
    return None if maker is None else site_of(maker, role, "next")


def _maker_of(generator: Any) -> Any:
    """The function of a generator, which CPython tells nobody but its garbage collector."""
    code = getattr(generator, "gi_code", None)
    for each in gc.get_referents(generator) if code is not None else ():
        if isinstance(each, types.FunctionType) and each.__code__ is code:
            return each
    return None


_ROLES = {
    "fastapi.dependencies.utils": "dependency",
    "fastapi.concurrency": "dependency",
    "starlette.background": "background task",
    "starlette._exception_handler": "exception handler",
    "starlette.routing": "endpoint",
    "starlette.endpoints": "method",
    "starlette.datastructures": "upload",
    "fastapi_fastdeps._lane.uploads": "upload",
    "fastapi_fastdeps._lane.streams": "stream",
}
_PASSED = ("anyio", "contextlib", "starlette.concurrency", "fastapi_fastdeps._threads", __name__)


def _role(frame: FrameType | None) -> tuple[str | None, Any]:
    """What something is called for, and what that is, if its caller tells: the first of those that
    wait for it which is neither AnyIO's nor a helper."""
    for _ in range(_FRAMES):
        if frame is None:
            return None, None
        module, function = frame.f_globals.get("__name__", ""), frame.f_code.co_name
        if function in ("iterate_in_threadpool", "taken_in_visits"):
            return "stream", None
        if function == "run_endpoint_function":
            return "endpoint", getattr(frame.f_locals.get("dependant"), "call", None)
        if module == "fastapi.routing":
            return {"serialize_response": "validation", "app": "endpoint"}.get(function), None
        if module.startswith("fastapi_fastdeps._lane.standins") or (
            module == "fastapi_fastdeps._lane.placed"
        ):
            mine = frame.f_locals.get("self")
            candidate = getattr(mine, "candidate", None) or getattr(mine, "_candidate", None)
            return getattr(candidate, "role", "endpoint"), None
        if module in _ROLES:
            return _ROLES[module], None
        if not module.startswith(_PASSED):
            return None, None
        frame = frame.f_back
    return None, None


_entered: WeakKeyDictionary[Any, Site] = WeakKeyDictionary()
_request: ContextVar[Request | None] = ContextVar("fastdeps_profile_request", default=None)
_endpoint: ContextVar[Site | None] = ContextVar("fastdeps_profile_endpoint", default=None)
_asked: ContextVar[int | None] = ContextVar("fastdeps_profile_asked", default=None)


def watch_threads(module: ModuleType) -> None:  # noqa: ARG001
    """Measure what is sent to AnyIO's worker threads, which Starlette has just imported: AnyIO
    itself may be imported by pytest's loader, of which nobody hears."""
    threads: Any = sys.modules["anyio.to_thread"]
    run_sync = threads.run_sync

    @functools.wraps(run_sync)
    async def measured(function: Any, *args: Any, **options: Any) -> Any:
        here, site = inspect.currentframe(), None
        # What can't be told apart is not to keep the program from doing its work.
        with contextlib.suppress(Exception):
            site = _sent_to_a_thread(function, args, here and here.f_back)
        if site is None:
            recorder.others += 1
            return await run_sync(function, *args, **options)
        if site.role == "endpoint" and site.part == "call":
            _endpoint.set(site)
        asked = _asked.get()
        begun = _wall() if asked is None else asked
        seen: list[Run] = []
        there = functools.partial(timed, seen.append, function)
        try:
            return await run_sync(there, *args, **options)
        finally:
            ended = _wall()
            for run in seen:
                way = ended - begun - (run.ended - run.begun)
                recorder.add(site, "threaded", run, run.begun - begun, way)

    threads.run_sync = measured


def watch_apps(module: ModuleType) -> None:
    """Count requests, and write what is known when an app has shut down."""
    kind: Any = module.Starlette
    serve: App = kind.__call__

    @functools.wraps(serve)
    async def counted(self: Any, scope: MutableMapping[str, Any], *rest: Any) -> None:
        recorder.meet()
        if "fastapi_fastdeps.applications" in sys.modules:
            watch_ours()
        if scope["type"] == "lifespan":
            try:
                await serve(self, scope, *rest)
            finally:
                recorder.save()
        elif _request.get() is not None:
            await serve(self, scope, *rest)
        else:
            recorder.requests += 1
            recorder.is_plain = recorder.is_plain or _is_plain(self)
            token = _request.set(Request())
            try:
                await serve(self, scope, *rest)
            finally:
                _request.reset(token)

    kind.__call__ = counted


def _is_plain(app: Any) -> bool:
    """Whether an app is of FastAPI's own class, in which marks have no effect."""
    fastapi: Any = sys.modules.get("fastapi")
    ours: Any = sys.modules.get("fastapi_fastdeps.applications")
    return isinstance(app, getattr(fastapi, "FastAPI", ())) and not isinstance(
        app, getattr(ours, "FastDepsAPI", ())
    )


@functools.cache
def watch_ours() -> None:
    """Measure what a `FastDepsAPI` calls on the event loop, and since when it waits for threads."""
    from fastapi_fastdeps import _threads

    # It imports this package, which is not to be imported before the program does.
    inline = importlib.import_module("fastdeps_profiling_inline").Inline(call_here, site_of)
    threads: Any = _threads.Threads
    threads.observer = property(lambda _: inline)
    visits: Any = _threads.Visits
    run = visits.run

    @functools.wraps(run)
    async def asked(self: Any, *args: Any, **values: Any) -> Any:
        token = _asked.set(_wall())
        try:
            return await run(self, *args, **values)
        finally:
            _asked.reset(token)

    visits.run = asked


def call_here(site: Site, call: Callable[..., Any], *args: Any, **values: Any) -> Any:
    """What it returns, called on the event loop, and measured."""
    return timed(functools.partial(recorder.add, site, "inline"), call, *args, **values)


def timed(
    report: Callable[[Run], None], call: Callable[..., Any], *args: Any, **values: Any
) -> Any:
    """What it returns, called on this thread; how long it took is reported."""
    handed, process, cpu, begun = _handed_over(), _process(), _cpu(), _wall()
    try:
        return call(*args, **values)
    finally:
        ended = _wall()
        ran, others = _cpu() - cpu, _process() - process
        report(Run(begun, ended, ran, others, _handed_over() != handed))


HOOKS: dict[str, Callable[[ModuleType], None]] = {
    "starlette.concurrency": watch_threads,
    "starlette.applications": watch_apps,
}


def _save_and_end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
    """What nobody handles ends the process without its exit functions."""
    recorder.save()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


recorder = Recorder(Path(os.environ[FOLDER]))
atexit.register(recorder.save)
if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
    signal.signal(signal.SIGTERM, _save_and_end)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=recorder.begin)
