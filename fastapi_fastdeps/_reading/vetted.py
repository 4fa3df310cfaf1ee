"""What of Python's own is known to do no more than to compute."""

import base64
import binascii
import builtins
import datetime
import decimal
import hmac
import math
import os
import secrets
import time
import typing
import urllib.parse
import uuid
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

import fastapi
import starlette.exceptions
from fastapi.exceptions import WebSocketException
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from fastapi_fastdeps._reading.sizes import Bound
from fastapi_fastdeps._reading.values import BOOL, COUNT, FLOAT, INT, SCALAR, Data, Value

SHORT = Data(str, Bound(100))
_SMALL = Data(int, Bound(6))

LONGER: Mapping[type, Mapping[str, int]] = {
    str: {
        **dict.fromkeys(("lstrip", "removeprefix", "removesuffix", "rstrip", "strip"), 1),
        # One character may become three.
        **dict.fromkeys(("capitalize", "casefold", "lower", "swapcase", "title", "upper"), 3),
    },
    bytes: dict.fromkeys(
        ("lower", "lstrip", "removeprefix", "removesuffix", "rstrip", "strip", "upper"), 1
    ),
}
"""Methods that make a text of a text, and how many times as long it may be."""

SPLITTING = ("partition", "rpartition", "rsplit", "split", "splitlines")
"""Methods that make many texts of one."""

_TEST = "endswith startswith isalnum isalpha isascii isdigit islower isspace istitle isupper"


def _named(names: str, value: Value) -> dict[str, Value]:
    return dict.fromkeys(names.split(), value)


METHODS: Mapping[type, Mapping[str, Value]] = {
    str: {
        **_named(f"{_TEST} isdecimal isidentifier isnumeric isprintable", BOOL),
        **_named("count find index rfind rindex", COUNT),
    },
    bytes: _named(_TEST, BOOL),
    int: _named("bit_count bit_length", COUNT),
    float: _named("is_integer", BOOL),
    datetime.datetime: {
        **_named("ctime isoformat tzname", SHORT),
        **_named("isoweekday weekday", _SMALL),
        **_named("timestamp", FLOAT),
        **_named("date", Data(datetime.date)),
        **_named("time timetz", Data(datetime.time)),
        **_named("utcoffset", Data(datetime.timedelta)),
    },
    datetime.date: {
        **_named("ctime isoformat", SHORT),
        **_named("isoweekday weekday toordinal", _SMALL),
    },
    datetime.time: _named("isoformat", SHORT),
    datetime.timedelta: _named("total_seconds", FLOAT),
    decimal.Decimal: _named("is_nan is_zero is_finite is_signed", BOOL),
}
"""Methods of scalars that take no more arguments than plain data, and what they give."""

ATTRIBUTES: Mapping[type, Mapping[str, Value]] = {
    datetime.datetime: dict.fromkeys(
        ("year", "month", "day", "hour", "minute", "second", "microsecond"), _SMALL
    ),
    datetime.date: dict.fromkeys(("year", "month", "day"), _SMALL),
    datetime.time: dict.fromkeys(("hour", "minute", "second"), _SMALL),
    datetime.timedelta: dict.fromkeys(("days", "seconds"), COUNT),
    uuid.UUID: {
        "hex": SHORT,
        "int": Data(int, Bound(39)),
        "bytes": Data(bytes, Bound(16)),
        "version": SCALAR,
    },
    int: {"real": INT, "numerator": INT},
}

CODECS = frozenset({"ascii", "latin-1", "utf-8", "utf8"})

_Results = tuple[tuple[Value, int, tuple[Any, ...]], ...]
_RESULTS: _Results = (
    (SHORT, 0, (builtins.chr,)),
    (_SMALL, 0, (builtins.ord,)),
    (COUNT, 0, (time.time_ns, time.monotonic_ns, time.perf_counter_ns)),
    (FLOAT, 0, (time.time, time.monotonic, time.perf_counter, math.sqrt, math.log, math.log10)),
    (FLOAT, 0, (math.sin, math.cos, math.tan, math.atan2, math.radians, math.hypot, math.exp)),
    (FLOAT, 0, (math.fabs, math.degrees, math.asin, math.acos, math.atan)),
    (BOOL, 0, (hmac.compare_digest, secrets.compare_digest, math.isnan, math.isinf)),
    (BOOL, 0, (math.isfinite, math.isclose)),
    (Data(bytes), 2, (base64.b64encode, base64.urlsafe_b64encode, base64.b64decode)),
    (Data(bytes), 2, (base64.urlsafe_b64decode, binascii.hexlify, binascii.unhexlify)),
    (Data(str), 12, (urllib.parse.quote, urllib.parse.unquote, urllib.parse.quote_plus)),
    (Data(uuid.UUID), 0, (uuid.uuid4,)),
)

FUNCTIONS: Mapping[int, tuple[Value, int]] = {
    id(function): (value, times) for value, times, functions in _RESULTS for function in functions
}
"""Functions that compute something of plain data: what, and how many times as long it may be
as the arguments, 0 for what has a length of its own; by their identity."""

CONSTRUCTORS: Mapping[int, Value] = {
    id(datetime.timedelta): Data(datetime.timedelta),
    id(datetime.date): Data(datetime.date),
    id(datetime.time): Data(datetime.time),
    id(datetime.datetime): Data(datetime.datetime),
    id(decimal.Decimal): Data(decimal.Decimal, Bound(1100, 1)),
    id(uuid.UUID): Data(uuid.UUID),
    id(float): FLOAT,
}
"""Classes that make a scalar of plain data."""

EXCEPTIONS: tuple[type, ...] = (
    fastapi.HTTPException,
    starlette.exceptions.HTTPException,
    WebSocketException,
)
INITIALIZERS: tuple[Any, ...] = tuple(vars(cls).get("__init__") for cls in EXCEPTIONS)

RESPONSES: tuple[type, ...] = (Response, HTMLResponse, PlainTextResponse, RedirectResponse)

NOW = (datetime.datetime, datetime.date)

ENVIRONMENT = os.environ
GETENV = os.getenv
CAST = typing.cast
CONTEXT_VARIABLE = ContextVar
