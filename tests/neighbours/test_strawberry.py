"""strawberry-graphql: queries, subscriptions, and a context of sync dependencies."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import strawberry
from fastapi import Depends
from fastapi.testclient import TestClient
from strawberry.fastapi import GraphQLRouter
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL

from fastapi_fastdeps import inline
from tests.neighbours.shop import AppClass, Filters, Page, RecordLanes, on_loop, place


@strawberry.type
class Query:
    @strawberry.field
    def places(self, info: strawberry.Info[dict[str, Any], None]) -> list[str]:
        return [info.context[name] for name in ("context", "page", "filters")]


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def places(self, info: strawberry.Info[dict[str, Any], None]) -> AsyncIterator[str]:
        for name in ("context", "page", "filters"):
            yield info.context[name]


@inline
def context(
    page: Annotated[Page, Depends()], filters: Annotated[Filters, Depends()]
) -> dict[str, str]:
    return {"context": place(), "page": page.place, "filters": filters.place}


def make_app(app_class: AppClass) -> Any:
    schema = strawberry.Schema(Query, subscription=Subscription)
    app = app_class()
    app.include_router(GraphQLRouter(schema, context_getter=context), prefix="/graphql")
    return app


def test_a_query_has_a_context_of_dependencies_that_ran_in_their_place(
    app_class: AppClass, record_lanes: RecordLanes
) -> None:
    app = make_app(app_class)
    marked = on_loop(app_class)
    with TestClient(app) as client:
        answer = client.post("/graphql", json={"query": "{ places }"})
        assert answer.json() == {"data": {"places": [marked, marked, "thread"]}}
        assert "GraphiQL" in client.get("/graphql", headers={"Accept": "text/html"}).text
    record_lanes(app)


def test_a_subscription_has_the_same_context(app_class: AppClass) -> None:
    marked = on_loop(app_class)
    with (
        TestClient(make_app(app_class)) as client,
        client.websocket_connect("/graphql", [GRAPHQL_TRANSPORT_WS_PROTOCOL]) as socket,
    ):
        socket.send_json({"type": "connection_init"})
        assert socket.receive_json() == {"type": "connection_ack"}
        query = {"query": "subscription { places }"}
        socket.send_json({"type": "subscribe", "id": "1", "payload": query})
        places = [socket.receive_json()["payload"]["data"]["places"] for _ in range(3)]
        assert places == [marked, marked, "thread"]
