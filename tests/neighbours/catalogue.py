"""The neighbours: what is installed for each, what its rows of the table say."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Suite:
    """The test suite in a distribution's sdist, as far as it uses FastAPI.

    Attributes:
        paths: the files and directories of it that are run, or are not.
        requirements: what it needs besides the neighbour, between spaces.
        options: for pytest.
        unresolved: what it needs whose own requirements can't be met beside the neighbour.
        apart: files that are each run in a process of their own.
        chance: a regular expression for what is another in the tests' names in each run.
        version: of the last sdist that has it, where the newest has none.
    """

    paths: tuple[str, ...]
    requirements: str
    options: tuple[str, ...] = ()
    unresolved: str = ""
    apart: tuple[str, ...] = ()
    chance: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Something that users have beside this package.

    Attributes:
        name: what its users call it.
        module: `test_<module>.py` runs it.
        requirements: what is installed for it. The version of the first is the tested one.
        caveat: what its users should know, in Markdown.
        is_cluster: whether it starts one, for which a busy machine has no time: it is tried by
            name, or with the suites.
    """

    name: str
    module: str
    requirements: tuple[str, ...]
    caveat: str = ""
    suite: Suite | None = None
    is_cluster: bool = False

    @property
    def distribution(self) -> str:
        return self.requirements[0].partition("[")[0]


DATABASES = ("django", "dummy", "ormar", "peewee", "sqlalchemy", "sqlmodel", "tortoise", "utils")
"""Those that fastapi-pagination's suite tries on a file."""

USERS_ROUTERS = ("auth", "oauth", "register", "reset", "users", "verify")

NEIGHBOURS = (
    Neighbour(
        "Sentry",
        "sentry",
        ("sentry-sdk",),
        suite=Suite(
            ("tests/integrations/fastapi",),
            "asttokens brotli docker executing httpx jinja2 jsonschema pysocks pytest-asyncio "
            "pytest-cov pytest-forked pytest-localserver pytest-watch python-multipart requests "
            "responses setuptools socksio",
        ),
    ),
    Neighbour(
        "Logfire",
        "logfire",
        ("logfire[fastapi]",),
        suite=Suite(
            ("tests/otel_integrations/test_fastapi.py",),
            "dirty-equals executing httpx inline-snapshot pydantic pytest-recording requests "
            "requests-mock",
            ("--override-ini=filterwarnings=",),
            version="5.2.0",
        ),
    ),
    Neighbour(
        "OpenTelemetry's FastAPI instrumentation",
        "opentelemetry",
        ("opentelemetry-instrumentation-fastapi", "opentelemetry-sdk"),
        caveat=(
            "`FastAPIInstrumentor().instrument()` replaces `fastapi.FastAPI`: call it before "
            "`fastapi_fastdeps` is imported, or use `instrument_app(app)`."
        ),
        suite=Suite(
            ("tests",),
            "asgiref httpx requests",
            # It is released less often, and wants an older OpenTelemetry of the same API.
            unresolved="opentelemetry-test-utils>=0.66b0",
        ),
    ),
    Neighbour("FastAPI's own `telemetry=`", "telemetry", ("fastapi", "opentelemetry-sdk")),
    Neighbour(
        "prometheus-fastapi-instrumentator",
        "prometheus",
        ("prometheus-fastapi-instrumentator",),
    ),
    Neighbour("slowapi", "slowapi", ("slowapi",)),
    Neighbour(
        "fastapi-pagination",
        "pagination",
        ("fastapi-pagination", "sqlalchemy"),
        suite=Suite(
            ("tests", "--ignore=tests/ext"),
            "aiosqlite asgi-lifespan asyncpg cassandra-driver dirty-equals django faker flaky "
            "greenlet httpx ormar peewee psycopg[binary] pymongo pytest-asyncio pytest-cov "
            "sqlakeyset sqlalchemy sqlmodel tortoise-orm uvicorn",
            # The others of `tests/ext`, and what is left out of these, need database servers.
            ("--asyncio-mode=auto", "-k", "not postgres"),
            apart=tuple(f"tests/ext/test_{name}.py" for name in DATABASES),
        ),
    ),
    Neighbour(
        "fastapi-users",
        "users",
        ("fastapi-users[sqlalchemy]", "aiosqlite"),
        suite=Suite(
            (
                "tests/test_authentication_authenticator.py",
                "tests/test_fastapi_users.py",
                "tests/test_openapi.py",
                *(f"tests/test_router_{name}.py" for name in USERS_ROUTERS),
            ),
            "aiosqlite asgi-lifespan httpx httpx-oauth pytest-asyncio pytest-mock redis",
            chance=r"(?<=[\[-])[\w-]{43}(?=[\]-])",
        ),
    ),
    Neighbour(
        "fastapi-cache2",
        "cache",
        ("fastapi-cache2", "fakeredis"),
        caveat="A cached sync endpoint stays in a thread: `@cache` calls it there itself.",
    ),
    Neighbour("fastapi-limiter", "limiter", ("fastapi-limiter",)),
    Neighbour(
        "dependency-injector",
        "dependency_injector",
        ("dependency-injector",),
        suite=Suite(
            ("tests/unit/wiring/test_fastapi_py36.py",),
            "httpx pytest-asyncio",
            ("--config-file=/dev/null",),
        ),
    ),
    Neighbour(
        "dishka",
        "dishka",
        ("dishka",),
        caveat=(
            "`DishkaSyncRoute` hides the decorator of an endpoint. Put `@inline` above "
            "`@inject_sync`, or let a classifier look at `__dishka_orig_func__`."
        ),
        suite=Suite(
            ("tests/integrations/fastapi",),
            "asgi-lifespan httpx<0.28 pytest-asyncio pytest-cov",
        ),
    ),
    Neighbour("strawberry-graphql", "strawberry", ("strawberry-graphql[fastapi]",)),
    Neighbour(
        "SQLModel",
        "sqlmodel",
        ("sqlmodel",),
        suite=Suite(
            ("tests/test_tutorial/test_fastapi",),
            "black dirty-equals httpx jinja2 typer",
            # Two of its files define one class each, which only a warning tells apart.
            ("--override-ini=filterwarnings=",),
        ),
    ),
    Neighbour(
        "PostgreSQL",
        "postgresql",
        ("psycopg[binary]", "sqlmodel"),
        "Five connections, and as many requests at once as one likes: all are answered.",
    ),
    Neighbour("sqladmin", "sqladmin", ("sqladmin", "sqlalchemy")),
    Neighbour("Starlette's and FastAPI's middleware", "middleware", ("starlette", "a2wsgi")),
    Neighbour(
        "`fastapi run`, `fastapi dev`",
        "fastapi_cli",
        ("fastapi-cli", "fastapi[standard]"),
        suite=Suite(("tests",), "coverage httpx"),
    ),
    Neighbour("uvicorn", "uvicorn", ("uvicorn[standard]",)),
    Neighbour("hypercorn", "hypercorn", ("hypercorn[trio,uvloop]",)),
    Neighbour("granian", "granian", ("granian[reload,uvloop]",)),
    Neighbour(
        "gunicorn",
        "gunicorn",
        ("gunicorn", "uvicorn-worker"),
        caveat=(
            "`--reload` works with its own ASGI worker. With uvicorn's worker it does nothing, "
            "with stock FastAPI neither."
        ),
    ),
    Neighbour("Ray Serve", "ray", ("ray[serve]",), is_cluster=True),
    Neighbour("Mangum", "mangum", ("mangum",)),
    Neighbour("`httpx.ASGITransport`", "asgi_transport", ("httpx",)),
    Neighbour("`TestClient`", "test_client", ("starlette", "httpx")),
    Neighbour("Trio through AnyIO", "trio", ("anyio[trio]", "trio")),
)

COMMON = ("fastapi[standard]", "itsdangerous", "pytest")
"""What the environment of every neighbour has, this package aside."""

SUITE_COMMON = ("fastapi", "httpx2", "pytest")
"""What the environment of every suite has."""
