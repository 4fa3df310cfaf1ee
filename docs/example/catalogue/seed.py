"""The schema, and the same made-up shop in every file."""

import random
import sqlite3
from itertools import product

_SCHEMA_VERSION = 1
_SALES = 12_000

_TABLES = (
    """CREATE TABLE products (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        category TEXT NOT NULL,
        price INTEGER NOT NULL CHECK (price >= 0),
        stock INTEGER NOT NULL,
        rating REAL
    )""",
    "CREATE INDEX products_by_category ON products (category, name)",
    """CREATE TABLE reviews (
        id INTEGER PRIMARY KEY,
        product_id INTEGER NOT NULL REFERENCES products (id),
        author TEXT NOT NULL,
        stars INTEGER NOT NULL,
        text TEXT NOT NULL
    )""",
    "CREATE INDEX reviews_by_product ON reviews (product_id, stars)",
    """CREATE TABLE sales (
        id INTEGER PRIMARY KEY,
        product_id INTEGER NOT NULL REFERENCES products (id),
        day TEXT NOT NULL,
        units INTEGER NOT NULL,
        price INTEGER NOT NULL
    )""",
)

_CATEGORIES = {
    "kitchen": ("Kettle", "Skillet", "Teapot", "Whisk", "Cutting Board", "Ladle"),
    "garden": ("Spade", "Rake", "Watering Can", "Trowel", "Lantern", "Birdhouse"),
    "office": ("Notebook", "Stapler", "Desk Lamp", "Fountain Pen", "Letter Tray", "Globe"),
    "outdoor": ("Tent", "Rucksack", "Camp Stove", "Compass", "Hammock", "Flask"),
}
_MATERIALS = ("Brass", "Cedar", "Copper", "Enamel", "Glass", "Linen", "Oak", "Slate", "Steel")
_STYLES = ("Classic", "Compact", "Folding", "Heavy", "Nordic", "Plain", "Travel", "Vintage")


def seed(connection: sqlite3.Connection) -> None:
    """Create the tables and fill them, unless the file has them already."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == _SCHEMA_VERSION:
        return
    for statement in _TABLES:
        connection.execute(statement)
    chance = random.Random(7)
    names = [
        (f"{style} {material} {thing}", category)
        for category, things in _CATEGORIES.items()
        for style, material, thing in product(_STYLES, _MATERIALS, things)
    ]
    connection.executemany(
        "INSERT INTO products (name, category, price, stock) VALUES (?, ?, ?, ?)",
        [
            (name, category, chance.randrange(200, 20_000, 5), chance.randrange(200))
            for name, category in names
        ],
    )
    connection.executemany(
        "INSERT INTO sales (product_id, day, units, price) VALUES (?, ?, ?, ?)",
        [
            (
                chance.randint(1, len(names)),
                f"2024-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}",
                chance.randint(1, 5),
                chance.randrange(200, 20_000, 5),
            )
            for _ in range(_SALES)
        ],
    )
    connection.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
