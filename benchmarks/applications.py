"""Applications that nobody here wrote: `python -m benchmarks.applications FOLDER FILE`.

Each is installed into an environment of its own below the folder, with the FastAPI of this one,
and runs in three processes: with FastAPI's classes, with ours and nothing marked, and with ours
and everything inline. They take turns, round by round; one that is not on PyPI is measured where
`--checkout NAME=PATH` says where it is.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import IO, Any

from benchmarks.apart import ROOT, reason
from benchmarks.run import environment
from benchmarks.stats import median_ratio, rotated

MODES = ("stock", "unmarked", "inline")
INJECTED = ROOT / "fastapi_fastdeps" / "_cli" / "injected"


@dataclass(frozen=True, slots=True)
class Application:
    """How to install an application and to make its app, and what to ask it for.

    `{folder}` in a setting is a folder for what it writes.
    """

    name: str
    requirements: Sequence[str]
    statements: str
    paths: Sequence[str]
    settings: Mapping[str, str] = field(default_factory=dict)


APPLICATIONS = (
    Application(
        "titiler",
        ("titiler.application==2.2.1",),
        "from titiler.application.main import app",
        ("/healthz", "/", "/colorMaps/viridis"),
    ),
    Application(
        "gradio",
        ("gradio==6.25.0",),
        "import gradio as gr\napp = gr.routes.App.create_app(gr.Blocks())",
        ("/gradio_api/app_id", "/config"),
        {"GRADIO_ANALYTICS_ENABLED": "False"},
    ),
    Application(
        "prefect",
        ("prefect==3.9.1",),
        "from prefect.server.api.server import create_api_app\napp = create_api_app()",
        ("/health", "/hello", "/ready"),
        {"PREFECT_HOME": "{folder}", "PREFECT_LOGGING_LEVEL": "ERROR"},
    ),
    Application(
        "mealie",
        (),
        "from mealie.app import app\nfrom mealie.db.init_db import main\nmain()",
        ("/api/app/about", "/api/app/about/theme", "/api/app/about/startup-info"),
        {
            "PRODUCTION": "True",
            "TESTING": "True",
            "DATA_DIR": "{folder}",
            "LOG_LEVEL": "ERROR",
        },
    ),
    Application(
        "tiled",
        ("tiled[server]==0.2.20",),
        "from tiled.server.app import build_app\n"
        "from tiled.adapters.mapping import MapAdapter\n"
        "from tiled.config import Authentication\n"
        "anyone = Authentication(allow_anonymous_access=True)\n"
        "app = build_app(MapAdapter({}), authentication=anyone)",
        ("/api/v1/", "/api/v1/metadata/"),
    ),
)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.applications", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the environments are, or are made")
    parser.add_argument("file", type=Path)
    parser.add_argument("--python", default=sys.executable, help="for the environments")
    parser.add_argument("--rounds", type=int, default=15, help="default: %(default)s")
    parser.add_argument("--requests", type=int, default=100, help="of a round: %(default)s")
    parser.add_argument("--checkout", action="append", default=[], metavar="NAME=PATH")
    parser.add_argument("--only", action="append", metavar="NAME")
    options = parser.parse_args(arguments)
    checkouts = dict(each.split("=", 1) for each in options.checkout)
    command = "python -m benchmarks.applications FOLDER FILE" + "".join(
        f" --checkout {name}=PATH" for name in checkouts
    )
    found: dict[str, Any] = {"environment": environment() | {"command": command}}
    found["versions"], found["routes"], failed = {}, [], 0
    for application in APPLICATIONS:
        if options.only is not None and application.name not in options.only:
            continue
        checkout = checkouts.get(application.name)
        requirements = application.requirements or ([checkout] if checkout else [])
        if not requirements:
            print(f"{application.name}: not measured, without a checkout")
            continue
        try:
            folder = options.folder.resolve() / application.name
            python = _installed(folder, requirements, options.python)
            found["versions"][application.name] = _version(application, requirements)
            found["environment"]["python"] = _said(
                python, "import sys; print(sys.version.split()[0])"
            )
            for route in _measured(python, folder, application, options.rounds, options.requests):
                found["routes"].append(route)
                gains = f"{route['gain_unmarked']:.2f}x, {route['gain_inline']:.2f}x"
                print(f"{route['route']}: {gains}", flush=True)
        except (OSError, subprocess.SubprocessError, AppError) as error:
            failed = 1
            said = str(error) if isinstance(error, AppError) else reason(error)
            print(f"{application.name}: not measured: {said}")
    options.file.write_text(json.dumps(found, indent=1))
    return failed


class AppError(Exception):
    """An application does not do what it is asked for."""


def _said(python: Path, program: str) -> str:
    command = [str(python), "-c", program]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _installed(folder: Path, requirements: Sequence[str], wanted: str) -> Path:
    """The Python of an environment with the application, this package's needs and FastAPI."""
    python = folder / "environment" / "bin" / "python"
    if python.exists():
        return python
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "--quiet", "--python", wanted, python.parents[1]], check=True)
    same = [f"{name}=={version(name)}" for name in ("fastapi", "starlette", "pydantic")]
    overriding = folder / "overrides.txt"
    overriding.write_text("\n".join(same))
    install = [*uv, "pip", "install", "--quiet", "--python", str(python)]
    command = [*install, "--override", str(overriding), *requirements, *same]
    subprocess.run(command, check=True, capture_output=True, timeout=1800)
    return python


def _version(application: Application, requirements: Sequence[str]) -> str:
    if application.requirements:
        return requirements[0].rpartition("=")[2]
    asked = ["git", "-C", requirements[0], "rev-parse", "--short", "HEAD"]
    ended = subprocess.run(asked, capture_output=True, text=True, check=False)
    return ended.stdout.strip() or "unknown"


def _measured(
    python: Path, folder: Path, application: Application, rounds: int, requests: int
) -> Iterator[dict[str, Any]]:
    with ExitStack() as stack:
        running = {
            mode: stack.enter_context(_running(python, folder, application, mode)) for mode in MODES
        }
        for path in application.paths:
            first = {mode: each.ask(path, 0) for mode, each in running.items()}
            statuses = {answer["status"] for answer in first.values()}
            if statuses != {200}:
                raise AppError(f"{path} was answered with {statuses}")
            taken: dict[str, list[float]] = {mode: [] for mode in MODES}
            for number in range(rounds):
                for mode in rotated(MODES, number):
                    taken[mode].append(running[mode].ask(path, requests)["seconds"])
            yield {
                "route": f"{application.name} {path}",
                **{mode: round(median(each) * 1e6, 1) for mode, each in taken.items()},
                "hops": [first[mode]["hops"] for mode in MODES],
                "gain_unmarked": median_ratio(taken["stock"], taken["unmarked"]),
                "gain_inline": median_ratio(taken["stock"], taken["inline"]),
            }


class _Running:
    """An app in a process, which makes requests when it is told to."""

    def __init__(self, process: "subprocess.Popen[str]", name: str) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._orders: IO[str] = process.stdin
        self._answers: IO[str] = process.stdout
        self._name = name

    def answer(self) -> Any:
        line = self._answers.readline()
        found = json.loads(line) if line else {"error": "it has ended"}
        if "error" in found:
            raise AppError(f"{self._name}: {found['error']}")
        return found

    def ask(self, path: str, count: int) -> Any:
        self._orders.write(json.dumps({"path": path, "count": count}) + "\n")
        self._orders.flush()
        return self.answer()


@contextmanager
def _running(python: Path, folder: Path, application: Application, mode: str) -> Iterator[_Running]:
    place = folder / mode
    place.mkdir(parents=True, exist_ok=True)
    (place / "application.py").write_text(application.statements + "\n")
    data = place / "data"
    data.mkdir(exist_ok=True)
    settings = {name: each.format(folder=data) for name, each in application.settings.items()}
    asked = {"app": "application:app", "headers": [], "mode": mode}
    command = [str(python), str(INJECTED / "fastdeps_measuring.py"), json.dumps(asked)]
    where = {"FASTDEPS_TRY": mode, "PYTHONPATH": os.pathsep.join(map(str, (INJECTED, ROOT, place)))}
    with (
        (place / "errors.txt").open("w") as errors,
        subprocess.Popen(
            command,
            cwd=place,
            env={**os.environ, **settings, **where},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        try:
            running = _Running(process, f"{application.name}, {mode}")
            running.answer()
            yield running
        finally:
            process.terminate()


if __name__ == "__main__":
    sys.exit(main())
