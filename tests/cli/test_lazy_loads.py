"""Which lazy loads `fastdeps check` finds in the responses of inline endpoints."""

from typing import Any

import pytest
from pydantic import BaseModel
from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    joinedload,
    mapped_column,
    relationship,
    selectinload,
)

from fastapi_fastdeps import Candidate
from fastapi_fastdeps._cli.checking.lazily import lazy_loads
from tests.cli import test_lazy_loads as here


class Base(DeclarativeBase): ...


class Country(Base):
    __tablename__ = "country"
    id: Mapped[int] = mapped_column(primary_key=True)


class Author(Base):
    __tablename__ = "author"
    id: Mapped[int] = mapped_column(primary_key=True)
    country_id: Mapped[int] = mapped_column(ForeignKey("country.id"))
    country: Mapped[Country] = relationship()
    books: Mapped[list["Book"]] = relationship(back_populates="author")


class Book(Base):
    __tablename__ = "book"
    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"))
    author: Mapped[Author] = relationship(back_populates="books", lazy="joined")


class CountryOut(BaseModel):
    id: int


class BookOut(BaseModel):
    id: int


class AuthorOut(BaseModel):
    id: int
    country: CountryOut


class AuthorWithBooks(BaseModel):
    books: list[BookOut] = []


class AuthorAlone(BaseModel):
    id: int


class BookWithAuthor(BaseModel):
    author: AuthorOut


class Page(BaseModel):
    items: list[AuthorOut]


def read_author(session: Session, key: int) -> Any:
    return session.get(Author, key)


def read_authors(session: Session) -> Any:
    return session.scalars(select(Author)).all()


def read_eagerly(session: Session) -> Any:
    return session.scalars(select(Author).options(selectinload(Author.country))).all()


def read_joined(session: Session) -> Any:
    return session.scalars(select(Author).options(joinedload(Author.country))).all()


def read_book(session: Session, key: int) -> Any:
    return session.get(Book, key)


def read_by_module(session: Session, key: int) -> Any:
    return session.get(here.Author, key)


def read_by_annotation(found: Any) -> Author:
    return found  # type: ignore[no-any-return]


def read_in_a_comprehension(session: Session, keys: list[int]) -> Any:
    return [session.get(Author, key) for key in keys]


def read_nothing() -> Any:
    return {}


@pytest.mark.parametrize(
    ("call", "model", "found"),
    [
        (read_author, AuthorOut, [(Author, "country")]),
        (read_author, AuthorWithBooks, [(Author, "books")]),
        (read_author, AuthorOut | None, [(Author, "country")]),
        (read_authors, list[AuthorOut], [(Author, "country")]),
        (read_book, BookWithAuthor, [(Author, "country")]),
        (read_by_module, AuthorOut, [(Author, "country")]),
        (read_by_annotation, AuthorOut, [(Author, "country")]),
        (read_in_a_comprehension, list[AuthorOut], [(Author, "country")]),
    ],
)
def test_a_lazy_load_is_found(call: Any, model: Any, found: Any) -> None:
    assert list(lazy_loads(Candidate(call, "endpoint", response_model=model))) == found


@pytest.mark.parametrize(
    ("call", "model"),
    [
        (read_author, AuthorAlone),
        (read_author, None),
        (read_author, dict[str, Any]),
        (read_eagerly, list[AuthorOut]),
        (read_joined, list[AuthorOut]),
        (read_book, AuthorAlone),
        (read_nothing, AuthorOut),
        (dict, AuthorOut),
    ],
)
def test_what_loads_nothing_by_itself_is_left_alone(call: Any, model: Any) -> None:
    assert list(lazy_loads(Candidate(call, "endpoint", response_model=model))) == []


def test_models_within_others_are_followed() -> None:
    class Shelf(BaseModel):
        country: CountryOut
        books: list["BookWithAuthor"]

    found = list(lazy_loads(Candidate(read_author, "endpoint", response_model=Shelf)))
    assert found == [(Author, "country"), (Author, "books")]
