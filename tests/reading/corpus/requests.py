"""Dependencies that read what came with a request, as applications write them."""

import base64
import datetime
import enum
import hmac
import json
import os
import re
import secrets
import time
import uuid
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, NamedTuple

import fastapi
from fastapi import (
    BackgroundTasks,
    Cookie,
    Depends,
    Header,
    HTTPException,
    Path,
    Query,
    Request,
    Response,
    Security,
    status,
)
from fastapi.security import (
    APIKeyHeader,
    HTTPAuthorizationCredentials,
    HTTPBasic,
    HTTPBasicCredentials,
    HTTPBearer,
    OAuth2PasswordBearer,
    SecurityScopes,
)
from pydantic import BaseModel, EmailStr, Field, field_validator

from tests.reading.corpus.answers import may_block, never_blocks

oauth2_scheme = OAuth2PasswordBearer(tokenUrl="token")
api_key_header = APIKeyHeader(name="X-API-Key", auto_error=False)
bearer = HTTPBearer(auto_error=False)
basic = HTTPBasic()

API_KEY = "secret"
SUPPORTED = ("en", "de", "fr")
ROLE_LEVELS = {"guest": 0, "user": 1, "admin": 2}
MAX_LIMIT = 100


class Order(str, enum.Enum):
    ascending = "asc"
    descending = "desc"


@never_blocks
def common_parameters(q: str | None = None, skip: int = 0, limit: int = 100) -> dict[str, Any]:
    return {"q": q, "skip": skip, "limit": limit}


@never_blocks
class CommonQueryParams:
    def __init__(self, q: str | None = None, skip: int = 0, limit: int = 100):
        self.q = q
        self.skip = skip
        self.limit = limit


@never_blocks
class Pagination:
    def __init__(self, page: int = Query(1, ge=1), per_page: int = Query(20, le=100)):
        self.page = page
        self.per_page = min(per_page, MAX_LIMIT)
        self.offset = (page - 1) * self.per_page

    @property
    def next_page(self) -> int:
        return self.page + 1


@never_blocks
@dataclass
class Sorting:
    sort_by: str = "created_at"
    order: Order = Order.ascending


@never_blocks
@dataclass(frozen=True, slots=True)
class Window:
    start: datetime.datetime
    end: datetime.datetime | None = None

    def __post_init__(self) -> None:
        if self.end is not None and self.end < self.start:
            raise HTTPException(status_code=422, detail="end before start")


@never_blocks
class ItemFilter(BaseModel):
    name: str | None = None
    min_price: float | None = Field(None, ge=0)
    tags: list[str] = []


@never_blocks
class ContactFilter(BaseModel):
    email: EmailStr | None = None
    order: Order = Order.ascending
    since: datetime.date | None = None


@may_block
class ValidatedFilter(BaseModel):
    name: str = ""

    @field_validator("name")
    @classmethod
    def exists(cls, value: str) -> str:
        time.sleep(0.1)
        return value


@never_blocks
def pagination_links(request: Request, page: Annotated[Pagination, Depends()]) -> dict[str, Any]:
    return {"path": request.url.path, "next": page.next_page, "offset": page.offset}


@never_blocks
def locale(accept_language: Annotated[str | None, Header()] = None) -> str:
    if not accept_language:
        return "en"
    first = accept_language.split(",")[0].strip().lower()
    code = first[:2]
    return code if code in SUPPORTED else "en"


@never_blocks
def client_ip(request: Request) -> str | None:
    forwarded = request.headers.get("x-forwarded-for")
    if forwarded:
        return forwarded.split(",")[0].strip()
    return request.client.host if request.client else None


@never_blocks
def request_id(x_request_id: str | None = Header(None)) -> str:
    return x_request_id or str(uuid.uuid4())


@never_blocks
def user_agent(request: Request) -> str:
    return request.headers.get("user-agent", "unknown")


@never_blocks
def get_db_from_state(request: Request) -> Any:
    return request.app.state.db


@never_blocks
def current_session(request: Request) -> Any:
    return request.state.session


@never_blocks
def tenant(request: Request, x_tenant: Annotated[str, Header()] = "main") -> str:
    request.state.tenant = x_tenant
    return x_tenant


@never_blocks
def require_api_key(key: Annotated[str | None, Security(api_key_header)]) -> str:
    if key is None or not secrets.compare_digest(key, API_KEY):
        raise HTTPException(status.HTTP_403_FORBIDDEN, "Could not validate credentials")
    return key


@never_blocks
def require_token(token: Annotated[str, Depends(oauth2_scheme)]) -> str:
    if token != "fake-super-secret-token":
        raise HTTPException(
            status_code=status.HTTP_401_UNAUTHORIZED,
            detail="Invalid authentication credentials",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return token


@never_blocks
def require_bearer(
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
) -> str:
    if credentials is None or credentials.scheme.lower() != "bearer":
        raise HTTPException(status_code=401)
    return credentials.credentials


@never_blocks
def basic_user(credentials: Annotated[HTTPBasicCredentials, Depends(basic)]) -> str:
    correct_name = secrets.compare_digest(credentials.username.encode("utf8"), b"stanley")
    correct_password = secrets.compare_digest(credentials.password.encode("utf8"), b"swordfish")
    if not (correct_name and correct_password):
        raise HTTPException(status_code=status.HTTP_401_UNAUTHORIZED, detail="Incorrect")
    return credentials.username


@never_blocks
def check_scopes(scopes: SecurityScopes, granted: Annotated[list[str], Query()] = []) -> None:
    for scope in scopes.scopes:
        if scope not in set(granted):
            raise HTTPException(status_code=401, detail="Not enough permissions")


@never_blocks
def decode_cursor(cursor: str | None = None) -> int:
    if cursor is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(cursor.encode("ascii")))
    except ValueError:
        raise HTTPException(400, "Invalid cursor") from None


@never_blocks
def parse_sort(sort: str = "name") -> tuple[str, bool]:
    if sort.startswith("-"):
        return sort[1:], True
    return sort, False


@never_blocks
def split_ids(ids: str = "") -> list[int]:
    return [int(part) for part in ids.split(",") if part.strip().isdigit()]


@never_blocks
def unique_tags(tags: Annotated[list[str], Query()] = []) -> list[str]:
    seen = set()
    result = []
    for tag in tags:
        name = tag.strip().lower()
        if name not in seen:
            seen.add(name)
            result.append(name)
    return result


@never_blocks
def date_range(
    start: datetime.date | None = None, end: datetime.date | None = None
) -> tuple[datetime.date, datetime.date]:
    end = end or datetime.date.today()
    start = start or end - datetime.timedelta(days=30)
    if start > end:
        raise HTTPException(400, f"start {start} is after end {end}")
    return start, end


@never_blocks
def price_bounds(low: Decimal = Decimal(0), high: Decimal | None = None) -> dict[str, Any]:
    if high is not None and low > high:
        raise HTTPException(status_code=400, detail="low is greater than high")
    return {"low": low, "high": high}


@never_blocks
def role_level(role: str = "guest") -> int:
    return ROLE_LEVELS.get(role, 0)


@never_blocks
def no_cache(response: Response) -> None:
    response.headers["Cache-Control"] = "no-store"
    response.status_code = 200


@never_blocks
def set_session_cookie(response: Response, session: Annotated[str | None, Cookie()] = None) -> None:
    if session is None:
        response.set_cookie("session", secrets.token_hex(16))


@never_blocks
def later(tasks: BackgroundTasks, item: Annotated[int, Path()]) -> None:
    tasks.add_task(print, item)


@never_blocks
def timer() -> Any:
    started = time.perf_counter()
    yield started
    time.perf_counter() - started


@never_blocks
def signature_ok(x_signature: Annotated[str, Header()], body: str = "") -> bool:
    return hmac.compare_digest(x_signature, body)


@never_blocks
def feature_flag() -> bool:
    return os.getenv("FEATURE", "off").lower() in ("on", "1", "true")


@never_blocks
def environment() -> str:
    return os.environ.get("APP_ENV", "dev")


class Point(NamedTuple):
    x: float
    y: float


@never_blocks
def point(x: float = 0, y: float = 0) -> Point:
    return Point(x=x, y=y)


@never_blocks
def describe_order(order: Order = Order.ascending) -> str:
    match order.value:
        case "asc":
            return "ascending"
        case _:
            return "descending"


@never_blocks
def order_by_name(name: str = "asc") -> Order:
    try:
        return Order(name)
    except ValueError:
        return Order.ascending


@never_blocks
@dataclass
class Context:
    request: Request
    values: dict[str, str] = field(default_factory=dict)


@never_blocks
def context(request: Request, lang: str = "en") -> Context:
    made = Context(request)
    made.values["lang"] = lang
    return made


@never_blocks
def to_celsius(fahrenheit: float = 32) -> float:
    return round((fahrenheit - 32) * 5 / 9, 2)


@may_block
def log_request(request: Request) -> None:
    print(request.method, request.url)


@may_block
def read_body_cache(path: str = "cache.json") -> Any:
    with open(path) as file:
        return json.load(file)


@may_block
def match_pattern(pattern: str, text: str) -> bool:
    return re.match(pattern, text) is not None


@may_block
def validate_slug(slug: str) -> str:
    if not re.fullmatch(r"(a+)+$", slug):
        raise HTTPException(422)
    return slug


@may_block
def parse_filter(text: str = "{}") -> Any:
    return json.loads(text)


@may_block
def session_of(request: Request) -> Any:
    return request.state.db.query(1)


@may_block
def user_is_active(request: Request) -> None:
    if not request.state.user.is_active:
        raise HTTPException(403)


@may_block
def truth_of_state(request: Request) -> bool:
    return bool(request.state.lazy)


@may_block
def power(base: int, exponent: int) -> int:
    return base**exponent


@may_block
def repeat(text: str, times: int) -> str:
    return text * times


@may_block
def count_to(n: int) -> int:
    total = 0
    for number in range(n):
        total += number
    return total


@may_block
def pad(text: str, width: int) -> str:
    return text.ljust(width)


@may_block
def format_wide(value: int, width: int) -> str:
    return f"{value:{width}}"


@may_block
def shift(bits: int) -> int:
    return 1 << bits


@may_block
def round_far(value: int, digits: int) -> int:
    return round(value, digits)


@may_block
def decimal_to_int(value: Decimal) -> int:
    return int(value)


@may_block
def decimal_format(value: Decimal) -> str:
    return f"{value:f}"


@may_block
def collatz(n: int) -> int:
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


@may_block
def all_pairs(items: Annotated[list[int], Query()]) -> int:
    found = 0
    for one in items:
        for other in items:
            if one == other:
                found += 1
    return found


@may_block
def concatenated(items: Annotated[list[str], Query()]) -> str:
    text = ""
    for item in items:
        text += item
    return text


@may_block
def list_membership(items: Annotated[list[str], Query()]) -> list[str]:
    result: list[str] = []
    for item in items:
        if item not in result:
            result.append(item)
    return result


@may_block
def squared(numbers: Annotated[list[int], Query()]) -> int:
    product = 2
    for _ in numbers:
        product = product * product
    return product


@may_block
def fibonacci(n: int = 10) -> int:
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


@may_block
def late_import() -> Any:
    import pandas  # type: ignore[import-not-found]

    return pandas


@may_block
def evaluated(expression: str) -> Any:
    return eval(expression)


@may_block
def typed_in(prompt: str = "?") -> str:
    return input(prompt)


@may_block
def idna(host: str) -> bytes:
    return host.encode("idna")


@may_block
def version(module: str) -> Any:
    return __import__(module)


@may_block
def fastapi_call(app: Annotated[Any, Depends(lambda: fastapi.FastAPI())]) -> Any:
    return app.openapi()
