"""`fastdeps profile`: what is measured in the processes of a command, and what is made of it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

import fastapi_fastdeps
from fastapi_fastdeps import Candidate, Inline, Threaded, decisions, inline
from fastapi_fastdeps._cli.profiling.advice import Limits, advice_on, duration
from fastapi_fastdeps._cli.profiling.applying import Mark, marked
from fastapi_fastdeps._cli.profiling.describing import TABLE, description
from fastapi_fastdeps._cli.profiling.measured import Callable as Profiled
from fastapi_fastdeps._cli.profiling.measured import Measured, Part, Source, Times, Where
from fastapi_fastdeps._cli.profiling.writing import check_file, write_decisions

APP = """
import time
from typing import Annotated
from fastapi import BackgroundTasks, Depends, FastAPI
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

def make_app(kind=FastAPI):
    app = kind()
    app.get("/mix")(mix)
    app.get("/slow")(slow)
    app.get("/rows")(rows_of_it)
    return app

class Page:
    def __init__(self, skip: int = 0) -> None:
        self.skip = skip

def sleeps() -> int:
    time.sleep(0.3)
    return 1

def computes() -> int:
    return sum(number * number for number in range(4_000_000))

def session():
    yield "session"

class Keys:
    def __call__(self, key: str = "") -> str:
        return key

keys = Keys()

class Mix(BaseModel):
    total: int

def note(value: int) -> None: ...

def mix(
    page: Annotated[Page, Depends()],
    opened: Annotated[str, Depends(session)],
    key: Annotated[str, Depends(keys)],
    tasks: BackgroundTasks,
) -> Mix:
    tasks.add_task(note, page.skip)
    return Mix(total=page.skip)

def slow(
    slept: Annotated[int, Depends(sleeps)], computed: Annotated[int, Depends(computes)]
) -> Mix:
    return Mix(total=computed)

def rows():
    yield "1"
    yield "2"

async def rows_of_it() -> StreamingResponse:
    return StreamingResponse(rows())
"""
REQUESTS = """
import sys
from fastapi.testclient import TestClient
from main import make_app

if "ours" in sys.argv:
    from fastapi_fastdeps import FastDepsAPI, default_classifier, everything, first_match
    app = make_app(lambda: FastDepsAPI(classifier=first_match(default_classifier, everything)))
else:
    app = make_app()
client = TestClient(app)
# So many that what else the machine does is not in 99 of 100 calls; and what is slow is so slow
# that it makes no difference there.
for _ in range(0 if "rows" in sys.argv else 400):
    assert client.get("/mix").status_code == 200
for _ in range(0 if "rows" in sys.argv else 10):
    assert client.get("/slow").status_code == 200
for _ in range(100):
    assert client.get("/rows").text == "12"
print("what the command says")
sys.exit(3)
"""
PARTS = {
    ("Page", "dependency"): ["call"],
    ("sleeps", "dependency"): ["call"],
    ("computes", "dependency"): ["call"],
    ("session", "dependency"): ["enter", "exit"],
    ("Keys()", "dependency"): ["call"],
    ("note", "background task"): ["call"],
    ("rows", "stream"): ["next"],
}
CALLS = {"sleeps": 10, "computes": 10, "slow": 10, "rows": 300}
"""The end of a stream is looked for, too."""
ANY_MACHINE = ["--inline-below", "150_000"]
"""What is trivial is so however busy a machine is, and however slow."""


def profiled(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*_COMMAND, *arguments],
        cwd=folder,
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        stdin=subprocess.DEVNULL,
    )


_COMMAND = [sys.executable, "-m", "fastapi_fastdeps", "profile", "--python", sys.executable]


def _environment() -> dict[str, str]:
    return {**os.environ, "COLUMNS": "200"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "main.py").write_text(APP)
    (tmp_path / "requests_of_it.py").write_text(REQUESTS)
    return tmp_path


COUNTED = """
import fastdeps_profiling as profiling
run = profiling.Run(begun=1_000, ended=9_000, cpu=2_000, others=2_000, has_waited=HAS_WAITED)
site = profiling.site_of(print, "dependency", "call")
profiling.recorder.add(site, "threaded", run)
[seen] = profiling.recorder.measured.values()
assert (seen.wall.total, seen.cpu.total) == (WALL, 2_000)
assert seen.waited.total == seen.idle.total == WALL - 2_000
runs = []
assert profiling.timed(runs.append, CALL, 0.01) is None
assert [each.has_waited for each in runs] == [HAS_WAITED]
"""


@pytest.mark.skipif(sys.platform != "linux", reason="no other system tells")
@pytest.mark.parametrize(
    ("has_waited", "wall", "call"),
    [(True, 8_000, "__import__('time').sleep"), (False, 2_000, "lambda seconds: None")],
)
def test_what_a_thread_stands_in_line_for_a_processor_is_not_waiting(
    tmp_path: Path, has_waited: bool, wall: int, call: str
) -> None:
    program = COUNTED.replace("HAS_WAITED", str(has_waited)).replace("WALL", str(wall))
    injected = Path(fastapi_fastdeps.__file__).parent / "_cli" / "injected"
    subprocess.run(
        [sys.executable, "-S", "-c", program.replace("CALL", call)],
        env={**os.environ, "PYTHONPATH": str(injected), "FASTDEPS_PROFILE": str(tmp_path)},
        check=True,
    )


@pytest.mark.parametrize("kind", ["fastapi's", "ours"])
def test_sleeping_computing_and_trivial_callables_are_told_apart(folder: Path, kind: str) -> None:
    limits = [*ANY_MACHINE, "--calls", "10"]
    command = ["--", "python", "requests_of_it.py", kind]
    result = profiled(folder, "--format", "json", *limits, *command)
    assert result.returncode == 3, result.stderr
    assert "what the command says" in result.stderr
    # Marks have no effect there.
    assert ("fastdeps migrate" in result.stderr) == (kind == "fastapi's")
    seen = json.loads(result.stdout)
    assert (seen["processes"], seen["requests"]) == (1, 510)
    by_name = {(each["qualname"], each["role"]): each for each in seen["callables"]}
    endpoints = [by_name.pop((name, "endpoint")) for name in ("mix", "slow")]
    parts = {key: [part["part"] for part in each["parts"]] for key, each in by_name.items()}
    assert parts == PARTS
    validates = [] if kind == "ours" else ["validation"]
    for each in endpoints:
        assert [part["part"] for part in each["parts"]] == ["call", *validates]
    runs = "inline" if kind == "ours" else "threaded"
    for each in (*by_name.values(), *endpoints):
        for part in each["parts"]:
            assert part["runs"] == runs
            assert part["calls"] == CALLS.get(each["qualname"], 400)
            assert (part["queue"] is None) == (runs == "inline")
    verdicts = {name: each["advice"]["verdict"] for (name, _), each in by_name.items()}
    assert verdicts.pop("sleeps") == "async"
    assert verdicts.pop("computes") == "threaded"
    assert set(verdicts.values()) == {"inline"}


def test_a_server_that_is_stopped_reports_for_all_of_its_workers(folder: Path) -> None:
    (folder / "served.py").write_text("from main import make_app\napp = make_app()\n")
    port = 18_000 + os.getpid() % 10_000
    server = ["uvicorn", "served:app", "--workers", "2", "--port", str(port)]
    process = subprocess.Popen(
        [*_COMMAND, "--format", "json", *ANY_MACHINE, "--", *server],
        cwd=folder,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    asked = 0
    try:
        deadline = time.monotonic() + 60
        while asked < 30 and time.monotonic() < deadline:
            try:
                httpx.get(f"http://127.0.0.1:{port}/rows")
                asked += 1
            except httpx.TransportError:
                time.sleep(0.1)
        os.killpg(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    seen = json.loads(output)
    assert asked == 30
    assert seen["processes"] in (1, 2)
    assert seen["requests"] == 30
    [rows] = seen["callables"]
    assert (rows["qualname"], rows["advice"]["verdict"]) == ("rows", "inline")
    assert rows["parts"][0]["requests"] == 30


def test_own_callables_are_marked_when_that_is_agreed_to(folder: Path) -> None:
    arguments = ["--apply", *ANY_MACHINE, "--", "python", "requests_of_it.py", "rows"]
    shown = profiled(folder, *arguments)
    assert shown.returncode == 3
    assert "+@inline" in shown.stdout
    assert (folder / "main.py").read_text() == APP
    assert profiled(folder, "--yes", *arguments).returncode == 3
    last = "from pydantic import BaseModel\n"
    expected = APP.replace(last, f"{last}from fastapi_fastdeps import inline\n")
    expected = expected.replace("def rows()", "@inline\ndef rows()")
    assert (folder / "main.py").read_text() == expected


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--"],
        ["pytest"],
        ["--", "no-command-of-that-name"],
        ["--", "python", "-c", "import sys; sys.exit(4)"],
        ["--", "python", "-c", "import main; main.make_app()"],
        ["--write", "main.py", "--", "python", "requests_of_it.py"],
        ["--write", "nowhere/fastdeps.toml", "--", "python", "requests_of_it.py"],
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(folder: Path, arguments: list[str]) -> None:
    result = profiled(folder, *arguments)
    assert result.returncode == 2, result.stdout
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1, result.stderr


def test_limits_are_explained() -> None:
    shown = profiled(Path.cwd(), "--help").stdout
    for option in ("--inline-below", "--calls", "default: 100.0", "default: 20"):
        assert option in shown


def measured(
    seconds: Sequence[float],
    waited: Sequence[float] = (),
    part: Part = "call",
    where: Where = "threaded",
    requests: int | None = None,
    idle: Sequence[float] = (),
) -> Measured:
    left = Times.of(waited or [0.0] * len(seconds))
    return Measured(
        part,
        where,
        requests or len(seconds),
        wall=Times.of(seconds),
        cpu=Times(sum(seconds) - left.total),
        waited=left,
        idle=Times.of(idle) if idle else left,
        queued=Times.of([50e-6] * len(seconds)),
        way=Times.of([80e-6] * len(seconds)),
    )


OWN = Source("shop", "read", "shop:read", "shop.py", 3, "read", is_own=True, is_read=True)
SDK = Source("sdk", "read", "sdk:read", "sdk.py", 3, "read", is_read=True)
SLEEPS = Source("shop", "read", is_own=True, is_read=True, blocks=(("time.sleep", "shop.py", 4),))
SDK_SLEEPS = Source("sdk", "read", blocks=(("time.sleep", "/x/site-packages/sdk/it.py", 4),))
BUILDS = Source("shop", "Read", is_own=True, is_class=True, is_read=True)


def used(source: Source, *parts: Measured, role: str = "dependency") -> Profiled:
    return Profiled(source, role, {(each.part, each.where): each for each in parts})


@pytest.mark.parametrize(
    ("callable_", "verdict", "because"),
    [
        (used(OWN, measured([5e-6] * 20)), "inline", "nothing in its source blocks"),
        (used(OWN, measured([5e-6] * 19)), "undecided", "19 calls is too few"),
        (used(OWN, measured([99e-6] * 20)), "inline", "at most 99 µs"),
        (used(OWN, measured([100e-6] * 20)), "threaded", "took 100 µs, computing"),
        (used(OWN, measured([5e-6] * 99 + [9e-3])), "inline", "at most 5.0 µs"),
        (used(OWN, measured([5e-6] * 98 + [9e-3] * 2)), "threaded", "took 9.0 ms"),
        (used(OWN, measured([60e-6] * 20, [30e-6] * 20)), "threaded", "it waited 30 µs"),
        (used(OWN, measured([20e-3] * 20, [19e-3] * 20)), "async", "waits for 19 ms of 20 ms"),
        (used(OWN, measured([20e-3] * 20, [9e-3] * 20)), "threaded", "55 % is computing"),
        (
            used(OWN, measured([20e-3] * 20, [19e-3] * 20, idle=[9e-3] * 20)),
            "threaded",
            "maybe for other threads",
        ),
        (
            used(SLEEPS, measured([20e-3] * 20, [19e-3] * 20, idle=[0] * 20)),
            "async",
            "calls time.sleep",
        ),
        (used(SDK, measured([20e-3] * 20, [19e-3] * 20)), "threaded", "not yours to change"),
        (used(BUILDS, measured([20e-3] * 20, [19e-3] * 20)), "threaded", "class can't be async"),
        (used(SLEEPS, measured([5e-6] * 20)), "threaded", "calls time.sleep (shop.py:4)"),
        (used(SLEEPS, measured([20e-3] * 20, [19e-3] * 20)), "async", "calls time.sleep"),
        (used(SDK_SLEEPS, measured([5e-6] * 20)), "threaded", "calls time.sleep (sdk/it.py:4)"),
        (used(Source("sdk", "read"), measured([5e-6] * 20)), "inline", "source can't be read"),
        (
            used(OWN, measured([5e-6] * 20, part="enter"), measured([1e-3] * 20, part="exit")),
            "threaded",
            "took 1.0 ms after its yield",
        ),
        (
            used(OWN, measured([5e-6] * 20, part="enter"), measured([5e-6] * 9, part="exit")),
            "undecided",
            "9 calls",
        ),
        (used(SDK, measured([5e-6] * 20), role="upload"), "threaded", "reads a file"),
        (
            used(Source("shop", "read", unread="no FastAPI"), measured([5e-6] * 20)),
            "threaded",
            "no FastAPI",
        ),
    ],
)
def test_advice_is_conservative(callable_: Profiled, verdict: str, because: str) -> None:
    advice = advice_on(callable_, Limits())
    assert advice.verdict == verdict
    assert because in advice.because


def test_what_is_saved_is_of_a_request() -> None:
    twice = used(OWN, measured([5e-6] * 40, requests=20))
    assert advice_on(twice, Limits()).saves == pytest.approx(160e-6)
    entered = measured([5e-6] * 40, part="enter")
    left = measured([5e-6] * 40, part="exit")
    assert advice_on(used(OWN, entered, left), Limits()).saves == pytest.approx(160e-6)
    waits = used(OWN, measured([20e-3] * 20, [19e-3] * 20))
    assert advice_on(waits, Limits()).saves == pytest.approx(19e-3)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 µs"),
        (0.4e-6, "0.40 µs"),
        (0.997e-6, "1.0 µs"),
        (9.97e-6, "10 µs"),
        (421e-6, "421 µs"),
        (999.6e-6, "1.0 ms"),
        (12e-3, "12 ms"),
        (1.25, "1.2 s"),
        (2000, "2,000 s"),
    ],
)
def test_durations_have_a_unit(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


def test_limits_can_be_others() -> None:
    callable_ = used(OWN, measured([300e-6] * 5))
    assert advice_on(callable_, Limits(calls=5, inline_below=1e-3)).verdict == "inline"


class Connection:
    def get(self) -> None: ...

    def close(self) -> None: ...


def connected() -> Iterator[Connection]:
    connection = Connection()
    yield connection
    connection.close()


def connecting() -> Connection:
    return Connection()


def asking(connection: Connection) -> None:
    connection.get()


@inline
class Base: ...


class Below(Base): ...


def holding(function: Callable[[], int]) -> Callable[[], int]:
    def held() -> int:
        return function()

    return held


def answering(answer: int) -> Callable[[], int]:
    def answer_it() -> int:
        return answer

    return answer_it


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (connected, {"blocks": ["Connection.close"], "name": "connected", "is_read": True}),
        (connecting, {"blocks": []}),
        (asking, {"blocks": ["Connection.get"], "is_own": True}),
        (Base, {"mark": "inline", "is_base": True, "is_class": True, "definition": "Base"}),
        (Below, {"mark": "inline", "is_base": False}),
        (Connection().get, {"name": "Connection.get", "mark": None, "is_class": False}),
        (holding(int), {"is_wrapper": True}),
        (answering(1), {"is_wrapper": False, "name": "answering.<locals>.answer_it"}),
        (lambda: 1, {"name": None, "definition": "<lambda>"}),
    ],
)
def test_what_the_source_says_is_told_where_it_was_measured(
    tmp_path: Path, call: Any, said: dict[str, Any]
) -> None:
    names = [f"{__name__}.Connection.get", f"{__name__}.Connection.execute"]
    (tmp_path / TABLE).write_text(json.dumps(names))
    found = description(call, tmp_path)
    found["blocks"] = [name.removeprefix(f"{__name__}.") for name, *_ in found["blocks"]]
    found["name"] = found["name"] and found["name"].removeprefix(f"{__name__}:")
    assert {key: found[key] for key in said} == said


def named(call: Callable[..., Any], **more: Any) -> Source:
    name = f"{call.__module__}:{call.__qualname__}"
    return Source(call.__module__, call.__qualname__, name, is_read=True, **more)


def test_a_file_keeps_what_it_says_and_gets_what_is_new(tmp_path: Path) -> None:
    file = tmp_path / "fastdeps.toml"
    before = f'# Ours.\n["{__name__}:profiled"]\nrun = "threaded"  # by hand'
    file.write_text(before)
    check_file(file)
    short, long = measured([5e-6] * 20), measured([5e-3] * 20)
    seen = [
        used(named(profiled), short),
        used(named(measured), short),
        used(named(used), short),
        used(named(used), long, role="endpoint"),
        used(named(named), measured([5e-6] * 3)),
        used(named(_environment, is_own=True), short),
        used(named(marked, mark="threaded"), short),
        used(named(json.loads, is_wrapper=True), short),
        used(Source("sdk", "made"), short),
    ]
    advised = [(each, advice_on(each, Limits())) for each in seen]
    names = [f"{__name__}:measured", f"{__name__}:used"]
    assert write_decisions(file, advised) == names
    assert file.read_text().startswith(f"{before}\n\n")
    policy = decisions(file)
    found = [policy(Candidate(call)) for call in (profiled, measured, used, named)]
    assert found == [Threaded(), Inline(), Threaded(), None]
    text = file.read_text()
    assert write_decisions(file, advised) == []
    assert file.read_text() == text


@pytest.mark.parametrize(
    ("before", "mark", "after"),
    [
        (
            "import os\n\n@app.get('/')  # mine\n@other\ndef f(): ...\n",
            Mark("f", 3, "inline"),
            "import os\nfrom fastapi_fastdeps import inline\n\n"
            "@app.get('/')  # mine\n@inline\n@other\ndef f(): ...\n",
        ),
        (
            "from fastapi_fastdeps import FastDepsAPI\n@dataclass\nclass A: ...\n",
            Mark("A", 2, "inline"),
            "from fastapi_fastdeps import FastDepsAPI, inline\n@inline\n@dataclass\nclass A: ...\n",
        ),
        (
            "from fastapi_fastdeps import (\n    A,\n    B,\n)\ndef f(): ...\n",
            Mark("f", 5, "inline"),
            "from fastapi_fastdeps import (\n    A,\n    B,\n    inline,\n)\n"
            "@inline\ndef f(): ...\n",
        ),
        (
            "from fastapi_fastdeps import inline as here\nclass A:\n  def f(self): ...\n",
            Mark("A.f", 3, "inline"),
            "from fastapi_fastdeps import inline as here\nclass A:\n  @here\n  def f(self): ...\n",
        ),
        (
            "inline = 1\ndef a():\n    def f(): ...\n    return f\ndef f(): ...\n",
            Mark("a.<locals>.f", 3, "inline"),
            "from fastapi_fastdeps import inline as fastdeps_inline\ninline = 1\ndef a():\n"
            "    @fastdeps_inline\n    def f(): ...\n    return f\ndef f(): ...\n",
        ),
        (
            '"""Mine."""\n\nfrom __future__ import annotations\r\ndef f(): ...\n',
            Mark("f", 4, "inline"),
            '"""Mine."""\n\nfrom __future__ import annotations\r\n'
            "from fastapi_fastdeps import inline\n@inline\ndef f(): ...\n",
        ),
        (
            "if x:\n    def f(): ...\nelse:\n    def f(): ...\n",
            Mark("f", 4, "threaded"),
            "from fastapi_fastdeps import threaded\n"
            "if x:\n    def f(): ...\nelse:\n    @threaded\n    def f(): ...\n",
        ),
        (
            "from fastapi_fastdeps import Inline\ndef f(): ...\ndef g(): ...\n"
            "F = Annotated[int, Depends(f)]\n"
            "G = Annotated[\n    int,\n    Depends(g), Inline,\n]\n",
            Mark("f", 2, "inline"),
            "from fastapi_fastdeps import Inline\ndef f(): ...\ndef g(): ...\n"
            "F = Annotated[int, Depends(f), Inline]\n"
            "G = Annotated[\n    int,\n    Depends(g), Inline,\n]\n",
        ),
        (
            "from fastapi_fastdeps import Inline\ndef f(): ...\n"
            "F = Annotated[int, Depends(f), Inline]\n",
            Mark("f", 2, "inline"),
            "from fastapi_fastdeps import Inline\ndef f(): ...\n"
            "F = Annotated[int, Depends(f), Inline]\n",
        ),
        (
            "from fastapi_fastdeps import Inline\ndef f(): ...\n"
            "def g(f: Annotated[int, Depends(f)], h: Annotated[int, Depends(h), Inline]): ...\n",
            Mark("f", 2, "threaded"),
            "from fastapi_fastdeps import Inline, Threaded\ndef f(): ...\n"
            "def g(f: Annotated[int, Depends(f), Threaded], "
            "h: Annotated[int, Depends(h), Inline]): ...\n",
        ),
        ("# moved\ndef f(): ...\n", Mark("f", 1, "inline"), "# moved\ndef f(): ...\n"),
        ("async def f(): ...\n", Mark("f", 1, "inline"), "async def f(): ...\n"),
    ],
)
def test_marks_are_put_in_and_nothing_else_is_touched(before: str, mark: Mark, after: str) -> None:
    assert marked(before, [mark]) == after
