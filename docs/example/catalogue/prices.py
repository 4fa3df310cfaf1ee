"""Price changes, from whoever makes them to whoever watches."""

import asyncio
from collections import defaultdict
from collections.abc import Generator
from contextlib import contextmanager

from catalogue.models import PriceChange


class PriceFeed:
    """Lives on the event loop: every method must be called there."""

    def __init__(self) -> None:
        self._watchers: defaultdict[int, set[asyncio.Queue[PriceChange]]] = defaultdict(set)

    async def publish(self, change: PriceChange) -> None:
        for queue in self._watchers.get(change.product_id, ()):
            queue.put_nowait(change)

    @contextmanager
    def watch(self, product_id: int) -> Generator[asyncio.Queue[PriceChange]]:
        queue: asyncio.Queue[PriceChange] = asyncio.Queue()
        self._watchers[product_id].add(queue)
        try:
            yield queue
        finally:
            self._watchers[product_id].discard(queue)
            if not self._watchers[product_id]:
                del self._watchers[product_id]
