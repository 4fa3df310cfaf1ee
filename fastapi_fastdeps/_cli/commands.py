"""The commands, and how they end."""

import enum
import json
from typing import Annotated

import typer
from rich.console import Console

from fastapi_fastdeps._cli.apps import NotFoundError, find_app
from fastapi_fastdeps._cli.graphs import as_mermaid
from fastapi_fastdeps._cli.overview import as_json, overview
from fastapi_fastdeps._cli.page import as_html
from fastapi_fastdeps._cli.tables import show
from fastapi_fastdeps.errors import FastDepsError

command = typer.Typer(
    name="fastdeps",
    help="What runs where in a FastAPI app, and why.",
    no_args_is_help=True,
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
def fastdeps() -> None:
    """What runs where in a FastAPI app, and why."""


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
        typer.echo(f"fastdeps: {' '.join(str(error).split())}", err=True)
        raise typer.Exit(2) from None
    match format:
        case Format.TABLE:
            show(Console(), shown, by_route=by_route or route is not None)
        case Format.JSON:
            typer.echo(json.dumps(as_json(shown), indent=2))
        case Format.MERMAID:
            typer.echo(as_mermaid(shown.routes))
        case Format.HTML:
            typer.echo(as_html(shown))
