"""Callables in the kind of those of public applications that were checked when all was written, and
by hand, whether something in them plainly blocks."""

import functools
import io
import time
import zipfile
from typing import Any

from sqlalchemy.orm import Session

from tests.cli.blocking_cases import blocks, fine


class Refuses:
    """It can't be compared, as an attribute of a class that SQLAlchemy maps to a table."""

    __hash__ = None  # type: ignore[assignment]  # nor is it hashed

    def __eq__(self, other: object) -> bool:
        raise TypeError("Mapped instance expected for relationship comparison to object.")

    def __call__(self) -> int:
        return 1


commander, reporter = Refuses(), Refuses()


@fine
def binds_what_cannot_be_compared(is_reporter: bool) -> Any:
    found = commander
    if is_reporter:
        found = reporter
    return found


@fine
def calls_what_cannot_be_compared() -> Any:
    called = commander()
    made = functools.partial(reporter)
    return called, made


@blocks
def blocks_after_what_cannot_be_compared() -> None:
    found = commander
    found = reporter
    found()
    time.sleep(1)


def _first_of(*, db_session, named="robin"):  # type: ignore[no-untyped-def]  # as it is found
    return db_session.query(Refuses).filter_by(name=named).one_or_none()


def _handed_on(db_session, /, *names):  # type: ignore[no-untyped-def]  # as it is found
    return [_first_of(db_session=db_session, named=name) for name in names]


def _of_anything(given):  # type: ignore[no-untyped-def]  # as it is found
    return given.all()


@blocks
def hands_its_session_to_a_function_that_says_nothing(session: Session) -> Any:
    return _first_of(db_session=session)


@blocks
def hands_its_session_on_by_position(session: Session) -> Any:
    return _handed_on(session, "robin", "wren")


@blocks
def hands_on_a_query(session: Session) -> Any:
    return _of_anything(session.query(Refuses))


class Everything:
    def all(self) -> int:
        return 1


@fine
def hands_on_what_has_a_method_of_the_name() -> Any:
    return _of_anything(Everything())


class Service:
    def __init__(self, session):  # type: ignore[no-untyped-def]  # as it is found
        self.found = session.execute("SELECT 1")


@blocks
def hands_its_session_to_a_class(session: Session) -> Any:
    return Service(session)


@fine
def reads_an_archive_in_memory(content: bytes) -> Any:
    return zipfile.ZipFile(io.BytesIO(content))


def _archive(of):  # type: ignore[no-untyped-def]  # as it is found
    return zipfile.ZipFile(of)


@fine
def hands_on_an_archive_in_memory(content: bytes) -> Any:
    return _archive(io.BytesIO(content))


@blocks
def reads_an_archive(path: str) -> Any:
    return _archive(path)
