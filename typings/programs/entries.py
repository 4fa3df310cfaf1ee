"""`annotated` returns what it takes: an entry of `dependencies=[...]`, or a default value."""

from typing import Annotated, assert_type

from fastapi import APIRouter, Depends, FastAPI, Security, params

from fastapi_fastdeps import FastDepsAPI, FastDepsRouter, Inline, Threaded, annotated


def verify() -> None: ...


class Page:
    def __init__(self, skip: int = 0) -> None:
        self.skip = skip


class Own(params.Depends):
    name = "own"


entry: params.Depends = annotated(Depends(verify), Inline)
entries = [
    annotated(Depends(verify), Inline),
    annotated(Depends(verify), Threaded(), "a tag"),
    annotated(Security(verify, scopes=["read"]), Inline),
    annotated(Depends(verify)),
    Depends(verify),
]
app = FastDepsAPI(dependencies=entries)
router = FastDepsRouter(dependencies=[annotated(Depends(verify), Inline)])
app.include_router(router, dependencies=[entry])
FastAPI(dependencies=entries).include_router(APIRouter(), dependencies=entries)


@app.get("/", dependencies=[annotated(Depends(verify), Inline), entry])
def read(page: Annotated[Page, Depends()], other: Page = annotated(Depends(), Inline)) -> None:
    assert_type(page, Page)
    assert_type(other, Page)


assert_type(annotated(Own(verify), Inline), Own)
assert_type(annotated(params.Security(verify), Inline), params.Security)
annotated(Own(verify), Inline).name

annotated(verify, Inline)  # error: bound
annotated(Inline)  # error: bound
annotated()  # error: missing-argument
