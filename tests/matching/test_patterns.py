"""What a pattern lets through is at least what the regular expression matches."""

import re
from random import Random

import pytest
from starlette.routing import compile_path

from fastapi_fastdeps._matching.patterns import Pattern, pattern_of
from fastapi_fastdeps._matching.trie import Trie

from .programs import FILLINGS, SEGMENTS


@pytest.mark.parametrize(
    ("path", "segments"),
    [
        ("/", ("", "")),
        ("/items", ("", "items")),
        ("/items/", ("", "items", "")),
        ("/items/{key}", ("", "items", None)),
        ("/items/{key}/", ("", "items", None, "")),
        ("/{a}-{b:int}/x.y", ("", None, "x.y")),
        ("/a b/{u:uuid}/{f:float}", ("", "a b", None, None)),
        ("//a", ("", "", "a")),
    ],
)
def test_the_path_of_a_route_is_known_by_segment(path: str, segments: tuple[str, ...]) -> None:
    assert pattern_of(compile_path(path)[0]) == Pattern(segments, is_open=False)


@pytest.mark.parametrize(
    ("path", "segments"),
    [
        ("/files/{path:path}", ("", "files")),
        ("/files/a{path:path}b", ("", "files")),
        ("/files/{path:path}/end", ("", "files")),
        ("/{path:path}", ("",)),
        ("/a/{x:pair}/b", ("", "a")),
    ],
)
def test_what_may_have_slashes_in_it_is_open_from_there_on(
    path: str, segments: tuple[str, ...]
) -> None:
    assert pattern_of(compile_path(path)[0]) == Pattern(segments, is_open=True)


@pytest.mark.parametrize(
    ("expression", "segments"),
    [
        (r"^/items/(?P<id>\d+)/?$", ("", "items")),
        (r"^/items/?$", ("",)),
        (r"^/items", ("",)),
        (r"/items/x+y$", ("", "items")),
        (r"^/it(em)?s/a$", ("",)),
    ],
)
def test_of_an_expression_of_the_users_own_the_beginning_is_known(
    expression: str, segments: tuple[str, ...]
) -> None:
    assert pattern_of(re.compile(expression)) == Pattern(segments, is_open=True)


@pytest.mark.parametrize(
    "expression",
    [
        re.compile("^/a$", re.IGNORECASE),
        re.compile("^/a/(?P<x>b|c)$"),
        re.compile("^/a$|^/b$"),
        re.compile(b"^/a$"),
        compile_path("a.org")[0],
        compile_path("")[0],
        None,
    ],
)
def test_nothing_is_known_of_what_could_match_in_several_ways(expression: object) -> None:
    assert pattern_of(expression) is None


def test_no_path_that_the_expression_matches_is_kept_out() -> None:
    random = Random(1)
    fillings = [each for some in FILLINGS.values() for each in some if len(each) < 100]
    texts = [*fillings, *(segment for segment in SEGMENTS if "{" not in segment)]
    for _ in range(3000):
        path = "/" + "/".join(random.choices(SEGMENTS, k=random.randint(1, 3)))
        for number in range(path.count("{")):
            path = re.sub(r"{([xy])(?=[:}])", rf"{{\g<1>{number}_", path, count=1)
        expression = compile_path(path)[0]
        pattern = pattern_of(expression)
        trie = Trie()
        if pattern is not None:
            trie.add(0, pattern)
        for _ in range(10):
            request = "/" + "/".join(random.choices(texts, k=random.randint(1, 4)))
            if expression.match(request) and not request.endswith("\n") and pattern is not None:
                assert trie.find(request) == [0], (path, request)
