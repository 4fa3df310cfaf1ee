"""The catalogue does the same on both apps; only the threads differ."""

import shutil
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from catalogue.app import create_app
from catalogue.database import Database
from catalogue.models import SalesReport, User
from catalogue.products import NO_SUCH_PRODUCT
from catalogue.repository import Repository
from catalogue.settings import DEMO_KEYS, Settings
from fastapi_fastdeps import FastDepsAPI
from tests.harness.hops import hops

READER = {"Authorization": "Bearer reader-key"}
EDITOR = {"Authorization": "Bearer editor-key"}
REVIEW = {"stars": 4, "text": "Does what it should."}

APPS = [FastAPI, FastDepsAPI]


class WatchedKeys(dict[str, User]):
    """Knows which threads looked a key up."""

    def __init__(self, keys: Mapping[str, User]) -> None:
        super().__init__(keys)
        self.threads: list[int] = []

    def get(self, key: str, default: Any = None) -> Any:
        self.threads.append(threading.get_ident())
        return super().get(key, default)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("catalogue") / "seeded.sqlite3"
    with closing(Database(path)) as database:
        database.prepare()
    return path


@pytest.fixture
def settings(seeded: Path, tmp_path: Path) -> Settings:
    return Settings(database=Path(shutil.copy(seeded, tmp_path / "catalogue.sqlite3")))


@pytest.fixture(params=APPS)
def app(request: pytest.FixtureRequest, settings: Settings) -> FastAPI:
    app_class: type[FastAPI] = request.param
    return create_app(settings, app_class=app_class)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, headers=READER) as client:
        yield client


def loop_thread(client: TestClient) -> int:
    assert client.portal
    return client.portal.call(threading.get_ident)


def test_the_user_is_whom_the_key_belongs_to(client: TestClient) -> None:
    assert client.get("/me").json() == {"name": "Robin", "role": "reader"}
    assert client.get("/me", headers=EDITOR).json() == {"name": "Eve", "role": "editor"}


def test_a_listing_is_filtered_sorted_and_cut_into_pages(client: TestClient) -> None:
    listing = "/products?category=garden&min_price=1000&max_price=5000&sort=-price&limit=3"
    first = client.get(listing).json()
    second = client.get(f"{listing}&offset=3").json()
    items = first["items"] + second["items"]
    prices = [item["price"] for item in items]
    assert len({item["id"] for item in items}) == 6
    assert {item["category"] for item in items} == {"garden"}
    assert prices == sorted(prices, reverse=True)
    assert 1000 <= prices[-1] <= prices[0] <= 5000
    assert first["total"] == second["total"] > 6


def test_a_page_is_as_long_as_the_settings_say(settings: Settings) -> None:
    for app_class in APPS:
        app = create_app(replace(settings, page_size=4), app_class=app_class)
        with TestClient(app, headers=READER) as client:
            assert len(client.get("/products").json()["items"]) == 4


def test_suggestions_begin_with_the_prefix(client: TestClient) -> None:
    suggestions = client.get("/products/suggestions", params={"prefix": "nordic O"}).json()
    assert len(suggestions) == 20
    assert all(suggestion["name"].startswith("Nordic O") for suggestion in suggestions)


def test_a_product_that_does_not_exist_is_a_404(client: TestClient) -> None:
    for response in (
        client.get("/products/100000"),
        client.post("/products/100000/reviews", json=REVIEW),
        client.put("/products/100000/price", json={"price": 1}, headers=EDITOR),
    ):
        assert response.status_code == 404
        assert response.json() == {"detail": "No such product"}


def test_every_wrong_parameter_is_named(client: TestClient) -> None:
    response = client.get("/products", params={"limit": 0, "offset": "x", "sort": "colour"})
    assert response.status_code == 422
    assert [error["loc"] for error in response.json()["detail"]] == [
        ["query", "sort"],
        ["query", "offset"],
        ["query", "limit"],
    ]


def test_a_filter_that_nothing_can_pass_is_refused(client: TestClient) -> None:
    response = client.get("/products", params={"min_price": 9, "max_price": 3})
    assert response.status_code == 422
    assert response.json() == {"detail": "min_price is greater than max_price"}


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer nobody"}])
def test_without_a_key_no_endpoint_is_reached(
    app: FastAPI, headers: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for method in ("page", "product", "add_review", "sales"):
        monkeypatch.delattr(Repository, method)
    with TestClient(app, headers=dict(headers)) as client:
        for response in (
            client.get("/me"),
            client.get("/products"),
            client.get("/products/suggestions?prefix=a"),
            client.get("/products/1"),
            client.post("/products/1/reviews", json=REVIEW),
            client.get("/reports/sales"),
        ):
            assert response.status_code == 401
            assert response.headers["WWW-Authenticate"] == "Bearer"


def test_a_reader_changes_no_price(client: TestClient) -> None:
    before = client.get("/products/1").json()
    assert client.put("/products/1/price", json={"price": 1}).status_code == 403
    assert client.get("/products/1").json() == before


def test_a_review_moves_the_rating_in_the_background(client: TestClient) -> None:
    assert client.get("/products/1").json()["rating"] is None
    for stars in (5, 2):
        response = client.post("/products/1/reviews", json={"stars": stars, "text": "So so."})
        assert response.status_code == 201
    assert response.json() == {
        "id": 2,
        "product_id": 1,
        "author": "Robin",
        "stars": 2,
        "text": "So so.",
    }
    assert client.get("/products/1").json()["rating"] == 3.5


def test_the_report_adds_the_sales_up(client: TestClient) -> None:
    report = client.get("/reports/sales").json()
    months = {(row["category"], row["month"]) for row in report["rows"]}
    assert len(report["rows"]) == len(months) == 4 * 12
    assert all(row["units"] > 0 and row["revenue"] > 0 for row in report["rows"])
    assert client.get("/reports/sales?year=2000").json() == {"year": 2000, "rows": []}


def test_a_watcher_is_sent_every_change_of_a_price(client: TestClient) -> None:
    price = client.get("/products/3").json()["price"]
    with client.websocket_connect("/products/3/prices?key=reader-key") as watcher:
        assert watcher.receive_json() == {"watcher": "Robin", "product_id": 3, "price": price}
        for product_id, new in ((3, 100), (4, 200), (3, 300)):
            client.put(f"/products/{product_id}/price", json={"price": new}, headers=EDITOR)
        assert watcher.receive_json() == {"product_id": 3, "price": 100}
        assert watcher.receive_json() == {"product_id": 3, "price": 300}


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/products/3/prices", 1008),
        ("/products/3/prices?key=nobody", 1008),
        ("/products/100000/prices?key=reader-key", NO_SUCH_PRODUCT),
    ],
)
def test_a_watcher_is_turned_away(client: TestClient, path: str, code: int) -> None:
    with pytest.raises(WebSocketDisconnect) as refused, client.websocket_connect(path):
        pass
    assert refused.value.code == code


def test_a_session_gives_its_connection_back(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    borrowed: list[sqlite3.Connection] = []
    returned: list[sqlite3.Connection] = []
    borrow, give_back = Database.borrow, Database.give_back

    def remember_borrow(database: Database) -> sqlite3.Connection:
        borrowed.append(borrow(database))
        return borrowed[-1]

    def remember_return(database: Database, connection: sqlite3.Connection) -> None:
        returned.append(connection)
        give_back(database, connection)

    monkeypatch.setattr(Database, "borrow", remember_borrow)
    monkeypatch.setattr(Database, "give_back", remember_return)
    for path in ("/products/1", "/products/100000", "/products?limit=0", "/me"):
        client.get(path)
    assert len(borrowed) == 2
    assert returned == borrowed


def test_both_apps_describe_themselves_alike(settings: Settings) -> None:
    stock, ours = (create_app(settings, app_class=app_class).openapi() for app_class in APPS)
    assert ours == stock


# Settings, the key, the page, the filter, the session in and out, the repository, the database,
# the endpoint and its response: what of these a request needs.
HOPS = {
    ("GET", "/me"): (4, 0),
    ("GET", "/products/suggestions?prefix=he"): (4, 0),
    ("GET", "/products"): (10, 2),
    ("GET", "/products/1"): (8, 2),
    ("POST", "/products/1/reviews"): (9, 3),
    ("PUT", "/products/1/price"): (9, 2),
    ("GET", "/reports/sales"): (8, 2),
}


@pytest.mark.parametrize("place", HOPS, ids=" ".join)
@pytest.mark.parametrize("app_class", APPS)
def test_only_what_blocks_goes_to_a_thread(
    app_class: type[FastAPI], settings: Settings, place: tuple[str, str]
) -> None:
    method, path = place
    body = {"stars": 4, "text": "Fine.", "price": 100}
    with TestClient(create_app(settings, app_class=app_class), headers=EDITOR) as client:
        with hops() as sent:
            response = client.request(method, path, json=body if method != "GET" else None)
        assert response.is_success
    assert len(sent) == HOPS[place][APPS.index(app_class)]


def test_a_watcher_costs_one_thread_hop_instead_of_five(settings: Settings) -> None:
    counts: list[int] = []
    for app_class in APPS:
        with (
            TestClient(create_app(settings, app_class=app_class)) as client,
            hops() as sent,
            client.websocket_connect("/products/3/prices?key=reader-key") as watcher,
        ):
            watcher.receive_json()
            counts.append(len(sent))
    assert counts == [5, 1]


@pytest.mark.parametrize("path", ["/me", "/products", "/products/suggestions?prefix=he"])
def test_who_asks_is_found_out_on_the_loop(settings: Settings, path: str) -> None:
    keys = WatchedKeys(DEMO_KEYS)
    app = create_app(replace(settings, keys=keys))
    with TestClient(app, headers=READER) as client:
        assert client.get(path).is_success
        assert keys.threads == [loop_thread(client)]


def test_the_report_is_made_in_a_worker_thread(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []
    original = Repository.sales

    def remember(repository: Repository, year: int) -> SalesReport:
        threads.append(threading.get_ident())
        return original(repository, year)

    monkeypatch.setattr(Repository, "sales", remember)
    assert client.get("/reports/sales").is_success
    assert len(threads) == 1
    assert threads[0] != loop_thread(client)
