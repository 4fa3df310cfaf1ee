"""Who decides may change while FastAPI's solver is in the middle of a request."""

import pytest
from fastapi import Depends, HTTPException
from fastapi.testclient import TestClient

from fastapi_fastdeps import Classifier, FastDepsAPI, default_classifier
from tests.harness.hops import everything


@pytest.mark.usefixtures("both_lanes")
@pytest.mark.parametrize(
    "classifiers", [(everything, default_classifier), (default_classifier, everything)]
)
def test_a_guard_is_called_whoever_decides_while_what_it_needs_is_solved(
    classifiers: tuple[Classifier, Classifier],
) -> None:
    before, after = classifiers
    app = FastDepsAPI(classifier=before)

    async def changes() -> None:
        app.classifier = after

    def guard(_: None = Depends(changes)) -> str:
        raise HTTPException(403)

    @app.get("/")
    def endpoint(allowed: str = Depends(guard)) -> str:
        return allowed

    client = TestClient(app)
    for _ in range(3):
        app.classifier = before
        assert client.get("/").status_code == 403
