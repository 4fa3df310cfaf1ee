"""NiceGUI: pages in Python, whose `app` is a FastAPI app, run with an app of one's own."""

from operator import lt

import fastapi
from nicegui import app as gui
from nicegui import ui

from tests.neighbours.conftest import CheckOwn
from tests.neighbours.own import Request
from tests.neighbours.shop import ASKED, PATHS, add_routes, place

OWN_REQUESTS: tuple[Request, ...] = (
    *(("GET", path, {"params": ASKED}) for path in PATHS),
    *(("GET", f"/gui{path}", {"params": ASKED}) for path in PATHS),
    ("GET", "/gui/page", {}),
)
CHANCE = r"[0-9a-f]{8}-[0-9a-f-]{27}|c\d+|\"(loop|thread)\""
"""Identities, and what the shop answers of where it ran, which is not alike."""


def make_own() -> fastapi.FastAPI:
    @ui.page("/page")
    def page() -> None:
        ui.label(f"from the {place()}")

    add_routes(gui)
    app = fastapi.FastAPI()
    add_routes(app)
    ui.run_with(app, mount_path="/gui", show_welcome_message=False)
    return app


def test_what_is_inline_stays_inline_beside_pages_and_in_the_app_of_the_pages(
    check_own: CheckOwn,
) -> None:
    stock, ours, _ = check_own(__name__)
    routes = len(PATHS) * 2
    assert all(map(lt, ours.hops[:routes], stock.hops[:routes]))
