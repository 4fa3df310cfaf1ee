"""Starlette's and FastAPI's `TestClient`."""

from fastapi.testclient import TestClient

from tests.neighbours.shop import AppClass, RecordLanes, check_shop, make_shop


def test_everything_runs_in_its_place_without_a_lifespan(
    app_class: AppClass, record_lanes: RecordLanes
) -> None:
    app = make_shop(app_class)
    check_shop(TestClient(app), app_class)
    record_lanes(app)


def test_everything_runs_in_its_place_with_a_lifespan(app_class: AppClass) -> None:
    with TestClient(make_shop(app_class)) as client:
        check_shop(client, app_class)


def test_everything_runs_in_its_place_on_trio(app_class: AppClass) -> None:
    with TestClient(make_shop(app_class), backend="trio") as client:
        check_shop(client, app_class)


def test_a_mounted_app_runs_everything_in_its_place(app_class: AppClass) -> None:
    outer = app_class()
    outer.mount("/shop", make_shop(app_class))
    check_shop(TestClient(outer), app_class, prefix="/shop")
