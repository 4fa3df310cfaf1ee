"""Callables that use others: classes, services, closures, decorators."""

import abc
import contextvars
import functools
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, HTTPException, Query, Request
from fastapi.security import OAuth2PasswordBearer
from pydantic import BaseModel, computed_field

from tests.reading.corpus.answers import may_block, never_blocks

T = TypeVar("T")

logger = logging.getLogger(__name__)
lock = threading.Lock()
user_id: contextvars.ContextVar[str] = contextvars.ContextVar("user_id")
oauth2 = OAuth2PasswordBearer("token")

PRICES = {"apple": 1, "pear": 2}
REGISTRY: dict[str, Any] = {"a": 1}
counter = 0
hook: Callable[[], int] = lambda: 1  # noqa: E731


def register(name: str, what: Any) -> None:
    REGISTRY[name] = what


def install(other: Callable[[], int]) -> None:
    global hook
    hook = other


class Settings(BaseModel):
    name: str = "shop"
    debug: bool = False
    limits: dict[str, int] = {"items": 10}


settings = Settings()


@never_blocks
def get_settings() -> Settings:
    return settings


@never_blocks
@functools.lru_cache
def cached_settings() -> Settings:
    return Settings(name="cached")


@never_blocks
def app_name(settings: Annotated[Settings, Depends(get_settings)]) -> str:
    return f"{settings.name} ({settings.debug})"


@never_blocks
def item_limit(settings: Annotated[Settings, Depends(cached_settings)]) -> int:
    return settings.limits.get("items", 0)


@never_blocks
class Repository:
    def __init__(self, settings: Annotated[Settings, Depends(get_settings)]) -> None:
        self.settings = settings
        self.rows: list[str] = []


@never_blocks
class Service:
    def __init__(self, repository: Annotated[Repository, Depends()]) -> None:
        self.repository = repository
        self.name = repository.settings.name.upper()


@never_blocks
def service_name(service: Annotated[Service, Depends()]) -> str:
    return service.name


class Base:
    def __init__(self, request: Request) -> None:
        self.request = request


@never_blocks
class Derived(Base):
    def __init__(self, request: Request, verbose: bool = False) -> None:
        super().__init__(request)
        self.verbose = verbose


@never_blocks
class Inherited(Base):
    pass


@never_blocks
class Typed(Generic[T]):
    def __init__(self, size: int = 10) -> None:
        self.size = size


class Abstract(abc.ABC):
    @abc.abstractmethod
    def get(self) -> int: ...


@never_blocks
class Concrete(Abstract):
    def __init__(self, start: int = 0) -> None:
        self.start = start

    def get(self) -> int:
        return self.start


@never_blocks
def concrete_value(concrete: Annotated[Concrete, Depends()]) -> int:
    return concrete.get() + 1


@never_blocks
class Slotted:
    __slots__ = ("limit", "offset")

    def __init__(self, limit: int = 10, offset: int = 0) -> None:
        self.limit = limit
        self.offset = offset


@never_blocks
class Counted:
    total = 0

    def __init__(self, step: int = 1) -> None:
        self.step = step + self.total


class RoleChecker:
    def __init__(self, allowed: list[str]) -> None:
        self.allowed = allowed

    def __call__(self, role: str = "guest") -> None:
        if role not in self.allowed:
            raise HTTPException(status_code=403, detail="Operation not permitted")


admin_only = never_blocks(RoleChecker(["admin"]))


def require(permission: str) -> Callable[..., str]:
    def check(token: Annotated[str, Depends(oauth2)]) -> str:
        if not token.endswith(permission):
            raise HTTPException(403, detail=f"needs {permission}")
        return token

    return check


needs_write = never_blocks(require("write"))


def limited(limit: int, page: int = 1) -> int:
    return min(limit, 100) * page


of_ten = never_blocks(functools.partial(limited, limit=10))


class Prices:
    def of(self, name: str = "apple") -> int:
        return PRICES.get(name, 0)


price_of = never_blocks(Prices().of)


def traced(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


def slowed(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        time.sleep(1)
        return function(*args, **kwargs)

    return wrapper


@never_blocks
@traced
def wrapped_constant(a: int = 1) -> int:
    return 2


@may_block
@slowed
def wrapped_slowly(a: int = 1) -> int:
    return a


@never_blocks
def set_user(token: Annotated[str, Depends(oauth2)]) -> None:
    user_id.set(token)


@never_blocks
def scoped() -> Iterator[list[int]]:
    made = [1, 2]
    try:
        yield made
    finally:
        made.clear()


@never_blocks
def total(prices: Annotated[list[int], Query()] = [1]) -> int:
    return sum(price for price in prices if price > 0)


@never_blocks
def by_length(names: Annotated[list[str], Query()] = []) -> list[str]:
    return sorted(names, key=lambda name: len(name))


@never_blocks
def forgiving(number: str = "1") -> int:
    with suppress(ValueError):
        return int(number)
    return 0


@never_blocks
def catalogue() -> list[dict[str, Any]]:
    return [{"name": name, "price": price} for name, price in PRICES.items()]


@never_blocks
def chosen(first: str = "", second: str = "") -> str:
    return first if len(first) >= len(second) else second


@never_blocks
@dataclass
class Money:
    amount: int = 0
    currency: str = "EUR"
    history: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.amount < 0:
            raise ValueError("amount is negative")
        self.currency = self.currency.upper()


@never_blocks
def in_cents(money: Annotated[Money, Depends()]) -> int:
    return money.amount * 100


@never_blocks
def raises_always() -> None:
    raise NotImplementedError("later")


@never_blocks
def nested_calls(a: int = 1, b: int = 2) -> int:
    return limited(limited(a, b), page=b)


class NotFound(HTTPException):
    def __init__(self, what: str) -> None:
        super().__init__(status_code=404, detail=f"{what} not found")


@never_blocks
def found(name: str) -> int:
    if name not in PRICES:
        raise NotFound(name)
    return PRICES[name]


# What may block.


@may_block
def logged(name: str = "x") -> str:
    logger.info("asked for %s", name)
    return name


@may_block
def locked() -> int:
    with lock:
        return 1


@may_block
def acquired() -> bool:
    return lock.acquire()


@may_block
def sleeps() -> None:
    time.sleep(0.1)


def _helper() -> None:
    time.sleep(0.1)


@may_block
def sleeps_below() -> None:
    _helper()


@may_block
def calls_replaceable() -> int:
    return hook()


@may_block
def formats_registered(name: str = "a") -> str:
    return f"{REGISTRY[name]}"


class Blocking:
    def __init__(self) -> None:
        time.sleep(0.1)


@may_block
class BelowBlocking(Blocking):
    pass


@may_block
class CallsBlocking:
    def __init__(self) -> None:
        super().__init__()
        self.inner = Blocking()


class Lazy:
    def __init__(self, key: int = 1) -> None:
        self.key = key

    @property
    def value(self) -> int:
        time.sleep(0.1)
        return self.key

    def __getattr__(self, name: str) -> Any:
        time.sleep(0.1)
        return name


@may_block
def reads_property(lazy: Annotated[Lazy, Depends()]) -> int:
    return lazy.value


@may_block
def reads_missing(lazy: Annotated[Lazy, Depends()]) -> Any:
    return lazy.other


class Descriptor:
    def __get__(self, instance: object, owner: type) -> int:
        time.sleep(0.1)
        return 1

    def __set__(self, instance: object, value: int) -> None:
        time.sleep(0.1)


@may_block
class Described:
    value = Descriptor()

    def __init__(self, value: int = 1) -> None:
        self.value = value


@may_block
class Watching:
    def __setattr__(self, name: str, value: object) -> None:
        time.sleep(0.1)

    def __init__(self) -> None:
        self.x = 1


@may_block
class Made:
    def __new__(cls) -> "Made":
        time.sleep(0.1)
        return super().__new__(cls)


@may_block
class Finalized:
    def __del__(self) -> None:
        time.sleep(0.1)


class Meta(type):
    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        time.sleep(0.1)
        return super().__call__(*args, **kwargs)


@may_block
class WithMeta(metaclass=Meta):
    pass


class Operators:
    def __init__(self, a: int = 1) -> None:
        self.a = a

    def __eq__(self, other: object) -> bool:
        time.sleep(0.1)
        return True

    def __bool__(self) -> bool:
        time.sleep(0.1)
        return True

    def __len__(self) -> int:
        time.sleep(0.1)
        return 1

    def __add__(self, other: object) -> int:
        time.sleep(0.1)
        return 1

    def __iter__(self) -> Iterator[int]:
        time.sleep(0.1)
        yield 1

    def __contains__(self, other: object) -> bool:
        time.sleep(0.1)
        return True

    def __getitem__(self, key: object) -> int:
        time.sleep(0.1)
        return 1

    def __format__(self, spec: str) -> str:
        time.sleep(0.1)
        return ""

    def __str__(self) -> str:
        time.sleep(0.1)
        return ""

    def __hash__(self) -> int:
        time.sleep(0.1)
        return 1


Given = Annotated[Operators, Depends()]


@may_block
def op_eq(x: Given) -> bool:
    return x == 1


@may_block
def op_bool(x: Given) -> int:
    return 1 if x else 2


@may_block
def op_not(x: Given) -> bool:
    return not x


@may_block
def op_len(x: Given) -> int:
    return len(x)


@may_block
def op_add(x: Given) -> int:
    return x + 1


@may_block
def op_iter(x: Given) -> list[int]:
    return [each for each in x]


@may_block
def op_unpack(x: Given) -> int:
    (a,) = x
    return a


@may_block
def op_star(x: Given) -> list[int]:
    return [*x]


@may_block
def op_contains(x: Given) -> bool:
    return 1 in x


@may_block
def op_item(x: Given) -> int:
    return x[0]


@may_block
def op_format(x: Given) -> str:
    return f"{x}"


@may_block
def op_percent(x: Given) -> str:
    return "%s" % x


@may_block
def op_str(x: Given) -> str:
    return str(x)


@may_block
def op_hash(x: Given) -> dict[Any, int]:
    return {x: 1}


@may_block
def op_set(x: Given) -> set[Any]:
    return {x}


@may_block
def op_in_list(x: Given) -> bool:
    return x in [1, 2]


@may_block
def op_and(x: Given) -> Any:
    return x and 1


@may_block
def op_any(x: Given) -> bool:
    return any([x])


@may_block
def op_join(x: Given) -> str:
    return ",".join([x])  # type: ignore[list-item]


@contextmanager
def managed() -> Iterator[None]:
    time.sleep(0.1)
    yield


@may_block
def enters() -> int:
    with managed():
        return 1


@may_block
@dataclass
class Posted:
    name: str = ""

    def __post_init__(self) -> None:
        time.sleep(0.1)


def _factory() -> int:
    time.sleep(0.1)
    return 1


@may_block
@dataclass
class Factory:
    value: int = field(default_factory=_factory)


@may_block
class Hooked(BaseModel):
    name: str = ""

    def model_post_init(self, context: Any) -> None:
        time.sleep(0.1)


class Computed(BaseModel):
    name: str = ""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def slow(self) -> int:
        time.sleep(0.1)
        return 1


@may_block
def dumps(model: Computed) -> dict[str, Any]:
    return model.model_dump()


class Client:
    def fetch(self) -> int:
        time.sleep(0.1)
        return 1


client = Client()


@may_block
def fetches() -> int:
    return client.fetch()


fetcher = may_block(client.fetch)
fetching = may_block(functools.partial(client.fetch))


@may_block
def unknown_argument(what: Annotated[Any, Depends(lambda: open)]) -> Any:
    return what("file")


async def from_elsewhere() -> Any:
    return object()


@may_block
def reads_unknown(row: Annotated[Money, Depends(from_elsewhere)]) -> int:
    return row.amount


@may_block
def generator_sleeps() -> Iterator[int]:
    yield 1
    time.sleep(0.1)


@may_block
def local_function() -> int:
    def inner() -> int:
        time.sleep(0.1)
        return 1

    return inner()


@may_block
def sorts_slowly(names: Annotated[list[str], Query()]) -> list[str]:
    return sorted(names, key=lambda name: client.fetch())


@may_block
def maps(names: Annotated[list[int], Query()]) -> list[int]:
    return list(map(lambda _: client.fetch(), names))


@may_block
def by_name(name: str = "fetch") -> Any:
    return getattr(client, name)()


@may_block
def aliased() -> list[int]:
    items: list[Any] = []
    other = items
    other.append(client)
    return [item.fetch() for item in items]


@may_block
def rebinds(flag: bool = False) -> Any:
    call: Any = len
    if flag:
        call = client.fetch
    return call()


@may_block
def loops_rebind(names: Annotated[list[str], Query()]) -> Any:
    call: Any = None
    for _ in names:
        if call is not None:
            call()
        call = client.fetch
    return None


@may_block
def in_handler(number: str) -> int:
    try:
        return int(number)
    except ValueError:
        time.sleep(0.1)
        return 0


@may_block
def in_finally() -> int:
    try:
        return 1
    finally:
        time.sleep(0.1)


@may_block
def after_suppress(number: str) -> int:
    call: Any = client.fetch
    with suppress(ValueError):
        int(number)
        call = len
    return call()


@may_block
def in_default(a: int = 1) -> int:
    return a if a else client.fetch()


@may_block
def walrus(a: int = 1) -> int:
    return b if (b := client.fetch()) else a


@may_block
def in_assert(a: int = 1) -> None:
    assert a, client.fetch()
