"""`httpx.ASGITransport`: the app is called in the event loop of its client."""

import httpx
import pytest

from tests.neighbours.shop import ASKED, PATHS, AppClass, RecordLanes, check_answer, make_shop


@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
@pytest.mark.anyio
async def test_everything_runs_in_its_place(app_class: AppClass, record_lanes: RecordLanes) -> None:
    app = make_shop(app_class)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
        for path in PATHS:
            check_answer(await client.get(path, params=ASKED), app_class, path)
    record_lanes(app)
