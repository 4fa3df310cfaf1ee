"""Gradio: an interface of Python functions, mounted in an app and as an app of its own."""

from typing import Any

import gradio
from fastapi import FastAPI
from fastapi.testclient import TestClient
from gradio.routes import App

from tests.neighbours.conftest import CheckOwn
from tests.neighbours.own import Request
from tests.neighbours.shop import AppClass, RecordLanes, check_shop, make_shop, place


def greet(name: str) -> str:
    return f"Hello {name}, from the {place()}"


def make_demo() -> gradio.Blocks:
    with gradio.Blocks(analytics_enabled=False) as demo:
        name, greeting = gradio.Textbox(), gradio.Textbox()
        gradio.Button().click(greet, name, greeting, api_name="greet")
        gradio.Button().click(greet, name, greeting, api_name="now", queue=False)
    return demo


def make_own() -> FastAPI:
    app: FastAPI = App.create_app(make_demo())
    return app


ASKED: dict[str, Any] = {"json": {"data": ["Ada"]}}
OWN_REQUESTS: tuple[Request, ...] = (
    ("GET", "/gradio_api/info", {}),
    ("GET", "/config", {}),
    ("POST", "/gradio_api/run/now", ASKED),
)
CHANCE = r'"(app_id|duration|average_duration|space_id)":[^,}]*|"Blocks-[^"]*"'


def test_an_interface_is_mounted_in_an_app(app_class: AppClass, record_lanes: RecordLanes) -> None:
    app = make_shop(app_class)
    gradio.mount_gradio_app(app, make_demo(), path="/gradio")
    with TestClient(app) as client:
        assert "gradio" in client.get("/gradio/").text
        event = client.post("/gradio/gradio_api/call/greet", **ASKED).json()["event_id"]
        greeted = client.get(f"/gradio/gradio_api/call/greet/{event}").text
        assert "Hello Ada, from the thread" in greeted
        check_shop(client, app_class)
    record_lanes(app)


def test_an_app_of_its_own_answers_alike(check_own: CheckOwn) -> None:
    check_own(__name__)
