"""The models and validators that random parameters are made of."""

from enum import Enum
from typing import Annotated, Any

from fastapi import File, UploadFile
from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from .recorder import run


def strip_hash(value: Any) -> Any:
    run.note("validate", "strip_hash", repr(value))
    return value.removeprefix("#") if isinstance(value, str) else value


def reject_bad(value: str) -> str:
    run.note("validate", "reject_bad", repr(value))
    if value == "bad":
        raise ValueError("bad is rejected")
    return value.upper()


def fresh() -> list[Any]:
    run.note("default", "fresh")
    return ["fresh"]


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Filter(BaseModel):
    limit: int = Field(10, ge=1)
    tags: list[str] = []
    first_name: Annotated[str, Field(alias="firstName")] = "nobody"
    either: str | None = Field(None, validation_alias=AliasChoices("either_a", "either_b"))


class StrictFilter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    page: int
    size: Annotated[int, BeforeValidator(strip_hash)] = 5


class OpenFilter(BaseModel):
    model_config = ConfigDict(extra="allow")

    page: int = 1


class NamedFilter(BaseModel):
    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    from_page: int = Field(alias="fromPage")


class Headers(BaseModel):
    x_token: str
    x_list: list[int] = []


class Cookies(BaseModel):
    session: str
    visits: int = 0


class Item(BaseModel):
    name: str = Field(min_length=2)
    price: float = 1.0
    tags: set[str] = set()

    @field_validator("name")
    @classmethod
    def _named(cls, value: str) -> str:
        run.note("validate", "item", repr(value))
        return value

    @model_validator(mode="after")
    def _priced(self) -> "Item":
        if self.price < 0:
            raise ValueError("a price is not negative")
        return self


class Consuming(BaseModel):
    """Validating it changes what it is given."""

    name: str
    secret: str

    @model_validator(mode="before")
    @classmethod
    def _without_note(cls, value: Any) -> Any:
        if isinstance(value, dict) and value.pop("note", None) == "forbidden":
            raise ValueError("the note is forbidden")
        return value


class Nested(BaseModel):
    item: Item
    items: list[Item] = []


class Login(BaseModel):
    username: str
    roles: list[str] = []
    age: int | None = Field(None, alias="userAge")


class Upload(BaseModel):
    title: str = "untitled"
    attachment: Annotated[UploadFile, File()]


class Out(BaseModel):
    seen: dict[str, str]
    note: str | None = None


class Wrong(BaseModel):
    missing: int


class Chunk(BaseModel):
    position: int
    label: str = "chunk"
