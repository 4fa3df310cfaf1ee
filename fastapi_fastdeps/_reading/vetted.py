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
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

import fastapi
import starlette.exceptions
from fastapi.exceptions import WebSocketException
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from fastapi_fastdeps._reading.values import (
    BOOL,
    NONE,
    SCALAR,
    TEXT,
    UNKNOWN,
    Data,
    Instance,
    Value,
    container,
)

INT = Data(int, "huge")
FLOAT = Data(float)
BYTES = Data(bytes, "sized")


def _texts() -> Value:
    return container(list, TEXT, "sized")


Given = Callable[[], Value]


def _named(names: str, value: Value) -> dict[str, Given]:
    return dict.fromkeys(names.split(), lambda: value)


_TEST = "endswith startswith isalnum isalpha isascii isdigit islower isspace istitle isupper"

METHODS: Mapping[type, Mapping[str, Given]] = {
    str: {
        **_named(
            "capitalize casefold lower lstrip removeprefix removesuffix rstrip strip swapcase "
            "title upper",
            TEXT,
        ),
        **_named(f"{_TEST} isdecimal isidentifier isnumeric isprintable", BOOL),
        **_named("count find index rfind rindex", INT),
        **dict.fromkeys(("partition", "rpartition", "rsplit", "split", "splitlines"), _texts),
    },
    bytes: {
        **_named("lower lstrip removeprefix removesuffix rstrip strip upper", BYTES),
        **_named(_TEST, BOOL),
        **_named("hex", TEXT),
    },
    int: _named("bit_count bit_length", INT),
    float: _named("is_integer", BOOL),
    datetime.datetime: {
        **_named("ctime isoformat tzname", Data(str)),
        **_named("isoweekday weekday", Data(int)),
        **_named("timestamp", FLOAT),
        **_named("date", Data(datetime.date)),
        **_named("time timetz", Data(datetime.time)),
        **_named("utcoffset", SCALAR),
    },
    datetime.date: {
        **_named("ctime isoformat", Data(str)),
        **_named("isoweekday weekday toordinal", Data(int)),
    },
    datetime.time: _named("isoformat", Data(str)),
    datetime.timedelta: _named("total_seconds", FLOAT),
    decimal.Decimal: _named("is_nan is_zero is_finite is_signed", BOOL),
}
"""Methods of scalars that take no more arguments than plain data."""

ATTRIBUTES: Mapping[type, Mapping[str, Value]] = {
    datetime.datetime: {
        **dict.fromkeys(("year", "month", "day", "hour", "minute", "second"), Data(int)),
        "microsecond": Data(int, "huge"),
    },
    datetime.date: dict.fromkeys(("year", "month", "day"), Data(int)),
    datetime.time: dict.fromkeys(("hour", "minute", "second"), Data(int)),
    datetime.timedelta: dict.fromkeys(("days", "seconds"), INT),
    uuid.UUID: {"hex": Data(str), "int": INT, "bytes": Data(bytes), "version": SCALAR},
    int: {"real": INT, "numerator": INT},
}

TINY: Mapping[type, Mapping[str, Given]] = {
    str: _named("center expandtabs ljust rjust zfill", TEXT),
}
"""Methods whose result is as long as a number says."""

CODECS = frozenset({"ascii", "latin-1", "utf-8", "utf8"})


def _functions() -> dict[int, Value]:
    results: list[tuple[Value, tuple[Any, ...]]] = [
        (Data(str), (builtins.chr, builtins.bin, builtins.hex)),
        (Data(int), (builtins.ord,)),
        (INT, (math.gcd, time.time_ns, time.monotonic_ns, time.perf_counter_ns)),
        (FLOAT, (time.time, time.monotonic, time.perf_counter, math.sqrt, math.log, math.log10)),
        (FLOAT, (math.sin, math.cos, math.tan, math.atan2, math.radians, math.hypot, math.exp)),
        (FLOAT, (math.fabs, math.degrees, math.asin, math.acos, math.atan)),
        (BOOL, (hmac.compare_digest, secrets.compare_digest, math.isnan, math.isinf)),
        (BOOL, (math.isfinite, math.isclose)),
        (BYTES, (base64.b64encode, base64.urlsafe_b64encode, base64.b64decode)),
        (BYTES, (base64.urlsafe_b64decode, binascii.hexlify, binascii.unhexlify)),
        (TEXT, (urllib.parse.quote, urllib.parse.unquote, urllib.parse.quote_plus)),
        (Data(uuid.UUID), (uuid.uuid4,)),
    ]
    return {id(function): value for value, functions in results for function in functions}


FUNCTIONS = _functions()
"""Functions that compute something of plain data, and what; by their identity."""

CONSTRUCTORS: dict[int, Value] = {
    id(datetime.timedelta): Data(datetime.timedelta),
    id(datetime.date): Data(datetime.date),
    id(datetime.time): Data(datetime.time),
    id(datetime.datetime): Data(datetime.datetime),
    id(decimal.Decimal): Data(decimal.Decimal),
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

__all__ = [
    "ATTRIBUTES",
    "BYTES",
    "CAST",
    "CODECS",
    "CONSTRUCTORS",
    "CONTEXT_VARIABLE",
    "ENVIRONMENT",
    "EXCEPTIONS",
    "FLOAT",
    "FUNCTIONS",
    "GETENV",
    "INITIALIZERS",
    "INT",
    "METHODS",
    "NONE",
    "NOW",
    "RESPONSES",
    "TINY",
    "UNKNOWN",
    "Instance",
]
