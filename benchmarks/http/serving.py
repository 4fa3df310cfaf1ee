"""A server for each contender, and the load on one after another."""

import http.client
import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from benchmarks.cases.case import Case
from benchmarks.contenders import Contender
from benchmarks.http.wrk import load, pinned
from benchmarks.results import Load, Serving
from benchmarks.rounds import WrongAnswerError
from benchmarks.stats import rotated


@dataclass(frozen=True, slots=True)
class HTTPEffort:
    """How many rounds of how many seconds, at which concurrencies."""

    rounds: int
    seconds: float
    concurrencies: Sequence[int]


def measure_serving(
    case: Case, contenders: Sequence[Contender], effort: HTTPEffort
) -> Iterator[Serving]:
    """A case at every concurrency. Every server has one core, and the client the other."""
    server_cores, client_cores = cores()
    allow_connections(max(effort.concurrencies))
    with ExitStack() as servers:
        ports = {
            contender.key: servers.enter_context(
                served(["benchmarks.http.server", case.name, contender.key], server_cores)
            )
            for contender in contenders
        }
        _check_answers(case, ports)
        for concurrency in effort.concurrencies:
            loads: dict[str, list[Load]] = {key: [] for key in ports}
            for number in range(effort.rounds):
                for key in rotated(list(ports), number):
                    url = f"http://127.0.0.1:{ports[key]}{case.exchange.target}"
                    loads[key].append(load(url, concurrency, effort.seconds, client_cores))
            yield Serving(case.name, concurrency, loads)


def cores() -> tuple[list[int], list[int]]:
    """The core of the servers, and the core of the client."""
    found = sorted(os.sched_getaffinity(0))
    return found[:1], found[1:2] or found[:1]


def allow_connections(count: int) -> None:
    """Have this process and those that it starts open so many connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + 200
    if soft != resource.RLIM_INFINITY and soft < wanted:
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))


@contextmanager
def served(module: Sequence[str], on: Sequence[int]) -> Iterator[int]:
    """A module with its arguments, to which a port is added, run as a server on these cores."""
    port = _free_port()
    command = [sys.executable, "-m", *module, str(port)]
    with subprocess.Popen([*pinned(on), *command]) as server:
        try:
            _wait(server, port)
            yield port
        finally:
            server.terminate()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _wait(server: subprocess.Popen[bytes], port: int, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"no server came up on port {port} within {seconds} s")


def _check_answers(case: Case, ports: dict[str, int]) -> None:
    answers = {}
    for key, port in ports.items():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", case.exchange.target)
        response = connection.getresponse()
        answers[key] = (response.status, response.read())
        connection.close()
    if len(set(answers.values())) != 1:
        raise WrongAnswerError(f"{case.name} over HTTP: the answers differ: {answers}")
