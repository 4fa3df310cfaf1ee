"""`explain` returns typed records."""

from typing import Literal, assert_type

from fastapi import FastAPI

from fastapi_fastdeps import FastDepsAPI, FastDepsRouter, explain

app = FastDepsAPI()

for route in explain(app):
    assert_type(route.path, str)
    assert_type(route.methods, tuple[str, ...])
    for call in route.calls:
        assert_type(call.execution, Literal["inline", "threaded", "async"])
        assert_type(call.parameter, str | None)
        call.excution  # error: attribute

table: str = str(explain(app))
explain(FastAPI())
explain(FastDepsRouter())
explain(app.router)
explain(app.routes)  # error: argument-type
explain()  # error: missing-argument
