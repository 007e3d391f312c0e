"""An empty Redis for each test."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from routing.adapters.redis import open_redis


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = open_redis(redis_url)
    await client.flushall()
    yield client
    await client.aclose()
