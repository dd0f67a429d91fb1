"""The fixture that runs a test of the transports' contract over each implementation.

In: nothing. Out: a transport, closed after the test. Never: a script or an expectation.
"""

from collections.abc import AsyncIterator, Callable

import pytest

from router.backends.transport import Transport
from router.backends.transport_aiohttp import AiohttpTransport
from router.backends.transport_httpx import HttpxTransport


@pytest.fixture(params=[AiohttpTransport, HttpxTransport])
async def transport(request: pytest.FixtureRequest) -> AsyncIterator[Transport]:
    """Each implementation in turn."""
    made: Callable[[], Transport] = request.param
    opened = made()
    yield opened
    await opened.close()
