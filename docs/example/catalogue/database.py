"""The SQLite file: its connections, and the sessions that borrow them."""

import sqlite3
import threading
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from catalogue.seed import seed


class Database:
    """A pool of connections to one file. Every method but `give_back` does I/O."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._idle: deque[sqlite3.Connection] = deque()
        self._writing = threading.Lock()

    def prepare(self) -> None:
        """Create and fill the file, unless that was done before."""
        connection = self.borrow()
        connection.execute("PRAGMA journal_mode = WAL")
        with self.transaction(connection):
            seed(connection)
        self.give_back(connection)

    def borrow(self) -> sqlite3.Connection:
        """An idle connection, or a new one. A thread has it to itself until it is given back."""
        try:
            return self._idle.pop()
        except IndexError:
            connection = sqlite3.connect(
                self.path, timeout=10, isolation_level=None, check_same_thread=False
            )
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA foreign_keys = ON")
            return connection

    def give_back(self, connection: sqlite3.Connection) -> None:
        self._idle.append(connection)

    @contextmanager
    def transaction(self, connection: sqlite3.Connection) -> Generator[None]:
        """One writer at a time: waiting on a lock is cheaper than SQLite's polling."""
        with self._writing:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()


class Session:
    """A request's use of the database. It borrows a connection when it is first needed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: sqlite3.Connection | None = None

    @property
    def connection(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._database.borrow()
        return self._connection

    @contextmanager
    def transaction(self) -> Generator[sqlite3.Connection]:
        with self._database.transaction(self.connection):
            yield self.connection

    def close(self) -> None:
        """Give the connection back. No transaction outlives `transaction`, so this is no I/O."""
        if self._connection is not None:
            self._database.give_back(self._connection)
            self._connection = None
