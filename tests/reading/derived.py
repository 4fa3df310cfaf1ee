"""Random classes that derive from FastAPI's, Starlette's and Python's own, and what happens when
functions that use them, and that are called harmless, are called.

`python -m tests.reading.derived [COUNT] [SEED]` gives such a class code of its own in random
places (a property, a descriptor, a method, a special method, behind a name that the class it
derives from uses), writes a function that makes, raises, reads, assigns or calls, and prints the
functions that were called harmless and ran that code.
"""

import contextlib
import gc
import random
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from fastapi import FastAPI

from fastapi_fastdeps import Candidate, harmless
from tests.reading import noting
from tests.reading.noting import RAN
from tests.reading.programs import loaded, stop

HEADER = f"from tests.reading.noting import {', '.join(noting.__all__)}\n\n\n"

BASES = {
    "HTTPException": "HTTPException",
    "StarletteException": "HTTPException",
    "WebSocketException": "WebSocketException",
    "RuntimeError": "RuntimeError",
    "Response": "Response",
    "HTMLResponse": "Response",
    "JSONResponse": "Response",
    "PlainTextResponse": "Response",
    "RedirectResponse": "Response",
    "Request": "Request",
    "WebSocket": "WebSocket",
    "BackgroundTasks": "BackgroundTasks",
    "SecurityScopes": "SecurityScopes",
    "HTTPBasicCredentials": "HTTPBasicCredentials",
    "HTTPAuthorizationCredentials": "HTTPAuthorizationCredentials",
    "Plain": "Plain",
    "Record": "Record",
    "Model": "Model",
    "dict": "dict",
    "list": "list",
    "str": "str",
    "int": "int",
}

INJECTED = ("Request", "WebSocket", "BackgroundTasks", "SecurityScopes")
"""Of these a class of the user's may stand there; a response FastAPI makes itself."""

_OF_CLASSES = """
status_code detail headers code reason background raw_headers _headers init_headers body
set_cookie delete_cookie render media_type charset scope state _state url _url base_url
cookies _cookies query_params client app method path_params components hostname tasks
add_task scopes scope_str username password scheme credentials args limit model_fields get
items keys append model_post_init __pydantic_fields_set__ with_traceback add_note
"""
_SPECIAL = """
__setattr__ __getattribute__ __getattr__ __delattr__ __init__ __new__ __str__ __repr__
__format__ __eq__ __ne__ __lt__ __hash__ __bool__ __len__ __iter__ __contains__ __getitem__
__setitem__ __del__ __call__ __post_init__ __enter__ __exit__ __index__ __int__ __add__
__radd__ __mul__ __reversed__ __instancecheck__ __copy__ __set_name__ __traceback__
__cause__ __context__ __suppress_context__ __notes__ __dict__ __class__ __getstate__
"""
NAMES, SPECIAL = _OF_CLASSES.split(), _SPECIAL.split()

CODE = (
    "property(noting, noting)",
    "property(noting)",
    "Noting()",
    "Reading()",
    "noting",
    "staticmethod(noting)",
    "classmethod(noting)",
    "'plain'",
    "None",
)

_USES = """
raise Derived(404)
raise Derived(status_code=404, detail=s)
raise Derived
raise Derived(404) from None
raise Derived(404) from ValueError(s)
return Derived(404)
return Derived()
return Derived(code=1000, reason=s)
return Derived(s)
return Derived(status_code=n)
made = Derived(404); made.detail = s; return made.detail
made = Derived(404); made.status_code = n; return made.status_code
made = Derived(); made.headers = None; return made.headers
made = Derived(); del made.detail
made = Derived(404); return str(made)
made = Derived(404); return f"{made}"
made = Derived(404); return repr(made)
made = Derived(404); return made == made
made = Derived(404); return made in [1, s]
made = Derived(404); return {made: 1}
made = Derived(404); return bool(made)
made = Derived(404); return len(made)
made = Derived(404); return [*made]
made = Derived(404); return isinstance(made, HTTPException)
made = Derived(404); made.args
made = Derived(404); made()
made = Derived(404); made.limit
made = Derived(404); made + 1
made = Derived(404); made += 1
made = Derived(404); return (made, s)
Derived.__init__(there, 404)
Derived.__init__(o, 404)
HTTPException.__init__(there, 404)
HTTPException.__init__(o, 404)
WebSocketException.__init__(there, 1000)
there.status_code = n
return there.status_code
return there.detail
return there == there
return there is None
return str(there)
return there.limit
return Derived.limit
return Derived.__name__
return o
return o.status_code
o.status_code = 201
o.background = None
o.detail = s
o.headers["a"] = "b"
o.headers
return o.headers.get("a")
o.headers.append("a", "b")
o.set_cookie("a", s)
o.delete_cookie("a")
return o.url.path
return o.base_url.hostname
return o.scope
return o.scope.get("type")
o.state.x = n
return o.state
return o.cookies.get("a")
return o.query_params.get("a")
return o.client
return o.method
return o.path_params
return o.app.state
o.add_task(print, s)
return o.scopes
return o.scope_str
return o.username
return o.credentials
return o.scheme
return o.args
return str(o)
return f"{o}"
return o == s
return s in o
return len(o)
return [*o]
return bool(o)
return not o
return o or s
return isinstance(o, str)
return o is None
return o["a"]
return o.get("a")
return dict(o)
return list(o)
return {o}
for each in o: return each
with o: return 1
return error.detail
return error.status_code
return error.args
return 1
return found
try: |    raise Derived(404)|except Derived as error:|    return error.detail
try:|    raise Derived(404)|except HTTPException as error:|    return error.status_code
try:|    raise Derived(404)|except Exception as error:|    return error.args
match o:|    case Derived(detail=1):|        return 1
match o:|    case {"a": found}:|        return found
match o:|    case [found]:|        return found
"""
USES = _USES.strip().splitlines()
"""What a function does; `|` begins a line."""


def written(seed: int) -> str:
    """A class, another one that derives from it or not, and the function that uses it."""
    chosen = random.Random(seed)
    base = chosen.choice(list(BASES))
    lines = [f"class Derived({base}):", "    pass"]
    for _ in range(chosen.choice((0, 1, 1, 1, 2, 3))):
        name = chosen.choice(NAMES if chosen.random() < 0.75 else SPECIAL)
        if name == "__new__":
            lines += ["    def __new__(cls, *given, **named):", "        noting()"]
            lines.append("        return super().__new__(cls)")
        elif name == "__init__":
            lines.append("    def __init__(self, *given, **named):")
            lines.append("        super().__init__(*given, **named)")
        elif name in ("__getattribute__", "__setattr__", "__delattr__"):
            lines.append(f"    def {name}(self, *given):")
            lines += ["        noting()", f"        return super().{name}(*given)"]
        else:
            lines.append(f"    {name} = {chosen.choice(CODE)}")
    if chosen.random() < 0.3:
        lines += ["    def __init__(self, status_code=404, *rest, **named):"]
        lines += [
            f"        {BASES[base]}.__init__(self, status_code)"
            if chosen.random() < 0.5
            else "        super().__init__(status_code)"
        ]
    # What a request brings is of the very type that is asked for.
    annotation = chosen.choice(("Derived", "Derived", base if base in INJECTED else "Derived"))
    uses = [chosen.choice(USES).replace("|", "\n    ") for _ in range(chosen.choice((1, 1, 2)))]
    body = "\n    ".join(uses)
    there = "try:\n    there = Derived.__new__(Derived)\nexcept BaseException:\n    there = None\n"
    return (
        "\n".join(lines)
        + f"\n\n\n{there}\n\ndef judged(o: {annotation}, s: str, n: int):\n    {body}\n"
    )


def _given(module: ModuleType, base: str) -> Iterator[Any]:
    """An object of the class, made as FastAPI makes one, or without asking its constructor."""
    scope: dict[str, Any] = {
        "type": base.lower() if base == "WebSocket" else "http",
        "method": "GET",
        "path": "/",
        "query_string": b"a=b",
        "headers": [(b"cookie", b"a=b"), (b"host", b"there")],
        "path_params": {},
        "server": ("there", 80),
        "client": ("here", 1),
        "app": FastAPI(),
    }
    arguments: list[tuple[Any, ...]] = [(), (404,), ("a",), ([],)]
    if base in ("Request", "WebSocket"):
        arguments = [(scope, None, None) if base == "WebSocket" else (scope,)]
    for each in arguments:
        try:
            yield module.Derived(*each)
        except Exception:
            continue
    for named in ({"username": "a", "password": "b"}, {"scheme": "a", "credentials": "b"}):
        try:
            yield module.Derived(**named)
        except Exception:
            continue


def ran(module: ModuleType, base: str) -> bool:
    """Whether calling the function ran the code that was given to the class."""
    seen = False
    for given in _given(module, base):
        RAN.clear()
        # What has a place for each number is never at its end.
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.2, 0.2)
        with contextlib.suppress(BaseException):
            module.judged(given, "text", 3)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        seen = seen or bool(RAN)
    return seen


def outcomes(count: int, seed: int) -> Iterator[tuple[str, bool | None]]:
    """The source of each, and whether code ran in it; `None` where there was no opinion."""
    signal.signal(signal.SIGVTALRM, stop)
    with tempfile.TemporaryDirectory() as directory:
        for number in range(seed, seed + count):
            source = written(number)
            base = source.partition("(")[2].partition(")")[0]
            try:
                module = loaded(HEADER + source, Path(directory), f"derived_{number}")
            except Exception:
                continue
            RAN.clear()
            opinion = harmless(Candidate(module.judged))
            assert not RAN, f"To read it ran code of an object:\n{source}"
            yield source, ran(module, BASES[base]) if opinion is not None else None
            del sys.modules[f"derived_{number}"], module, opinion
            # What derives from FastAPI's classes is looked at, wherever one of those is used.
            gc.collect()


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    found = wrong = loaded_ones = 0
    # What is read for one stays, and need not be looked through again for each.
    list(outcomes(1, seed))
    gc.freeze()
    for source, did_run in outcomes(count, seed):
        loaded_ones += 1
        found += did_run is not None
        if did_run:
            wrong += 1
            print(source, flush=True)
    print(f"{loaded_ones} functions, {found} called harmless, {wrong} of them wrongly")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
