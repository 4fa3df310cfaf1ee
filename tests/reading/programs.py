"""Random programs, and what happens when those that are called harmless are called.

`python -m tests.reading.programs [COUNT] [SEED]` writes functions of loops, containers, text,
numbers, calls and objects with methods of their own, asks `harmless` about each, and calls what
it finds so with requests made to be hostile. It prints those that ran code of an object which
nobody can see through, or that took longer than a bound which grows with the request.
"""

import importlib.util
import random
import resource
import signal
import sys
import tempfile
import time
import types
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi_fastdeps import Candidate, harmless

SMALL, LARGE = 4_000, 32_000
"""How many items or characters two hostile requests have."""
MOST_SECONDS = 2.0
"""What a call may take with the large one."""
MOST_TIMES = 3 * LARGE // SMALL
"""How many times as long the large one may take as the small one, if it takes long at all."""
LONG = 0.08

HEADER = '''
from dataclasses import dataclass, field
from enum import Enum
from operator import attrgetter, itemgetter
from fastapi import HTTPException
from pydantic import BaseModel
from typing import Any

RAN = []


class Unseen:
    """Whatever is asked of it is noted."""

    def _ran(self, *arguments):
        RAN.append(1)
        return 1

    __eq__ = __lt__ = __len__ = __int__ = __index__ = __hash__ = _ran
    __add__ = __radd__ = __mul__ = __rmul__ = __contains__ = __getitem__ = _ran
    __setitem__ = __enter__ = __exit__ = __call__ = __bool__ = _ran

    def __str__(self):
        RAN.append(1)
        return ""

    __repr__ = __str__

    def __format__(self, spec):
        RAN.append(1)
        return ""

    def __iter__(self):
        RAN.append(1)
        return iter([1])

    def __getattr__(self, name):
        RAN.append(1)
        return 1


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Item(BaseModel):
    name: str = ""
    price: int = 0
    tags: list[str] = []


class Holder:
    rows = ["a", "b"]
    limit = 10

    def __init__(self, x):
        self.x = x
        self.made = []

    def twice(self):
        return self.x

    def add(self, y):
        self.made.append(y)
        return self.made

    @property
    def first(self):
        return self.x


@dataclass
class Pair:
    left: Any = None
    right: list = field(default_factory=list)


LIST = ["x", "y"]
NAMES = ("a", "b", "c")
MAP = {"a": 1, "b": 2}
DEEP = {"a": ["x"], "b": []}
OBJECTS = [Unseen()]
TUPLE = (Unseen(), 1)
NUMBER = 7
UNSEEN = Unseen()


def give(a):
    return a


def grow(a):
    LIST.append("z")
    return a


def twice(a):
    return a + a


def longest(a):
    best = ""
    for each in a:
        if len(each) > len(best):
            best = each
    return best
'''

PARAMETERS = {
    "s": "str",
    "t": "str",
    "n": "int",
    "k": "int",
    "x": "float",
    "a": "list[str]",
    "b": "list[str]",
    "q": "list[int]",
    "m": "list[list[str]]",
    "d": "dict[str, str]",
    "e": "dict[str, int]",
    "item": "Item",
    "c": "Colour",
    "u": "Any",
}


def hostile(size: int) -> dict[str, Any]:
    """One request for each parameter: long, nested, with large numbers and equal items."""
    many = [str(number) for number in range(size)]
    same = ["a" * 40] * (size // 40)
    return {
        "s": "a," * (size // 2),
        "t": "ab" * (size // 4) + "a",
        "n": 10**4200,
        "k": size,
        "x": 1e308,
        "a": many,
        "b": same,
        "q": [(2**61 - 1) * number for number in range(size)],
        "m": [same[:50] for _ in range(size // 50)],
        "d": dict.fromkeys(many, "v" * 3),
        "e": dict.fromkeys(many, 10**50),
    }


class Writer:
    """Writes one function; every choice is the generator's."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.lines: list[str] = []
        self.names: dict[str, list[str]] = {
            "str": ["s", "t", "item.name", "'abc'", "''", "c.value", "('é' * 3)"],
            "int": [
                "n",
                "k",
                "(1)",
                "(3)",
                "(64)",
                "NUMBER",
                "item.price",
                "len(a)",
                "Holder.limit",
            ],
            "float": ["x", "(0.5)"],
            "list": ["a", "b", "LIST", "item.tags", "Holder.rows", "[]", "['p', 'q']", "NAMES"],
            "ints": ["q", "[1, 2]"],
            "lists": ["m", "[a]", "DEEP['a']"],
            "dict": ["d", "{}", "{'k': 'v'}"],
            "other": ["u", "UNSEEN", "OBJECTS[0]", "TUPLE[0]", "c", "item", "None", "Holder(a)"],
        }
        self.count = 0
        self.deep = self.chance(0.3)

    def pick(self, kind: str) -> str:
        return self.random.choice(self.names[kind])

    def separator(self, one: Callable[[str], str]) -> str:
        return "','" if self.chance(0.7) else one("str")

    def name(self, kind: str) -> str:
        return self.random.choice([each for each in self.names[kind] if each.isidentifier()])

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def fresh(self, kind: str) -> str:
        # Often one that is there already, which is then given another value.
        known = [name for name in self.names[kind] if name.startswith("v")]
        if known and self.chance(0.5):
            return self.random.choice(known)
        self.count += 1
        return f"v{self.count}"

    def known(self, name: str, kind: str) -> None:
        if name not in self.names[kind]:
            self.names[kind] += [name] * 3

    # Expressions

    def expression(self, kind: str, depth: int = 0) -> str:
        if self.chance(0.01):
            kind = self.random.choice(list(self.names))
        if depth > 1 + self.deep or self.chance(0.4 - 0.2 * self.deep):
            return self.pick(kind)
        one: Callable[[str], str] = lambda kind: self.expression(kind, depth + 1)  # noqa: E731
        return self.random.choice(list(getattr(self, f"_{kind}")(one)))()

    def _str(self, one: Callable[[str], str]) -> Iterator[Callable[[], str]]:
        yield lambda: f"({one('str')} + {one('str')})"
        yield lambda: f"f'{{{self.name('str')}}}-{{{self.name('int')}}}'"
        yield lambda: f"f'{{{self.name('int')}:>{self.random.choice((5, 500, 5000))}}}'"
        yield lambda: f"{one('str')}.{self.random.choice(('upper', 'strip', 'title'))}()"
        yield lambda: f"{one('str')}.replace({one('str')}, {one('str')})"
        yield lambda: f"{one('str')}.join({one('list')})"
        yield lambda: f"','.join(z.strip() for z in {one('list')})"
        yield lambda: f"str({one('int')})"
        yield lambda: f"str({one('list')})"
        yield lambda: f"repr({one('str')})"
        yield lambda: f"({one('str')} * {one('int')})"
        yield lambda: f"{one('str')}[1:{one('int')}]"
        yield lambda: f"max({one('list')}, default='')"
        yield lambda: f"('%s' % {one('str')})"
        yield lambda: f"{one('dict')}.get({one('str')}, '')"
        yield lambda: f"twice({one('str')})"
        yield lambda: f"longest({one('list')})"
        yield lambda: f"({one('str')} or {one('str')})"
        yield lambda: f"{one('str')}.ljust({one('int')})"
        yield lambda: f"{one('str')}.rpartition({one('str')})[0]"
        yield lambda: f"max({one('list')}, key=len, default='')"
        yield lambda: f"','.join(map({self.function_of_text()}, {one('list')}))"
        yield lambda: f"Colour[{one('str')}].value"

    def _int(self, one: Callable[[str], str]) -> Iterator[Callable[[], str]]:
        for operator in ("+", "-", "*", "//", "%", "**", "<<", "&"):
            yield lambda operator=operator: f"({one('int')} {operator} {one('int')})"
        yield lambda: f"len({one('list')})"
        yield lambda: f"len({one('str')})"
        yield lambda: f"int({one('str')})"
        yield lambda: f"min({one('int')}, {one('int')})"
        yield lambda: f"max({one('int')}, {one('int')})"
        yield lambda: f"sum({one('ints')})"
        yield lambda: f"sum(len(z) for z in {one('list')})"
        yield lambda: f"{one('str')}.count({one('str')})"
        yield lambda: f"{one('list')}.index({one('str')})"
        yield lambda: f"abs({one('int')})"
        yield lambda: f"MAP.get({one('str')}, 0)"
        yield lambda: f"twice({one('int')})"
        yield lambda: f"int({one('float')})"
        yield lambda: f"round({one('int')}, {one('int')})"
        yield lambda: f"sum(map(len, {one('list')}))"

    def _float(self, one: Callable[[str], str]) -> Iterator[Callable[[], str]]:
        yield lambda: f"({one('float')} * {one('int')})"
        yield lambda: f"({one('float')} ** {one('float')})"
        yield lambda: f"round({one('float')}, 2)"

    def _list(self, one: Callable[[str], str]) -> Iterator[Callable[[], str]]:
        yield lambda: f"{one('str')}.split({self.separator(one)})"
        yield lambda: f"[{one('str')}, {one('str')}]"
        yield lambda: f"[z for z in {one('list')} if z in {one('list')}]"
        yield lambda: f"[z + {one('str')} for z in {one('list')}]"
        yield lambda: f"[z.strip() for z in {one('list')} if z != {one('str')}]"
        yield lambda: f"[y for z in {one('lists')} for y in z]"
        yield lambda: f"[y for z in {one('list')} for y in {one('list')}]"
        yield lambda: f"({one('list')} + {one('list')})"
        yield lambda: f"({one('list')} * {one('int')})"
        yield lambda: f"sorted({one('list')})"
        yield lambda: f"sorted({one('list')}, key=lambda z: (len(z), z))"
        yield lambda: f"list({one('dict')})"
        yield lambda: f"list({one('dict')}.values())"
        yield lambda: f"list(set({one('list')}))"
        yield lambda: f"{one('list')}[:{one('int')}]"
        yield lambda: f"give({one('list')})"
        yield lambda: f"grow({one('list')})"
        yield lambda: f"[*{one('list')}, *{one('list')}]"
        yield lambda: f"{one('lists')}[0]"
        yield lambda: f"Holder({one('list')}).x"
        yield lambda: f"Holder({one('list')}).add({one('str')})"
        yield lambda: f"list({one('str')})"
        yield lambda: f"list(map({self.function_of_text()}, {one('list')}))"
        yield lambda: f"list(map(lambda z: z + {one('str')}, {one('list')}))"
        yield lambda: f"list(filter({self.test_of_text()}, {one('list')}))"
        yield lambda: f"list(filter(lambda z: z in {one('list')}, {one('list')}))"
        yield lambda: f"sorted({one('list')}, key={self.function_of_text()})"
        yield lambda: f"sorted({one('list')}, key={one('list')}.count)"
        yield lambda: "list(Colour.__members__)"

    def _ints(self, one: Callable[[str], str]) -> Iterator[Callable[[], str]]:
        yield lambda: f"[int(z) for z in {one('list')}]"
        yield lambda: f"list(map({self.random.choice(('int', 'len'))}, {one('list')}))"
        yield lambda: f"list(map(lambda z: z * {one('int')}, {one('ints')}))"
        yield lambda: f"[z * {one('int')} for z in {one('ints')}]"
        yield lambda: f"list(range({one('int')}))"
        yield lambda: f"list({one('ints')})"
        yield lambda: f"list(set({one('ints')}))"
        yield lambda: f"sorted({one('ints')})"
        yield lambda: f"[{one('int')}, {one('int')}]"

    def _lists(self, one: Callable[[str], str]) -> Iterator[Callable[[], str]]:
        yield lambda: f"[{one('list')}, {one('list')}]"
        yield lambda: f"[z.split(',') for z in {one('list')}]"
        yield lambda: f"sorted({one('lists')}, key=itemgetter({self.random.choice((0, 1))}))"
        yield lambda: f"[{one('list')} for z in {one('list')}]"
        yield lambda: f"[[y for y in z] for z in {one('lists')}]"
        yield lambda: f"({one('lists')} * {one('int')})"

    def _dict(self, one: Callable[[str], str]) -> Iterator[Callable[[], str]]:
        yield lambda: f"{{z: {one('str')} for z in {one('list')}}}"
        yield lambda: f"{{'p': {one('str')}, **{one('dict')}}}"
        yield lambda: f"({one('dict')} | {one('dict')})"
        yield lambda: f"dict({one('dict')})"

    def _other(self, one: Callable[[str], str]) -> Iterator[Callable[[], str]]:
        yield lambda: f"({one('str')}, {one('int')})"
        yield lambda: f"Pair({one('list')})"
        yield lambda: f"give({one('other')})"
        yield lambda: f"Item(name={one('str')}, tags={one('list')})"
        yield lambda: f"{one('other')}.x"
        yield lambda: f"Holder({one('other')}).first"
        yield lambda: f"{one('other')}.value"
        yield lambda: f"Colour[{one('str')}]"
        yield lambda: f"Colour({one('str')})"
        yield lambda: f"sorted([{one('other')}, {one('other')}], key=attrgetter('x'))"
        yield lambda: f"list(map(give, [{one('other')}]))"

    def function_of_text(self) -> str:
        return self.random.choice(
            (
                "str.upper",
                "str.strip",
                "str.title",
                "give",
                "twice",
                "grow",
                "len",
                "Colour",
                "UNSEEN",
            )
        )

    def test_of_text(self) -> str:
        return self.random.choice(("None", "str.isdigit", "len", "give", "MAP.get", "UNSEEN"))

    def test(self) -> str:
        one = self.expression
        return self.random.choice(
            (
                lambda: f"{one('str', 1)} == {one('str', 1)}",
                lambda: f"{one('str', 1)} in {one('list', 1)}",
                lambda: f"{one('str', 1)} in {one('str', 1)}",
                lambda: f"{one('str', 1)} in {one('dict', 1)}",
                lambda: f"{one('int', 1)} > {one('int', 1)}",
                lambda: f"{one('list', 1)}",
                lambda: f"{one('list', 1)} == {one('list', 1)}",
                lambda: f"any(z == {one('str', 1)} for z in {one('list', 1)})",
                lambda: f"{one('other', 1)} is not None",
                lambda: f"{one('other', 2)} == {one('other', 2)}",
                lambda: f"isinstance({one('other', 1)}, str)",
                lambda: f"not {one('str', 1)}",
                lambda: f"all(map(str.isdigit, {one('list', 1)}))",
                lambda: f"{one('str', 1)} in Colour.__members__",
            )
        )()

    # Statements

    def block(self, indent: str, depth: int) -> None:
        before = {kind: list(names) for kind, names in self.names.items()}
        for _ in range(self.random.randint(1, 2 if depth else 3)):
            if depth or self.chance(0.2):
                self.statement(indent, depth)
                continue
            self.lines.append(f"{indent}try:")
            self.statement(indent + "    ", depth)
            self.lines.append(f"{indent}except Exception:\n{indent}    pass")
        if depth and self.chance(0.5):
            self.names = before

    def statement(self, indent: str, depth: int) -> None:
        choice = self.random.random()
        if choice < 0.2:
            self._assign(indent)
        elif choice < 0.6:
            self._change(indent)
        elif choice < 0.85 and depth < 3:
            self._loop(indent, depth)
        elif choice < 0.95 and depth < 3:
            self.lines.append(f"{indent}if {self.test()}:")
            self.block(indent + "    ", depth + 1)
        else:
            self.lines.append(f"{indent}{self.expression('other')}")

    def _assign(self, indent: str) -> None:
        kind = self.random.choice(list(self.names))
        name, value = self.fresh(kind), self.expression(kind)
        if self.chance(0.1):
            other = self.fresh(kind)
            self.lines.append(f"{indent}{name}, {other} = {value}, {self.expression(kind)}")
            self.known(other, kind)
        else:
            self.lines.append(f"{indent}{name} = {value}")
        self.known(name, kind)

    def _change(self, indent: str) -> None:
        one = self.expression
        variables = {
            kind: [n for n in names if n[0] == "v"] or [n for n in names if n[0].isalpha()]
            for kind, names in self.names.items()
        }
        on: Callable[[str], str] = lambda kind: self.random.choice(variables[kind])  # noqa: E731
        line = self.random.choice(
            (
                lambda: f"{on('list')}.append({one('str')})",
                lambda: f"{on('list')}.extend({one('list')})",
                lambda: f"{on('list')}.extend(z for z in {one('list')})",
                lambda: f"{on('list')}.insert(0, {one('str')})",
                lambda: f"{on('list')} += {one('list')}",
                lambda: f"{on('ints')}.append({one('int')})",
                lambda: f"{on('lists')}.append({one('list')})",
                lambda: f"{on('dict')}[{one('str')}] = {one('str')}",
                lambda: f"{on('dict')}.update({one('dict')})",
                lambda: f"{on('dict')}.setdefault({one('str')}, {one('str')})",
                lambda: f"{on('list')}.pop()",
                lambda: f"{on('list')}.sort()",
                lambda: f"{on('list')}[0] = {one('str')}",
                lambda: f"del {on('dict')}[{one('str')}]",
            )
        )
        for kind, operators in (("str", "+"), ("int", "+-*")):
            names = [name for name in self.names[kind] if name[0] == "v"]
            if names and self.chance(0.4):
                operator = self.random.choice(operators)
                name = self.random.choice(names)
                self.lines.append(f"{indent}{name} {operator}= {one(kind)}")
                return
        self.lines.append(indent + line())

    def _loop(self, indent: str, depth: int) -> None:
        one = self.expression
        self.count += 1
        name = f"v{self.count}"
        head, kind = self.random.choice(
            (
                lambda: (f"for {name} in {one('list')}:", "str"),
                lambda: (f"for {name} in {one('list')}:", "str"),
                lambda: (f"for {name} in {one('ints')}:", "int"),
                lambda: (f"for {name} in {one('lists')}:", "list"),
                lambda: (f"for {name} in range({one('int')}):", "int"),
                lambda: (f"for _, {name} in enumerate({one('list')}):", "str"),
                lambda: (f"for _, {name} in {one('dict')}.items():", "str"),
                lambda: (f"for {name}, _ in zip({one('list')}, {one('list')}):", "str"),
                lambda: (f"for {name} in {one('dict')}.values():", "str"),
                lambda: (f"for {name} in {one('str')}:", "str"),
                lambda: (f"for {name} in reversed({one('list')}):", "str"),
                lambda: (f"for {name} in map({self.function_of_text()}, {one('list')}):", "str"),
                lambda: (f"for {name} in filter({self.test_of_text()}, {one('list')}):", "str"),
            )
        )()
        self.lines.append(indent + head)
        self.known(name, kind)
        self.block(indent + "    ", depth + 1)

    def function(self, name: str) -> str:
        """The source of a function of up to four parameters, each of a kind of its own."""
        for kind, value in _OWN:
            # What the function has made itself, it may change.
            own = self.fresh(kind)
            self.lines.append(f"    {own} = {value}")
            self.known(own, kind)
        if self.chance(0.5):
            self._loop("    ", 0)
        else:
            self.block("    ", 0)
        kinds = ("str", "int", "list", "ints", "lists", "dict", "other")
        results = ", ".join(self.pick(kind) for kind in kinds)
        self.lines.append(f"    return {results if self.chance(0.5) else self.pick('list')}")
        parameters = ", ".join(f"{each}: {kind}" for each, kind in PARAMETERS.items())
        return f"def {name}({parameters}):\n" + "\n".join(self.lines) + "\n"


_OWN = (("str", "'ab'"), ("int", "3"), ("list", "['p', 'q']"), ("dict", "{'p': 'q'}"))


@dataclass(frozen=True)
class Outcome:
    """What became of a function that was called harmless."""

    source: str
    small: float
    large: float
    ran: bool

    @property
    def is_wrong(self) -> bool:
        times = self.large / max(self.small, 0.001)
        return self.ran or self.large > MOST_SECONDS or (self.large > LONG and times > MOST_TIMES)


def loaded(source: str, directory: Path, name: str) -> types.ModuleType:
    path = directory / f"{name}.py"
    path.write_text(source)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    with warnings.catch_warnings():
        # A random program may well do what the compiler wonders about.
        warnings.simplefilter("ignore", SyntaxWarning)
        spec.loader.exec_module(module)
    return module


class TooLong(Exception):  # noqa: N818 - it is no fault of the program
    """The bound is passed by far."""


def stop(*_: object) -> None:
    raise TooLong


def tried(module: types.ModuleType, call: Callable[..., Any], size: int) -> tuple[float, bool]:
    """How long a call takes with a hostile request, and whether it ran what can't be seen."""
    seconds, ran = 10.0, False
    for _ in range(2):
        arguments = hostile(size)
        arguments["item"] = module.Item(name=arguments["s"], tags=arguments["a"])
        arguments["c"], arguments["u"] = module.Colour.RED, module.Unseen()
        module.RAN.clear()
        before = time.process_time()
        signal.setitimer(signal.ITIMER_VIRTUAL, 3)
        try:
            call(**arguments)
        except Exception:
            pass
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        seconds = min(seconds, time.process_time() - before)
        ran = ran or bool(module.RAN)
    return seconds, ran


def outcomes(count: int, seed: int, *, large: int = LARGE) -> Iterator[Outcome | None]:
    """What became of each program; `None` where there was no opinion."""
    signal.signal(signal.SIGVTALRM, stop)
    with tempfile.TemporaryDirectory() as name:
        for number in range(seed, seed + count):
            source = HEADER + "\n\n" + Writer(number).function("judged")
            module = loaded(source, Path(name), f"program_{number}")
            opinion = harmless(Candidate(module.judged))
            assert not module.RAN, "To read it ran code of an object"
            if opinion is None:
                yield None
            else:
                less, _ = tried(module, module.judged, large * SMALL // LARGE)
                seconds, ran = tried(module, module.judged, large)
                yield Outcome(source.removeprefix(HEADER), less, seconds, ran)
            del sys.modules[f"program_{number}"]
            (Path(name) / f"program_{number}.py").unlink()


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    resource.setrlimit(resource.RLIMIT_AS, (4 * 2**30, 4 * 2**30))
    found, wrong = 0, 0
    for outcome in outcomes(count, seed):
        if outcome is None:
            continue
        found += 1
        if outcome.is_wrong:
            wrong += 1
            times = f"{outcome.small:.3f} s, {outcome.large:.3f} s"
            print(f"{times}, ran={outcome.ran}\n{outcome.source}", flush=True)
    print(f"{count} programs, {found} called harmless, {wrong} of them wrongly")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
