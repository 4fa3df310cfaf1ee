"""An app whose annotations are strings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends

from fastapi_fastdeps import FastDepsAPI, Inline, inline
from tests.harness.hops import here


class Page:
    def __init__(self, skip: int = 0) -> None:
        self.skip = skip
        self.where = here()


@inline
def session() -> Iterator[str]:
    yield here()


def user(token: str, session: Annotated[str, Depends(session)]) -> list[str]:
    return [token, session, here()]


InlinePage = Annotated[Page, Depends(), Inline]

app = FastDepsAPI()


@app.get("/")
@inline
def read(page: InlinePage, user: Annotated[list[str], Depends(user), Inline]) -> list[str]:
    return [str(page.skip), page.where, *user, here()]
