"""Where the service keeps its file, and who may use it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from catalogue.models import User

DEMO_KEYS: Mapping[str, User] = {
    "reader-key": User(name="Robin", role="reader"),
    "editor-key": User(name="Eve", role="editor"),
}


@dataclass(frozen=True)
class Settings:
    database: Path = Path("catalogue.sqlite3")
    page_size: int = 20
    keys: Mapping[str, User] = field(default_factory=lambda: DEMO_KEYS)

    @classmethod
    def from_environment(cls) -> "Settings":
        """The defaults, but for what `CATALOGUE_DATABASE` and `CATALOGUE_PAGE_SIZE` say."""
        return cls(
            database=Path(os.environ.get("CATALOGUE_DATABASE", cls.database)),
            page_size=int(os.environ.get("CATALOGUE_PAGE_SIZE", cls.page_size)),
        )
