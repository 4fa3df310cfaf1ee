"""titiler: tiles of a raster, by a router with class dependencies, and its own application."""

import tempfile
from functools import cache
from pathlib import Path

import numpy
import pytest
import rasterio
from fastapi import FastAPI
from fastapi.testclient import TestClient
from rasterio.transform import from_bounds
from titiler.core.factory import TilerFactory

from fastapi_fastdeps import FastDepsAPI, all_classes, default_classifier, first_match
from tests.harness.hops import hops
from tests.neighbours.conftest import CheckOwn
from tests.neighbours.own import Request
from tests.neighbours.shop import AppClass, RecordLanes, check_shop, make_shop

FOLDER = Path(tempfile.gettempdir()) / "fastdeps-titiler"
RASTER = FOLDER / "raster.tif"
ASKED = {"url": str(RASTER)}
OWN_REQUESTS: tuple[Request, ...] = (
    ("GET", "/healthz", {}),
    ("GET", "/colorMaps/viridis", {}),
    ("GET", "/tileMatrixSets", {}),
    ("GET", "/cog/info", {"params": ASKED}),
    ("GET", "/cog/statistics", {"params": ASKED}),
    ("GET", "/cog/point/10,10", {"params": ASKED}),
)
CHANCE = r"(?!)"


@cache
def make_raster() -> None:
    """One band of a quarter of the world."""
    FOLDER.mkdir(exist_ok=True)
    values = numpy.arange(256 * 256, dtype="uint16").reshape(1, 256, 256)
    shape = {"count": 1, "height": 256, "width": 256, "dtype": "uint16"}
    place = {"crs": "EPSG:4326", "transform": from_bounds(0, 0, 90, 45, 256, 256)}
    with rasterio.open(RASTER, "w", driver="GTiff", **shape, **place) as file:
        file.write(values)


def make_own() -> FastAPI:
    from titiler.application.main import app

    make_raster()
    return app


def make_app(app_class: AppClass) -> FastAPI:
    options = {}
    if app_class is FastDepsAPI:
        options["classifier"] = first_match(default_classifier, all_classes)
    app = app_class(**options)
    app.include_router(TilerFactory().router, prefix="/cog")
    return app


@pytest.mark.parametrize("path", ["/cog/info", "/cog/tiles/WebMercatorQuad/2/2/1.png"])
def test_what_a_router_shows_is_the_same_with_its_class_dependencies_inline(
    path: str, record_lanes: RecordLanes
) -> None:
    make_raster()
    answers, counts = [], []
    for app_class in (FastAPI, FastDepsAPI):
        app = make_app(app_class)
        with TestClient(app) as client:
            client.get(path, params=ASKED)
            with hops() as sent:
                answer = client.get(path, params=ASKED)
        assert answer.status_code == 200, answer.text
        answers.append(answer.content)
        counts.append(len(sent))
        record_lanes(app)
    assert answers[0] == answers[1]
    assert counts[0] > counts[1] > 0


def test_its_router_is_included_in_an_app(app_class: AppClass, record_lanes: RecordLanes) -> None:
    make_raster()
    app = make_shop(app_class)
    app.include_router(TilerFactory().router, prefix="/cog")
    with TestClient(app) as client:
        assert client.get("/cog/info", params=ASKED).json()["bounds"] == [0, 0, 90, 45]
        check_shop(client, app_class)
    record_lanes(app)


def test_its_application_answers_alike(check_own: CheckOwn) -> None:
    check_own(__name__)
