"""Hypothesis strategies for the requests that a program is sent."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, get_args
from urllib.parse import quote, urlencode

from hypothesis import strategies as st

from .fields import FIELDS, File, Pairs, Place, filled
from .program import STREAMS, Call, Field, Program

_Draw = Callable[[st.SearchStrategy[Any]], Any]
_BOUNDARY = "boundary"
_ODD_BODIES: st.SearchStrategy[tuple[bytes, str]] = st.sampled_from(
    (
        (b"", ""),
        (b"{", "application/json"),
        (b"null", "application/json"),
        (b"[]", "application/vnd.api+json"),
        (b'{"name": "box"}', "text/plain"),
        (b'{"name": "box"}', ""),
        (b"a=1&a=2", "application/x-www-form-urlencoded"),
        (b"--boundary\r\nbroken", "multipart/form-data; boundary=boundary"),
        (b"no boundary", "multipart/form-data"),
    )
)


@st.composite
def calls(draw: _Draw, program: Program) -> Program:
    """The program, with requests that suit it more or less."""
    number = draw(st.integers(1, 3))
    return replace(program, calls=tuple(_call(draw, program) for _ in range(number)))


def _call(draw: _Draw, program: Program) -> Call:
    endpoint = draw(st.integers(0, len(program.endpoints) - 1))
    reply = program.endpoints[endpoint].reply
    fields = _fields_of(program, endpoint)
    careless = draw(st.sampled_from((False, False, True)))
    chosen: dict[Place, list[tuple[Field, Any]]] = {
        place: [
            (field, sample)
            for field in fields
            if FIELDS[field.kind].place == place
            and (sample := _sample(draw, field, careless)) is not None
        ]
        for place in get_args(Place)
    }
    body, content_type = _body(draw, fields, chosen, careless)
    headers = _flat(chosen["header"])
    if cookies := _flat(chosen["cookie"]):
        headers.append(("cookie", "; ".join(f"{key}={value}" for key, value in cookies)))
    if content_type:
        headers.append(("content-type", content_type))
    if draw(st.booleans()):
        headers += [("x-key", "secret"), ("authorization", "Bearer token")]
    streamed = reply in STREAMS and not reply.startswith("events")
    return Call(
        path=_path(draw, program, endpoint, chosen["path"]),
        endpoint=endpoint,
        query=urlencode(_flat(chosen["query"])),
        headers=tuple((key, quote(value, safe=' ;=[]"#,:')) for key, value in headers),
        body=body,
        messages=("one", "two") if reply == "talk" else (),
        armed=draw(st.booleans()),
        overridden=bool(program.overrides) and draw(st.booleans()),
        spec_version=draw(st.sampled_from(("2.4", "2.3"))) if reply in STREAMS else "2.4",
        breaks_after=draw(st.sampled_from((None, None, 0, 2))) if streamed else None,
    )


def _fields_of(program: Program, endpoint: int) -> list[Field]:
    """Each distinct one that the endpoint's graph has."""
    owner = program.endpoints[endpoint]
    edges = [*program.app_dependencies, *owner.dependencies, *owner.depends]
    for layer in program.layers:
        edges += [*layer.dependencies, *layer.include_dependencies]
    fields = dict.fromkeys(owner.fields)
    seen: set[int] = set()
    while edges:
        index = edges.pop().node
        if index not in seen:
            seen.add(index)
            edges += program.nodes[index].depends
            fields.update(dict.fromkeys(program.nodes[index].fields))
    return list(fields)


def _sample(draw: _Draw, field: Field, careless: bool) -> Any:
    """What to send for a field; `None` for nothing."""
    kind = FIELDS[field.kind]
    fate = draw(st.integers(0, 9)) if careless else 0
    if fate >= 8 or (not careless and kind.default is not None and draw(st.booleans())):
        return None
    samples = kind.bad if fate >= 5 and kind.bad else kind.good
    return draw(st.sampled_from(samples))


def _flat(chosen: Iterable[tuple[Field, Pairs]]) -> list[tuple[str, Any]]:
    return [(filled(key, field.name), value) for field, sample in chosen for key, value in sample]


def _path(draw: _Draw, program: Program, endpoint: int, chosen: Sequence[tuple[Field, str]]) -> str:
    values = {field.name: value for field, value in chosen}
    path = program.path_of(endpoint)
    for name in ("item", "outer"):
        value = values.get(name) or draw(st.sampled_from(("7", "7", "seven")))
        for convertor in ("", ":int", ":path"):
            path = path.replace(f"{{{name}{convertor}}}", value)
    return path


def _body(
    draw: _Draw,
    fields: Sequence[Field],
    chosen: dict[Place, list[tuple[Field, Any]]],
    careless: bool,
) -> tuple[bytes, str]:
    places = {FIELDS[field.kind].place for field in fields}
    if careless and draw(st.integers(0, 4)) == 4:
        odd: tuple[bytes, str] = draw(_ODD_BODIES)
        return odd
    if "form" in places:
        return _form(draw, _flat(chosen["form"]))
    if "json" not in places:
        return b"", ""
    bodies = {_json_name(field): sample for field, sample in chosen["json"]}
    names = {field.name for field in fields if FIELDS[field.kind].place == "json"}
    single = len(names) == 1 and not any(field.kind == "item embedded" for field in fields)
    if single and len(bodies) == 1 and draw(st.integers(0, 4)) < 4:
        return json.dumps(next(iter(bodies.values()))).encode(), "application/json"
    return json.dumps(bodies).encode(), "application/json"


def _json_name(field: Field) -> str:
    return "bodyAlias" if field.kind == "body alias" else field.name


def _form(draw: _Draw, pairs: Sequence[tuple[str, Any]]) -> tuple[bytes, str]:
    if not any(isinstance(value, File) for _, value in pairs) and draw(st.booleans()):
        return urlencode(pairs).encode(), "application/x-www-form-urlencoded"
    parts = []
    for key, value in pairs:
        disposition = f'Content-Disposition: form-data; name="{key}"'
        content = value
        if isinstance(value, File):
            disposition += f'; filename="{value.filename}"\r\nContent-Type: {value.content_type}'
            content = value.content
        encoded = content if isinstance(content, bytes) else str(content).encode()
        parts.append(f"--{_BOUNDARY}\r\n{disposition}\r\n\r\n".encode() + encoded + b"\r\n")
    ending = f"--{_BOUNDARY}--\r\n".encode()
    return b"".join(parts) + ending, f"multipart/form-data; boundary={_BOUNDARY}"
