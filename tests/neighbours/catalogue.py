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
        repository: that has it, at `tag`, where no sdist does. Only its `folders` are taken, so
            that the neighbour itself is the installed one.
    """

    paths: tuple[str, ...]
    requirements: str
    options: tuple[str, ...] = ()
    unresolved: str = ""
    apart: tuple[str, ...] = ()
    chance: str = ""
    version: str = ""
    repository: str = ""
    tag: str = ""
    folders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Something that users have beside this package.

    Attributes:
        name: what its users call it.
        module: `test_<module>.py` runs it.
        requirements: what is installed for it. The version of the first is the tested one.
        caveat: what its users should know, in Markdown.
        is_heavy: whether it takes long to install or to start, for which a busy machine has no
            time: it is tried by name, or with the suites, in an environment of its own.
        overrides: distributions of which it is given what is newest, whatever it asks for.
    """

    name: str
    module: str
    requirements: tuple[str, ...]
    caveat: str = ""
    suite: Suite | None = None
    is_heavy: bool = False
    overrides: tuple[str, ...] = ()

    @property
    def distribution(self) -> str:
        return self.requirements[0].partition("[")[0]


DATABASES = ("django", "dummy", "ormar", "peewee", "sqlalchemy", "sqlmodel", "tortoise", "utils")
"""Those that fastapi-pagination's suite tries on a file."""

USERS_ROUTERS = ("auth", "oauth", "register", "reset", "users", "verify")

GRADIO_TESTS = (
    "(mount_gradio_app and not lifespan_state) or auth_dependency or predict_route or cors"
)
"""Those of a Gradio app's routes that start no server of their own and need no network."""

NICEGUI_TESTS = tuple(
    f"tests/test_{name}.py" for name in ("user_simulation", "forwarded_prefix", "markdown_response")
)
"""Those that ask the app without a browser."""

PREFECT_TESTS = (
    *(
        f"tests/server/api/test_{name}.py"
        for name in ("csrf_token", "dependencies", "logs", "middleware", "root", "saved_searches")
    ),
    "tests/server/orchestration/api/test_variables.py",
)
"""Some of those that ask the server: each test makes the whole app anew, which takes long."""

NEWEST = ("fastapi", "starlette")
"""What a neighbour that wants older ones is tested with all the same."""

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
    Neighbour("Ray Serve", "ray", ("ray[serve]",), is_heavy=True),
    Neighbour(
        "Gradio",
        "gradio",
        ("gradio", "httpx2"),
        is_heavy=True,
        overrides=NEWEST,
        suite=Suite(
            ("test/test_routes.py",),
            "gradio[mcp,oauth]==6.25.0 altair httpx hypothesis matplotlib openai pandas pillow "
            "polars pytest-asyncio pytest-rerunfailures pytest-timeout requests<2.34 respx "
            "scikit-image tqdm vega_datasets",
            (
                *("--asyncio-mode=auto", "--timeout=600", "-p", "no:rerunfailures"),
                *("-k", GRADIO_TESTS),
            ),
            version="6.25.0",
            repository="https://github.com/gradio-app/gradio",
            tag="gradio@6.25.0",
            folders=("/test/", "!/test/test_files/rotated_image.jpeg"),
        ),
    ),
    Neighbour(
        "MLflow's server",
        "mlflow",
        ("mlflow", "httpx2"),
        is_heavy=True,
        overrides=NEWEST,
        suite=Suite(
            ("tests/genai/test_agent_server.py",),
            "mlflow[genai]==3.7.0 flask-cors openai pytest-asyncio pytest-cov pytest-timeout "
            "tiktoken",
            (
                *("--asyncio-mode=auto", "--override-ini=addopts=", "--timeout=300"),
                # That of the whole suite is for the fork's own mlflow.
                "--noconftest",
            ),
            version="3.7.0",
            repository="https://github.com/opendatahub-io/mlflow",
            tag="52d13c96093845329bef21b0a38e408300d750dc",
            folders=("/tests/", "/pyproject.toml"),
        ),
    ),
    Neighbour(
        "Prefect's server",
        "prefect",
        ("prefect", "httpx2"),
        is_heavy=True,
        overrides=NEWEST,
        caveat=(
            "Its `PrefectAPIRoute` has a handler of its own, so two routes with a sync endpoint "
            "take FastAPI's lane."
        ),
        suite=Suite(
            PREFECT_TESTS,
            "cairosvg jinja2 moto numpy opentelemetry-distro opentelemetry-exporter-otlp "
            "opentelemetry-instrumentation-logging opentelemetry-instrumentation-system-metrics "
            "opentelemetry-test-utils pendulum[test]<4 pillow pluggy pytest-asyncio<1.5 pytest-cov "
            "pytest-env pytest-flakefinder pytest-timeout pytest-xdist pyyaml redis respx "
            "setuptools typsht uv virtualenv watchfiles whenever",
            ("--timeout=600",),
            version="3.9.1",
            repository="https://github.com/PrefectHQ/prefect",
            tag="3.8.4.dev6",
            folders=("/tests/", "/pyproject.toml"),
        ),
    ),
    Neighbour(
        "fastapi-mcp",
        "fastapi_mcp",
        ("fastapi-mcp", "mcp<2"),
        caveat="It needs `mcp<2`, which it does not ask for.",
        suite=Suite(
            ("tests",),
            "cryptography mcp<2 pyjwt pytest-asyncio<1 pytest-cov pytest-timeout",
            ("--override-ini=addopts=", "--override-ini=log_cli=false", "--timeout=120"),
        ),
    ),
    Neighbour(
        "NiceGUI",
        "nicegui",
        ("nicegui", "httpx2"),
        is_heavy=True,
        overrides=NEWEST,
        suite=Suite(
            NICEGUI_TESTS,
            "altair anywidget matplotlib nicegui-highcharts numpy pandas plotly polars pyecharts "
            "pytest-asyncio pytest-order pytest-selenium pytest-timeout redis requests secure "
            "selenium webdriver-manager",
            ("--override-ini=addopts=", "--override-ini=filterwarnings=", "--timeout=120"),
            version="3.15.0",
            repository="https://github.com/zauberzeug/nicegui",
            tag="v3.15.0",
            folders=("/tests/", "/pyproject.toml"),
        ),
    ),
    Neighbour(
        "titiler",
        "titiler",
        ("titiler-application", "httpx2"),
        is_heavy=True,
        overrides=NEWEST,
        suite=Suite(
            ("src/titiler/core/tests",),
            "titiler.core==2.2.1 titiler.mosaic==2.2.1 titiler.xarray==2.2.1 "
            "titiler.extensions==2.2.1 boto3 brotlipy opentelemetry-exporter-otlp "
            "opentelemetry-instrumentation-fastapi opentelemetry-instrumentation-logging "
            "opentelemetry-sdk pytest-asyncio pytest-cov pytest-timeout",
            ("--timeout=600",),
            apart=("src/titiler/application/tests",),
            version="2.2.1",
            repository="https://github.com/developmentseed/titiler",
            tag="2.2.1",
            folders=("/src/", "/pyproject.toml"),
        ),
    ),
    Neighbour(
        "stac-fastapi",
        "stac",
        ("stac-fastapi-api", "httpx2"),
        is_heavy=True,
        overrides=NEWEST,
        suite=Suite(
            ("stac_fastapi/api/tests",),
            "stac-fastapi.extensions==6.5.0 stac-fastapi.types==6.5.0 httpx "
            "prometheus-fastapi-instrumentator pytest-asyncio pytest-benchmark pytest-cov "
            "pytest-timeout requests",
            ("--asyncio-mode=auto", "--benchmark-disable", "--timeout=120"),
            apart=("stac_fastapi/extensions/tests", "stac_fastapi/types/tests"),
            version="6.5.0",
            repository="https://github.com/stac-utils/stac-fastapi",
            tag="6.5.0",
            folders=("tests", "/pyproject.toml"),
        ),
    ),
    Neighbour("Mangum", "mangum", ("mangum",)),
    Neighbour("`httpx.ASGITransport`", "asgi_transport", ("httpx",)),
    Neighbour("`TestClient`", "test_client", ("starlette", "httpx")),
    Neighbour("Trio through AnyIO", "trio", ("anyio[trio]", "trio")),
)

COMMON = ("fastapi[standard]", "itsdangerous", "pytest")
"""What the environment of every neighbour has, this package aside."""

SUITE_COMMON = ("fastapi", "httpx2", "pytest")
"""What the environment of every suite has."""
