"""An index of product names in memory, for suggestions while somebody types."""

import sqlite3
from bisect import bisect_left

from catalogue.models import Suggestion


class NameIndex:
    """Products by the beginning of their name. Names never change, so neither does it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        rows = sorted(
            (str(row["name"]).lower(), int(row["id"]), str(row["name"]))
            for row in connection.execute("SELECT id, name FROM products")
        )
        self._keys = [key for key, _, _ in rows]
        self._suggestions = [Suggestion(id=id_, name=name) for _, id_, name in rows]

    def starting_with(self, prefix: str, offset: int, limit: int) -> list[Suggestion]:
        prefix = prefix.lower()
        start = bisect_left(self._keys, prefix) + offset
        wanted = slice(start, start + limit)
        matches = zip(self._keys[wanted], self._suggestions[wanted], strict=True)
        return [suggestion for key, suggestion in matches if key.startswith(prefix)]
