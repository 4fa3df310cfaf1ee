"""The commands, and how they end."""

import enum
import json
import sys
from collections.abc import Generator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text
from typer.core import TyperGroup

from fastapi_fastdeps._cli.apps import NotFoundError, find_app
from fastapi_fastdeps._cli.changes import files_of, write_if_agreed
from fastapi_fastdeps._cli.checking.expected import changes, write_expected
from fastapi_fastdeps._cli.checking.findings import RULES
from fastapi_fastdeps._cli.checking.reports import as_annotations, as_sarif, show_findings
from fastapi_fastdeps._cli.checking.rules import findings_of
from fastapi_fastdeps._cli.graphs import as_mermaid, too_large
from fastapi_fastdeps._cli.migrating import migrations
from fastapi_fastdeps._cli.overview import as_json, dry_run, overview
from fastapi_fastdeps._cli.page import as_html
from fastapi_fastdeps._cli.profiling.advice import (
    CALLS,
    INLINE_BELOW,
    Limits,
    advice_on,
    sorted_by_saving,
)
from fastapi_fastdeps._cli.profiling.marks import changes_for, marks_for
from fastapi_fastdeps._cli.profiling.reports import as_json as profile_as_json
from fastapi_fastdeps._cli.profiling.reports import explained, show_profile
from fastapi_fastdeps._cli.profiling.running import run
from fastapi_fastdeps._cli.profiling.writing import check_file, write_decisions
from fastapi_fastdeps._cli.tables import show, terminal
from fastapi_fastdeps._cli.trying import (
    MODES,
    STOCK,
    compare,
    measure,
    show_comparison,
    show_measurements,
)
from fastapi_fastdeps.applications import FastDepsAPI
from fastapi_fastdeps.errors import FastDepsError
from fastapi_fastdeps.explanation import explain as explained_of


class _Commands(TyperGroup):
    """Commands for which a wrong option is bad input as any other."""

    def make_context(self, *args: Any, **options: Any) -> Any:
        with _usage_errors_in_one_line():
            return super().make_context(*args, **options)

    def invoke(self, ctx: Any) -> Any:
        with _usage_errors_in_one_line():
            return super().invoke(ctx)


@contextmanager
def _usage_errors_in_one_line() -> Generator[None]:
    try:
        yield
    except Exception as error:
        # Typer's own from some version on, click's before.
        if not isinstance(error, typer.BadParameter.__mro__[1]):
            raise
        told: Any = error
        raise _bad_input(told.format_message()) from None


command = typer.Typer(
    name="fastdeps",
    cls=_Commands,
    help="What runs where in a FastAPI app, and why.",
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


class Format(enum.StrEnum):
    """How it is shown."""

    TABLE = "table"
    JSON = "json"
    MERMAID = "mermaid"
    HTML = "html"


@command.callback()
def fastdeps(context: typer.Context) -> None:
    """What runs where in a FastAPI app, and why."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(2)


@command.command()
def explain(
    app: Annotated[
        str | None,
        typer.Argument(help="module:app or a file; by default what `fastapi run` would take."),
    ] = None,
    *,
    by_route: Annotated[
        bool, typer.Option("--by-route", help="Each route with its tree, not each callable.")
    ] = False,
    route: Annotated[
        str | None, typer.Option(help="Only routes with this in their path; with their trees.")
    ] = None,
    threaded: Annotated[
        bool, typer.Option("--threaded", help="Only routes in which something is threaded.")
    ] = False,
    format: Annotated[Format, typer.Option(help="How it is shown.")] = Format.TABLE,  # noqa: A002
) -> None:
    """What runs where in an app, and why; of a plain FastAPI, what moving would change."""
    try:
        shown = overview(find_app(app), route=route, threaded=threaded)
    except (NotFoundError, FastDepsError) as error:
        raise _bad_input(error) from None
    match format:
        case Format.TABLE:
            show(terminal(), shown, by_route=by_route or route is not None)
        case Format.JSON:
            typer.echo(json.dumps(as_json(shown), indent=2))
        case Format.MERMAID:
            drawn = as_mermaid(shown.routes)
            typer.echo(drawn)
            if (why := too_large(drawn)) is not None:
                typer.echo(why, err=True)
        case Format.HTML:
            typer.echo(as_html(shown))


class Report(enum.StrEnum):
    """How findings are shown."""

    TEXT = "text"
    GITHUB = "github"
    SARIF = "sarif"


@command.command()
def check(
    app: Annotated[
        str | None,
        typer.Argument(help="module:app or a file; by default what `fastapi run` would take."),
    ] = None,
    *,
    ignore: Annotated[list[str] | None, typer.Option(help="A code that is left out.")] = None,
    format: Annotated[Report, typer.Option(help="How it is shown.")] = Report.TEXT,  # noqa: A002
    expect: Annotated[
        Path | None, typer.Option(help="A file of what runs where: what changed is told.")
    ] = None,
    update: Annotated[bool, typer.Option("--update", help="Write the file of --expect.")] = False,
) -> None:
    """What is wrong with what runs where, or could be better; exit code 1 if anything is."""
    left_out = set(ignore or ())
    try:
        if unknown := left_out - {rule.code for rule in RULES}:
            raise NotFoundError(f"There is no code {min(unknown)}.")
        if update and expect is None:
            raise NotFoundError("Name the file that --update writes, by --expect.")
        there = find_app(app)
        explained = explained_of(there) if isinstance(there, FastDepsAPI) else dry_run(there)
        changed: list[str] = []
        if expect is not None and update:
            write_expected(expect, explained)
        elif expect is not None:
            changed = list(changes(expect, explained))
    except (NotFoundError, FastDepsError) as error:
        raise _bad_input(error) from None
    found = [each for each in findings_of(there, explained) if each.rule.code not in left_out]
    match format:
        case Report.TEXT:
            show_findings(terminal(), found)
        case Report.GITHUB:
            for line in as_annotations(found):
                typer.echo(line)
        case Report.SARIF:
            typer.echo(json.dumps(as_sarif(found, version("fastapi-fastdeps")), indent=2))
    for line in changed:
        typer.echo(f"changed: {line}", err=True)
    raise typer.Exit(1 if found or changed else 0)


@command.command(name="try")
def try_(
    given: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[APP] PATH... | -- COMMAND...",
            help="An app and the paths to ask it for; or after --, a command, such as pytest.",
        ),
    ] = None,
    *,
    header: Annotated[
        list[str] | None,
        typer.Option("--header", "-H", help="A header of each request, Name: value."),
    ] = None,
    mode: Annotated[
        str, typer.Option(help="What a command is compared with: unmarked, harmless or inline.")
    ] = "unmarked",
    python: Annotated[
        str | None,
        typer.Option(help="The interpreter of the project; by default that of its .venv."),
    ] = None,
    start: Annotated[
        float, typer.Option(min=0, help="The seconds that the app has to start, in each mode.")
    ] = 120,
) -> None:
    """What moving would change, before one line is changed: time, hops and lanes, or tests."""
    arguments = given or []
    # What comes after -- and what comes before is one list for typer.
    is_command = "--" in sys.argv
    try:
        if mode not in MODES or mode == STOCK:
            raise NotFoundError(f"There is no mode {mode}: unmarked, harmless or inline.")
        if is_command:
            if not arguments:
                raise NotFoundError("Name a command after --, such as pytest.")
            compared = compare(arguments, mode=mode, python=python)
            show_comparison(terminal(), compared, mode)
            raise typer.Exit(0 if compared.is_same else 1)
        app = arguments.pop(0) if arguments and not _is_path(arguments[0]) else None
        if wrong := [each for each in arguments if not _is_path(each)]:
            raise NotFoundError(f"{wrong[0]} is no path: it does not begin with /.")
        headers = [_header(each) for each in header or ()]
        with Console(stderr=True).status("Starting the app") as status:
            seen = measure(
                app,
                arguments,
                headers=headers,
                python=python,
                patience=start,
                tell=lambda text: status.update(Text(text)),
            )
    except NotFoundError as error:
        raise _bad_input(error) from None
    show_measurements(terminal(), seen)
    raise typer.Exit(0 if seen.is_same else 1)


_PLAIN = (
    "The app is a FastAPI, in which marks and decisions have no effect: fastdeps migrate makes it "
    "a FastDepsAPI."
)


class ProfileFormat(enum.StrEnum):
    """How a profile is shown."""

    TABLE = "table"
    JSON = "json"


@command.command()
def profile(
    given: Annotated[
        list[str] | None,
        typer.Argument(metavar="-- COMMAND...", help="After --, a command: pytest, a server."),
    ] = None,
    *,
    format: Annotated[  # noqa: A002
        ProfileFormat,
        typer.Option(help="How it is shown; json alone is written to the standard output."),
    ] = ProfileFormat.TABLE,
    inline_below: Annotated[
        float,
        typer.Option(min=0, help="Inline is for what takes less, 99 times of 100: microseconds."),
    ] = INLINE_BELOW * 1e6,
    calls: Annotated[
        int, typer.Option(min=1, help="How many calls are needed to recommend anything.")
    ] = CALLS,
    write: Annotated[
        Path | None,
        typer.Option(help="Add decisions about what isn't your own code to this file, a TOML."),
    ] = None,
    apply: Annotated[
        bool,
        typer.Option("--apply", help="Mark your own callables, after the diff was agreed to."),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Apply without being asked.")] = False,
    python: Annotated[
        str | None,
        typer.Option(help="The interpreter of the project; by default that of its .venv."),
    ] = None,
) -> None:
    """What each sync callable takes while a command runs, and where it should run.

    Inline is recommended for what was called often enough, took less than the limit in 99 of 100
    calls, and never waited: its time on the wall is its time on the processor, to 20
    microseconds. Nothing in its source may plainly block. What mostly waits, for a millisecond
    and more, should be async where it is your own; all else stays in a thread.

    The exit code is the command's, 128 and the signal that ended it, or 2 where there is no
    command, or none of its processes has served an app.
    """
    try:
        if not given or "--" not in sys.argv:
            raise NotFoundError("Name a command after --, such as pytest.")
        if write is not None:
            check_file(write)
        is_json = format is ProfileFormat.JSON
        ended = run(given, python=python, to_stderr=is_json)
        seen = ended.profile
        if not seen.requests:
            raise NotFoundError(
                f"No process of {given[0]} has served a request of a FastAPI app, so there is "
                f"nothing to tell. Its exit code was {ended.exit_code}."
            )
        limits = Limits(calls, inline_below * 1e-6)
        advised = list(
            sorted_by_saving([(each, advice_on(each, limits)) for each in seen.callables])
        )
        if is_json:
            typer.echo(json.dumps(profile_as_json(seen, advised, limits), indent=2))
        else:
            console = terminal()
            show_profile(console, seen, advised)
            console.print(f"\n{explained(limits)}", style="dim", highlight=False)
        if write is not None:
            names = write_decisions(write, advised)
            added = f"{len(names)} decision{'' if len(names) == 1 else 's'} added"
            typer.echo(f"{write}: {added}.", err=is_json)
        if apply:
            marks, left = marks_for(advised)
            changes = list(changes_for(marks))
            for each in left:
                place = f" ({each.location})" if each.location else ""
                typer.echo(f"left: {each.qualname}{place}: {each.because}", err=is_json)
            if changes:
                write_if_agreed(changes, yes=yes, to_stderr=is_json)
            else:
                typer.echo("Nothing to mark.", err=is_json)
        if seen.is_plain:
            typer.echo(_PLAIN, err=is_json)
    except NotFoundError as error:
        raise _bad_input(error) from None
    raise typer.Exit(ended.exit_code)


@command.command()
def migrate(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files and folders; the working directory if none.")
    ] = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Write without being asked.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show the diff, and write nothing.")] = False,
) -> None:
    """Source that is written for FastAPI, or for another package that marks, as it is with this."""
    try:
        left: list[str] = []
        changes = list(migrations(paths or [Path()], left.append))
        for why in left:
            typer.echo(f"left: {why}", err=True)
        if changes and not diff:
            write_if_agreed(changes, yes=yes)
            return
    except NotFoundError as error:
        raise _bad_input(error) from None
    for change in changes:
        typer.echo(change.diff())
    typer.echo(f"{files_of(changes)} to change." if changes else "Nothing to change.")


def _is_path(given: str) -> bool:
    """Whether it is what a request asks for, and not a file."""
    return given.startswith("/") and not Path(given).is_file()


def _header(given: str) -> tuple[str, str]:
    name, colon, value = given.partition(":")
    if not colon:
        raise NotFoundError(f"{given!r} is no header: write Name: value.")
    return name.strip(), value.strip()


def _bad_input(error: Exception | str) -> typer.Exit:
    """One line for the user, and the exit code of what was asked for wrongly."""
    typer.echo(f"fastdeps: {' '.join(str(error).split())}", err=True)
    return typer.Exit(2)
