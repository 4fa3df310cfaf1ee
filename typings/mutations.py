"""Ways to spoil the types of the package, each of which the programs must bring to light."""

from dataclasses import dataclass
from pathlib import Path

from typings.checkers import CHECKERS, PACKAGE, lay_out
from typings.judge import judge

_ASYNC = (
    '@deprecated("An async callable always runs on the event loop: '
    'no marker says anything about it.")\n'
)


@dataclass(frozen=True, slots=True)
class Mutation:
    """Replaces `before` by `after` wherever it stands in `file`; `program` must tell."""

    name: str
    program: str
    file: str
    before: str
    after: str


MUTATIONS = (
    Mutation(
        "inline returns Any",
        "functions.py",
        "marking.py",
        "def inline(call: Sync, /) -> Sync: ...",
        "def inline(call: Sync, /) -> Any: ...",
    ),
    Mutation(
        "a mark on an async callable is not reported",
        "async_callables.py",
        "marking.py",
        _ASYNC,
        "",
    ),
    Mutation(
        "a classifier may return anything",
        "classifiers.py",
        "classifiers.py",
        "def __call__(self, candidate: Candidate, /) -> Execution | None: ...",
        "def __call__(self, candidate: Candidate, /) -> Any: ...",
    ),
    Mutation(
        "the parts of a chain have no annotation",
        "combinators.py",
        "classifiers.py",
        "def first_match(*classifiers: Classifier) -> Classifier:",
        "def first_match(*classifiers) -> Classifier:",
    ),
    Mutation(
        "tags are Any",
        "tags.py",
        "classifiers.py",
        "def tags(self, kind: type[Tag], /) -> tuple[Tag, ...]:",
        "def tags(self, kind: type[Tag], /) -> tuple[Any, ...]:",
    ),
    Mutation(
        "the classifier of an application is Any",
        "applications.py",
        "_building/constructors.py",
        "classifier: Classifier | None = None",
        "classifier: Any = None",
    ),
    Mutation(
        "a constructor takes any keyword",
        "routers.py",
        "_building/constructors.py",
        "form_limits: FormLimits | None = None,\n",
        "form_limits: FormLimits | None = None,\n            **extra: Any,\n",
    ),
)


def checkers_that_notice(mutation: Mutation, directory: Path, cache: Path) -> set[str]:
    """The checkers that say something else about the program than they should."""
    mutated = lay_out(directory) / PACKAGE.name / mutation.file
    text = mutated.read_text()
    if mutation.before not in text:
        raise ValueError(f"{mutation.file} has no {mutation.before!r}: {mutation.name!r} is stale.")
    mutated.write_text(text.replace(mutation.before, mutation.after))
    problems = judge(directory, cache, only=mutation.program)
    return {checker for checker in CHECKERS for problem in problems if f" {checker} " in problem}
