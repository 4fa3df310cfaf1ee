"""The pytest plugin, on suites of its own."""

import sys

import pytest

# Each suite here is to have the same one, which tests replace names in.
from fastapi_fastdeps import pytest_plugin

pytest_plugins = ["pytester"]

APP = """
import time, os
from typing import Annotated
import pytest
from fastapi import Depends
from fastapi.testclient import TestClient
from fastapi_fastdeps import FastDepsAPI, Guard, inline

app = FastDepsAPI()

def threaded(): ...

@inline
def sleeping():
    time.sleep(SLEEP)

@inline
def listing():
    os.listdir(".")

@inline
def computing():
    until = time.perf_counter() + SLEEP
    while time.perf_counter() < until: ...

@app.get("/threaded", dependencies=[Depends(threaded)])
def in_threads() -> int:
    return 1

@app.get("/sleeping", dependencies=[Depends(sleeping)])
@app.get("/listing", dependencies=[Depends(listing)])
@app.get("/computing", dependencies=[Depends(computing)])
@app.get("/async")
async def answer() -> int:
    return 1

client = TestClient(app)
"""


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    pytester.makepyfile(app=APP.replace("SLEEP", "0.2"))
    monkeypatch.setenv("PYTEST_ADDOPTS", f"-p {pytest_plugin.__name__}")
    return pytester


def run(suite: pytest.Pytester, tests: str, *options: str) -> pytest.RunResult:
    suite.makepyfile(test_it=f"from app import *\n{tests}")
    return suite.runpytest("-p", "no:cacheprovider", "-W", "ignore", *options)


def test_hops_are_counted(suite: pytest.Pytester) -> None:
    result = run(
        suite,
        """
def test_threads(fastdeps_hops):
    client.get("/threaded")
    client.get("/async")
    assert fastdeps_hops.count == 3
    fastdeps_hops.clear()
    client.get("/threaded")
    assert fastdeps_hops.count == 1

def test_none(fastdeps_hops):
    client.get("/listing")
    assert fastdeps_hops.count == 0
""",
    )
    result.assert_outcomes(passed=2)


@pytest.mark.parametrize("requests", [1, 4])
def test_the_fixture_fails_a_test_in_which_an_inline_call_is_slow(
    suite: pytest.Pytester, requests: int
) -> None:
    result = run(
        suite,
        f"""
def test_slow(fastdeps_guard):
    for _ in range({requests}):
        assert client.get("/computing").json() == 1

def test_fast(fastdeps_guard):
    assert client.get("/async").json() == 1

def test_unguarded():
    client.get("/computing")

def test_known(fastdeps_guard):
    client.get("/computing")
    assert [each.call for each in fastdeps_guard.slow] == [computing]
    fastdeps_guard.clear()
""",
    )
    result.assert_outcomes(failed=1, passed=3)
    calls = "an inline call" if requests == 1 else f"{requests} inline calls"
    result.stdout.fnmatch_lines(
        [
            f"The event loop was held up by {calls}.",
            "The dependency 'computing' (*app.py:*) of '/computing' held up the event loop for *",
            "FAILED test_it.py::test_slow*",
        ]
    )


@pytest.mark.parametrize("path", ["sleeping", "listing"])
def test_what_blocks_is_found_whatever_time_it_takes(suite: pytest.Pytester, path: str) -> None:
    pytest.importorskip("blockbuster")
    suite.makeini("[pytest]\nfastdeps_slow_call = 60\n")
    result = run(
        suite,
        f"""
def test_blocking(fastdeps_guard):
    for _ in range(3):
        assert client.get("/{path}").json() == 1
    assert len(fastdeps_guard.blocking) == 3

def test_of_the_test_itself(fastdeps_guard):
    time.sleep(0)
    os.listdir(".")
""",
    )
    result.assert_outcomes(failed=1, passed=1)
    function = {"sleeping": "time.sleep", "listing": "os.listdir"}[path]
    result.stdout.fnmatch_lines(
        [
            "The event loop was held up by 3 inline calls.",
            f"The dependency '{path}' (*app.py:*) of '/{path}' called {function}, which can block,"
            " on the event loop, at",
            f"  File *app.py*, line *, in {path}",
        ]
    )


def test_without_blockbuster_time_decides(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fastapi_fastdeps._observing.blocking.is_there", bool)
    tests = """
def test_listing(fastdeps_guard):
    client.get("/listing")

def test_sleeping(fastdeps_guard):
    client.get("/sleeping")
"""
    run(suite, tests).assert_outcomes(failed=1, passed=1)


def test_one_line_of_the_configuration_guards_a_whole_suite(suite: pytest.Pytester) -> None:
    suite.makeini("[pytest]\nfastdeps_guard = true\n")
    tests = """
@pytest.mark.parametrize("path", ["async", "threaded", "computing"])
def test_answers(path):
    for _ in range(3):
        assert client.get("/" + path).json() == 1

def test_fails_by_itself():
    client.get("/computing")
    assert 0

def test_with_a_guard_of_its_own():
    own = FastDepsAPI(guard=Guard(slow_call=0.001, callback=str))
    own.get("/")(computing)
    TestClient(own).get("/")
"""
    result = run(suite, tests)
    result.assert_outcomes(failed=3, passed=2)
    result.stdout.fnmatch_lines(["FAILED test_it.py::test_answers[[]computing[]]*"])
    result.stdout.fnmatch_lines(["FAILED test_it.py::test_fails_by_itself - assert 0"])
    result.stdout.fnmatch_lines(["FAILED test_it.py::test_with_a_guard_of_its_own*"])


def test_one_line_also_loads_the_plugin(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("blockbuster")
    monkeypatch.delenv("PYTEST_ADDOPTS")
    suite.makeini(f"[pytest]\naddopts = -p {pytest_plugin.__name__} -o fastdeps_guard=true\n")
    tests = """
@pytest.mark.parametrize("path", ["async", "threaded", "listing"])
def test_answers(path):
    assert client.get("/" + path).json() == 1
"""
    result = run(suite, tests)
    result.assert_outcomes(failed=1, passed=2)
    result.stdout.fnmatch_lines(
        ["The dependency 'listing' (*app.py:*) of '/listing' called os.listdir, which can block,*"]
    )


def test_it_works_with_xdist(suite: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    suite.makeini("[pytest]\nfastdeps_guard = true\n")
    tests = """
@pytest.mark.parametrize("path", ["async", "computing"])
def test_answers(path):
    assert client.get("/" + path).json() == 1
"""
    run(suite, tests, "-n", "1").assert_outcomes(failed=1, passed=1)


def test_a_limit_that_is_no_number_is_an_error(suite: pytest.Pytester) -> None:
    suite.makeini("[pytest]\nfastdeps_guard = true\nfastdeps_slow_call = 5ms\n")
    result = run(suite, "")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: fastdeps_slow_call = 5ms is no number of seconds"])


def test_the_package_does_not_need_pytest(suite: pytest.Pytester) -> None:
    program = "import sys, fastapi_fastdeps\nassert 'pytest' not in sys.modules"
    assert suite.run(sys.executable, "-c", program).ret == 0
