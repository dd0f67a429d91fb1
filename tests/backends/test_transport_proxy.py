"""What goes through a proxy, which only the transport on httpx does.

In: a scripted proxy. Out: verdicts on the request that it sees and on what its failure is called.
Never: a name that would have to resolve.
"""

import asyncio

import pytest

from router.backends.transport import UnusableSettingError, UpstreamRequest
from router.backends.transport_httpx import HttpxTransport
from router.errors import ConnectFailedError
from tests.backends.wire import failure, limits, read_all
from tests.stand_ins import ScriptedBackend, answers

TARGET = '/v1/x?a="<>&b=%7e'


async def test_a_plain_request_goes_to_the_proxy_with_its_exact_url() -> None:
    """The request line is absolute, the query as it was given, the proxy's key for it alone."""
    async with ScriptedBackend(answers(b"{}")) as proxy:
        transport = HttpxTransport(proxy=f"http://user:word@127.0.0.1:{proxy.port}")
        request = UpstreamRequest("POST", "http://backend.invalid" + TARGET, (), b"{}")
        assert await read_all(await transport.open(request, limits())) == b"{}"
        await transport.close()
    (received,) = proxy.received
    assert received.line == f"POST http://backend.invalid{TARGET} HTTP/1.1".encode()
    assert received.values("host") == [b"backend.invalid"]
    assert received.values("proxy-authorization") == [b"Basic dXNlcjp3b3Jk"]


async def test_a_tunnel_is_asked_for_by_host_and_port() -> None:
    """The exact target is that of the request inside; a proxy that refuses is a failed connect."""
    async with ScriptedBackend(answers(b"", "403 Forbidden")) as proxy:
        transport = HttpxTransport(proxy=f"http://127.0.0.1:{proxy.port}")
        request = UpstreamRequest("POST", "https://backend.invalid" + TARGET, (), b"{}")
        error = await failure(transport, request, limits())
        await transport.close()
    assert proxy.received[0].line == b"CONNECT backend.invalid:443 HTTP/1.1"
    assert type(error) is ConnectFailedError
    assert "proxy" in error.message


@pytest.mark.parametrize("scheme", ["http", "socks5"])
@pytest.mark.parametrize("raw", [b"SSH-2.0-OpenSSH_9.2\r\n\r\n", b""], ids=["junk", "nothing"])
async def test_a_proxy_that_answers_badly_is_a_failed_connection(scheme: str, raw: bytes) -> None:
    """Nothing was sent to the backend yet, so the next candidate may be tried."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(raw)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as proxy:
        port = proxy.sockets[0].getsockname()[1]
        transport = HttpxTransport(proxy=f"{scheme}://127.0.0.1:{port}")
        request = UpstreamRequest("POST", "https://backend.invalid/v1", (), b"{}")
        error = await failure(transport, request, limits())
        await transport.close()
    assert type(error) is ConnectFailedError
    assert "proxy" in error.message


@pytest.mark.parametrize(
    "url",
    ["user:hunter2@proxy:80", "ftp://proxy", "http://", "proxy", "http://p:x"],
)
def test_a_proxy_url_that_is_none_is_refused(url: str) -> None:
    """The message says what to write, and not what was written."""
    with pytest.raises(UnusableSettingError) as caught:
        HttpxTransport(proxy=url)
    assert caught.value.key == "proxy_env"
    assert "hunter2" not in str(caught.value)
