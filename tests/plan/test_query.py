"""A query is read as Starlette reads it."""

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from fastapi_fastdeps._serving.received import query_values


def query_of(query: str) -> dict[str, str]:
    return query_values(query.encode("latin-1"))


@given(st.text(alphabet="ab=&;%2+ é", max_size=24))
def test_any_query_gives_the_values_that_starlette_gives(query: str) -> None:
    scope = {"type": "http", "query_string": query.encode("latin-1"), "headers": []}
    assert query_of(query) == dict(Request(scope).query_params.items())


@pytest.mark.parametrize("query", ["", "a", "a=", "=a", "a=1&a=2", "&&a=1&", "a=b=c", "a%3Db=c"])
def test_blank_repeated_and_escaped_parts_are_those_of_parse_qsl(query: str) -> None:
    assert query_of(query) == dict(parse_qsl(query, keep_blank_values=True))
