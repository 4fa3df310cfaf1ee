"""The queries. Every method does I/O: call them in a worker thread."""

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from catalogue.database import Database, Session
from catalogue.dependencies import Page, ProductFilter, SessionDep
from catalogue.models import (
    CategorySales,
    NewReview,
    PriceChange,
    Product,
    ProductPage,
    Review,
    SalesReport,
)
from fastapi_fastdeps import inline

_ORDER = {"name": "name, id", "price": "price, id", "-price": "price DESC, id"}


@inline
class Repository:
    """The catalogue as the endpoints see it. Making one is free; its methods are not."""

    def __init__(self, session: SessionDep) -> None:
        self._session = session

    def page(self, wanted: ProductFilter, page: Page) -> ProductPage:
        where, values = _where(wanted)
        connection = self._session.connection
        (total,) = connection.execute(f"SELECT count(*) FROM products {where}", values).fetchone()
        rows = connection.execute(
            f"SELECT * FROM products {where} ORDER BY {_ORDER[wanted.sort]} LIMIT ? OFFSET ?",
            [*values, page.limit, page.offset],
        )
        items = [_product(row) for row in rows]
        return ProductPage(items=items, total=total, offset=page.offset, limit=page.limit)

    def product(self, product_id: int) -> Product | None:
        query = "SELECT * FROM products WHERE id = ?"
        row = self._session.connection.execute(query, [product_id]).fetchone()
        return None if row is None else _product(row)

    def set_price(self, change: PriceChange) -> Product | None:
        with self._session.transaction() as connection:
            connection.execute(
                "UPDATE products SET price = ? WHERE id = ?", [change.price, change.product_id]
            )
        return self.product(change.product_id)

    def add_review(self, product_id: int, author: str, new: NewReview) -> Review | None:
        try:
            with self._session.transaction() as connection:
                cursor = connection.execute(
                    "INSERT INTO reviews (product_id, author, stars, text) VALUES (?, ?, ?, ?)",
                    [product_id, author, new.stars, new.text],
                )
        except sqlite3.IntegrityError:
            return None
        return Review(
            id=cursor.lastrowid or 0,
            product_id=product_id,
            author=author,
            stars=new.stars,
            text=new.text,
        )

    def update_rating(self, product_id: int) -> None:
        with self._session.transaction() as connection:
            connection.execute(
                "UPDATE products SET rating ="
                " (SELECT round(avg(stars), 2) FROM reviews WHERE product_id = products.id)"
                " WHERE id = ?",
                [product_id],
            )

    def sales(self, year: int) -> SalesReport:
        rows = self._session.connection.execute(
            "SELECT category, substr(day, 1, 7) AS month, sum(units) AS units,"
            " sum(units * sales.price) AS revenue"
            " FROM sales JOIN products ON products.id = product_id"
            " WHERE day BETWEEN ? AND ? GROUP BY category, month ORDER BY category, month",
            [f"{year}-01-01", f"{year}-12-31"],
        )
        return SalesReport(year=year, rows=[CategorySales(**row) for row in rows])


@contextmanager
def repository_of(database: Database) -> Generator[Repository]:
    """For what outlives a request, or must not keep its connection: tasks and WebSockets."""
    session = Session(database)
    try:
        yield Repository(session)
    finally:
        session.close()


def _product(row: sqlite3.Row) -> Product:
    return Product(**row)


def _where(wanted: ProductFilter) -> tuple[str, list[Any]]:
    conditions: list[tuple[str, Any]] = [
        ("category = ?", wanted.category),
        ("price >= ?", wanted.min_price),
        ("price <= ?", wanted.max_price),
    ]
    given = [(text, value) for text, value in conditions if value is not None]
    where = "WHERE " + " AND ".join(text for text, _ in given) if given else ""
    return where, [value for _, value in given]
