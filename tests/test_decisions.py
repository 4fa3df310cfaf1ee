"""`decisions("fastdeps.toml")`: what a file says where callables run."""

import functools
import importlib
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import Depends

from fastapi_fastdeps import (
    Candidate,
    DecisionsError,
    FastDepsAPI,
    FastDepsError,
    Inline,
    Threaded,
    decisions,
    default_classifier,
    everything,
    explain,
    first_match,
    inline,
)
from tests.harness.hops import ask, here


def plain(value: int = 0) -> str:
    return here()


def _passing(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def passing(*args: Any, **values: Any) -> Any:
        return function(*args, **values)

    return passing


@_passing
def wrapped() -> None: ...


class Thing:
    def __init__(self) -> None: ...

    def __call__(self) -> None: ...

    def method(self) -> None: ...

    @classmethod
    def made(cls) -> None: ...

    @staticmethod
    def static() -> None: ...

    def check(self, role: str) -> Callable[[], str]:
        def checked() -> str:
            return role

        return checked


class Derived(Thing): ...


thing = Thing()
given = functools.partial(plain, 3)


@inline
def marked() -> None: ...


def written(folder: Path, text: str) -> Path:
    file = folder / "fastdeps.toml"
    file.write_text(text)
    return file


def named(folder: Path, *names: str, run: str = "inline") -> Path:
    tables = (f'["{__name__}:{name}"]\nrun = "{run}"\n' for name in names)
    return written(folder, "\n".join(tables))


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("plain", plain),
        ("plain", functools.partial(functools.partial(plain, 1), value=2)),
        ("given", given),
        ("wrapped", wrapped),
        ("Thing", Thing),
        ("Thing", thing),
        ("Thing.__call__", thing),
        ("Thing.__call__", Derived()),
        ("thing", thing),
        ("Thing.method", thing.method),
        ("Thing.method", Derived().method),
        ("Thing.made", Thing.made),
        ("Thing.static", Thing.static),
        ("Thing.check.<locals>.checked", thing.check("a")),
    ],
)
def test_a_name_means_a_callable_and_what_calls_it(tmp_path: Path, name: str, call: Any) -> None:
    assert decisions(named(tmp_path, name))(Candidate(call)) == Inline()


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("plain", wrapped),
        ("given", plain),
        ("given", functools.partial(plain, 3)),
        ("Thing", Derived),
        ("Thing.__call__", Thing),
        ("thing", Thing()),
        ("Thing.method", Thing.made),
    ],
)
def test_what_is_not_named_is_no_opinion(tmp_path: Path, name: str, call: Any) -> None:
    assert decisions(named(tmp_path, name))(Candidate(call)) is None


def test_the_call_of_an_instance_may_have_its_own_entry(tmp_path: Path) -> None:
    lines = f'["{__name__}:Thing"]\nrun="inline"\n["{__name__}:Thing.__call__"]\nrun="threaded"\n'
    policy = decisions(written(tmp_path, lines))
    assert policy(Candidate(Thing)) == Inline()
    assert policy(Candidate(thing)) == Threaded()


def test_what_is_marked_keeps_its_word(tmp_path: Path) -> None:
    policy = decisions(named(tmp_path, "marked", "plain", run="threaded"))
    assert policy(Candidate(marked)) is None
    assert policy(Candidate(plain, metadata=(Inline,))) is None


def test_an_app_does_what_the_file_says_and_explain_why(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        f"'{__name__}:plain' = {{run = 'inline', because = 'returns at once'}}\n"
        f"'{__name__}:Thing' = {{run = 'threaded', limiter = 'db'}}\n",
    )
    policy = first_match(default_classifier, decisions(file), everything)
    app = FastDepsAPI(classifier=policy, limiters={"db": 2})

    @app.get("/")
    def read(
        at: Annotated[str, Depends(plain)], made: Annotated[Thing, Depends()]
    ) -> dict[str, str]:
        return {"plain": at, "read": here()}

    assert ask(app) == ({"plain": "loop", "read": "loop"}, 1)
    [route] = explain(app).routes[-1:]
    told = f"decisions({str(file)!r})"
    assert [(call.execution, call.limiter, call.decided_by) for call in route.calls] == [
        ("inline", None, "everything"),
        ("inline", None, f"{told}: returns at once"),
        ("threaded", "db", told),
    ]


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("[a\n", 1, "is no TOML"),
        ('\n["json:nothing"]\nrun = "inline"', 2, "the module json has no 'nothing'"),
        ('["no_such_module:f"]\nrun = "inline"', 1, "no_such_module can't be imported"),
        ('["json"]\nrun = "inline"', 1, "a name is module:qualname"),
        ('["json:decoder"]\nrun = "inline"', 1, "nothing that can be called"),
        ('["json:loads.<locals>.f"]\nrun = "inline"', 1, "makes nothing of the name 'f'"),
        ('["json:loads"]\nruns = "inline"', 1, "says 'runs'"),
        ('["json:loads"]\nrun = "fast"', 1, "does not say where 'json:loads' runs: run = 'fast'"),
        ('["json:loads"]\nbecause = "it can"', 1, "does not say where"),
        ('["json:loads"]\nrun = 1', 1, "it is a string"),
        ('["json:loads"]\nrun = "inline"\nlimiter = "db"', 1, "gives 'json:loads' a limiter"),
        ('"json:loads" = "inline"', 1, "no table"),
        ('\n[json.decoder]\nrun = "inline"', 2, "says 'decoder' of 'json'"),
    ],
)
def test_a_mistake_is_told_with_its_file_and_line(
    tmp_path: Path, text: str, line: int, says: str
) -> None:
    file = written(tmp_path, text)
    with pytest.raises(DecisionsError) as raised:
        decisions(file)
    assert str(raised.value).startswith(f"{file}:{line} ")
    assert says in str(raised.value)


def test_a_file_that_there_is_not_is_told() -> None:
    with pytest.raises(FastDepsError, match=r"nowhere\.toml can't be read"):
        decisions("nowhere.toml")


def test_a_limiter_that_the_app_does_not_have_is_told(tmp_path: Path) -> None:
    file = written(tmp_path, f'["{__name__}:plain"]\nrun = "threaded"\nlimiter = "db"\n')
    app = FastDepsAPI(classifier=decisions(file))
    with pytest.raises(FastDepsError, match="limiter 'db'"):
        app.get("/")(plain)


def test_it_can_be_sent_to_another_process(tmp_path: Path) -> None:
    policy = pickle.loads(pickle.dumps(decisions(named(tmp_path, "plain"))))
    assert policy(Candidate(plain)) == Inline()
    assert policy(Candidate(wrapped)) is None


def test_a_module_that_is_being_imported_is_asked_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    file = tmp_path / "fastdeps.toml"
    (tmp_path / "circular_case.py").write_text(
        f"from fastapi_fastdeps import decisions\npolicy = decisions({str(file)!r})\n"
        "def later(): ...\n"
    )
    for name in ("later", "never"):
        file.write_text(f'["circular_case:{name}"]\nrun = "inline"\n')
        module = importlib.import_module("circular_case")
        if name == "later":
            assert module.policy(Candidate(module.later)) == Inline()
        else:
            with pytest.raises(DecisionsError, match="has no 'never'"):
                module.policy(Candidate(module.later))
        del sys.modules["circular_case"]
