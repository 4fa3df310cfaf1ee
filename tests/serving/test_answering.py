"""Names that are replaced within a request count when FastAPI reads them."""

import fastapi.routing
import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient
from starlette.responses import JSONResponse

from fastapi_fastdeps import FastDepsAPI
from tests.harness.hops import everything


def encoded(value: object, **_: object) -> str:
    return f"encoded {value}"


async def serialized(**options: object) -> str:
    return f"serialized {options['response_content']}"


async def run(**_: object) -> str:
    return "run by another"


def no_body(_: int) -> bool:
    return False


def with_header(self: JSONResponse, headers: object = None) -> None:
    self.raw_headers = [(b"x-patched", b"yes")]


def rendered(self: JSONResponse, content: object) -> bytes:
    return b'"rendered"'


REPLACEMENTS = (
    (fastapi.routing, "jsonable_encoder", encoded),
    (fastapi.routing, "serialize_response", serialized),
    (fastapi.routing, "run_endpoint_function", run),
    (fastapi.routing, "is_body_allowed_for_status_code", no_body),
    (JSONResponse, "render", rendered),
    (JSONResponse, "init_headers", with_header),
    (JSONResponse, "media_type", "application/vnd.api+json"),
)


@pytest.mark.parametrize("place", ["a dependency", "the endpoint"])
@pytest.mark.parametrize(
    ("holder", "name", "new"), REPLACEMENTS, ids=[name for _, name, _ in REPLACEMENTS]
)
@pytest.mark.parametrize("is_async", [False, True])
def test_what_is_replaced_within_a_request_makes_its_response(
    place: str, holder: object, name: str, new: object, is_async: bool
) -> None:
    def answer(app: FastAPI) -> object:
        with pytest.MonkeyPatch.context() as patch:

            def replace() -> None:
                patch.setattr(holder, name, new)

            def dependency() -> None:
                if place == "a dependency":
                    replace()

            if is_async:

                async def endpoint(_: None = Depends(dependency)) -> object:
                    if place == "the endpoint":
                        replace()
                    return {"a": 1}
            else:

                def endpoint(_: None = Depends(dependency)) -> object:  # type: ignore[misc]
                    if place == "the endpoint":
                        replace()
                    return {"a": 1}

            app.get("/", response_model=None)(endpoint)
            response = TestClient(app).get("/")
            return response.status_code, response.content, response.headers.multi_items()

    stock = answer(FastAPI())
    assert answer(FastDepsAPI()) == stock
    assert answer(FastDepsAPI(classifier=everything)) == stock
