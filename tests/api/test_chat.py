"""`POST /v1/chat/completions` from socket to socket.

In: raw requests to the running router, scripted backends behind it. Out: verdicts on every byte
that either side received. Never: a client library that would hide the wire.
"""

import asyncio
import gzip
import json
import zlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import zstandard

from tests.running import RunningRouter, policy_for, running_router
from tests.stand_ins import (
    DONE,
    Connection,
    Received,
    Script,
    ScriptedBackend,
    answers,
    chat_answer,
    closes,
    delta,
    hangs,
    resets,
    sends,
    streams,
)

ASK = {"model": "auto", "messages": [{"role": "user", "content": "Translate 'cat' to French."}]}
CHAT = "/v1/chat/completions"


@pytest.fixture(params=["aiohttp", "httpx"])
def transport(request: pytest.FixtureRequest) -> str:
    """Each transport in turn."""
    return str(request.param)


@asynccontextmanager
async def routed(
    folder: Path, *scripts: Script, transport: str = "aiohttp", **policy: Any
) -> AsyncIterator[tuple[RunningRouter, list[ScriptedBackend]]]:
    """Run the router over one backend for each script."""
    async with AsyncExitStack() as stack:
        backends = [await stack.enter_async_context(ScriptedBackend(each)) for each in scripts]
        document = policy_for(*backends, transport=transport, **policy)
        yield await stack.enter_async_context(running_router(folder, document)), backends


async def post(
    router: RunningRouter, body: bytes | dict[str, Any], **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """Send a chat completion; return status, headers and body."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = {"Content-Type": "application/json"} | {
        k.replace("_", "-"): v for k, v in headers.items()
    }
    async with (
        aiohttp.ClientSession(auto_decompress=False) as session,
        session.post(router.url + CHAT, data=raw, headers=lines) as response,
    ):
        answer = await response.read()
        return response.status, {k.lower(): v for k, v in response.headers.items()}, answer


async def raw_exchange(router: RunningRouter, request: bytes) -> bytes:
    """Send bytes, read until the router closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", router.port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    return answer


def raw_post(body: bytes, *lines: bytes) -> bytes:
    """Return a request that asks for the connection to be closed."""
    head = [b"POST /v1/chat/completions HTTP/1.1", b"Host: x", b"Connection: close", *lines]
    return b"\r\n".join([*head, b"Content-Length: %d" % len(body), b"", body])


async def test_a_prompt_goes_to_the_route_of_its_category(tmp_path: Path) -> None:
    """The answer comes back whole, and its headers say what was decided."""
    async with routed(tmp_path, answers(chat_answer("chat"))) as (router, (backend,)):
        status, headers, body = await post(router, ASK)
    assert status == 200
    assert json.loads(body) == chat_answer("chat")
    assert backend.received[0].line == b"POST /v1/chat/completions HTTP/1.1"
    assert backend.received[0].json() == {**ASK, "model": "model-of-b1"}
    assert headers["x-router-category"] == "general-instruct"
    assert 0 < float(headers["x-router-confidence"]) <= 1
    assert headers["x-router-stage"] in ("linear", "structure")
    assert headers["x-router-backend"] == "b1"
    assert headers["x-router-model"] == "model-of-b1"
    assert headers["x-router-reason"] == "route"
    assert headers["x-router-attempts"] == "1"
    assert len(headers["x-router-policy"]) == 8
    assert float(headers["x-router-overhead-ms"]) >= 0
    assert headers["x-request-id"] == headers["x-router-request-id"]


async def test_nothing_in_the_body_changes_but_the_model(tmp_path: Path, transport: str) -> None:
    """Unknown members, numbers, escapes, order and white space arrive as they were sent."""
    body = (
        b' {"unknown":{"a":[null,"",false,[]]},"n_big":12345678901234567890123,"e":1e400,'
        b'"t":0.10,"o":1.0,"z":-0, "messages":[{"role":"user","content":"caf\\u00e9 \\ud83d '
        b'\xc3\xa9","model":"inner"}],\n"model" : "auto","stream":false } '
    )
    async with routed(tmp_path, answers(b"{}"), transport=transport) as (router, (backend,)):
        status, _, _ = await post(router, body)
    assert status == 200
    assert backend.received[0].body == body.replace(b'"auto"', b'"model-of-b1"')


async def test_a_second_model_member_does_not_reach_the_backend(tmp_path: Path) -> None:
    """Whichever of two the backend's parser takes, it is ours."""
    body = b'{"model":"auto","messages":[],"m\\u006fdel":"auto"}'
    async with routed(tmp_path, answers(b"{}")) as (router, (backend,)):
        await post(router, body)
    assert b"auto" not in backend.received[0].body
    assert backend.received[0].body.count(b"model-of-b1") == 2


async def test_a_stream_passes_byte_for_byte(tmp_path: Path, transport: str) -> None:
    """Comments, odd line ends, odd fields, invalid UTF-8 and a missing end are left alone."""
    chunks = [
        b": comment\n\n",
        delta("a")[:10],
        delta("a")[10:],
        b"data:{}\r\n\r\ndata: x\r\revent: e\nid: 1\nretry: 5\ndata: a\ndata: b\n\n",
        b"data: \xff\xfe\n\n",
        delta("same") * 200,
        b"data: " + b"x" * 1_000_000 + b"\n\n",
        b'data: {"choices":[]}\n\n',
        b"data: [DONE]",
    ]
    async with routed(tmp_path, streams(chunks), transport=transport) as (router, _):
        status, headers, body = await post(router, {**ASK, "stream": True})
    assert status == 200
    assert headers["content-type"] == "text/event-stream"
    assert body == b"".join(chunks)


async def test_an_event_reaches_the_client_before_the_next_is_written(
    tmp_path: Path, transport: str
) -> None:
    """Nothing is held back."""
    go_on = asyncio.Event()

    async def script(connection: Connection, _received: Received) -> bool:
        await connection.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        for event in (delta("one"), b": keep-alive\n\n", delta("two")):
            await connection.write(b"%x\r\n%b\r\n" % (len(event), event))
            await asyncio.wait_for(go_on.wait(), 10)
            go_on.clear()
        await connection.write(b"0\r\n\r\n")
        return True

    async with (
        routed(tmp_path, script, transport=transport) as (router, _),
        aiohttp.ClientSession() as session,
        session.post(router.url + CHAT, json={**ASK, "stream": True}) as response,
    ):
        for event in (delta("one"), b": keep-alive\n\n", delta("two")):
            assert await response.content.readany() == event
            go_on.set()
        assert await response.content.read() == b""


async def test_usage_is_neither_invented_nor_hidden(tmp_path: Path) -> None:
    """The backend's usage chunk passes, and the request asks for none by itself."""
    usage = b'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}\n\n'
    async with routed(tmp_path, streams([delta("a"), usage, DONE])) as (router, (backend,)):
        _, _, body = await post(router, {**ASK, "stream": True})
    assert body == delta("a") + usage + DONE
    assert "stream_options" not in backend.received[0].json()


async def test_the_clients_headers_go_on_but_not_its_keys(tmp_path: Path, transport: str) -> None:
    """Unknown headers pass, twice and in UTF-8; keys, hop-by-hop and our own do not."""
    request = raw_post(
        json.dumps(ASK).encode(),
        b"Authorization: Bearer client-key",
        b"api-key: client-key",
        b"X-Api-Key: client-key",
        b"x-goog-api-key: client-key",
        b"Proxy-Authorization: client-key",
        b"Connection: X-Hop",
        b"X-Hop: 1",
        b"TE: trailers",
        b"X-Router-Category: general-instruct",
        b"OpenAI-Beta: assistants=v2",
        b"Idempotency-Key: 7",
        b"traceparent: 00-1-2-03",
        b"x-session-id: s1",
        b"X-Twice: 1",
        b"X-Twice: 2",
        b"X-Utf8: gr\xc3\xbc\xc3\x9f",
        b"Content-Type: application/json",
    )
    async with routed(tmp_path, answers(b"{}"), transport=transport) as (router, (backend,)):
        await raw_exchange(router, request)
    (received,) = backend.received
    assert b"client-key" not in b"".join(value for _, value in received.headers)
    gone = ("x-hop", "te", "x-router-category", "authorization", "accept-encoding", "user-agent")
    assert [name for name in gone if received.values(name)] == []
    assert received.values("openai-beta") == [b"assistants=v2"]
    assert received.values("idempotency-key") == [b"7"]
    assert received.values("traceparent") == [b"00-1-2-03"]
    assert received.values("x-session-id") == [b"s1"]
    assert received.values("x-twice") == [b"1", b"2"]
    assert received.values("x-utf8") == ["grüß".encode()]
    assert received.values("host") == [f"127.0.0.1:{backend.port}".encode()]
    assert received.values("content-type") == [b"application/json"]


async def test_a_form_type_from_curl_becomes_json(tmp_path: Path) -> None:
    """`curl -d` says form; what it sends is JSON."""
    form = b"Content-Type: application/x-www-form-urlencoded"
    async with routed(tmp_path, answers(b"{}")) as (router, (backend,)):
        answer = await raw_exchange(router, raw_post(json.dumps(ASK).encode(), form))
    assert answer.startswith(b"HTTP/1.1 200")
    assert backend.received[0].values("content-type") == [b"application/json"]


async def test_the_query_string_goes_on(tmp_path: Path) -> None:
    """Azure's api-version and the like reach the backend as they are."""
    request = raw_post(json.dumps(ASK).encode()).replace(
        b"completions HTTP", b"completions?api-version=2024&x=%2f HTTP"
    )
    async with routed(tmp_path, answers(b"{}")) as (router, (backend,)):
        await raw_exchange(router, request)
    line = b"POST /v1/chat/completions?api-version=2024&x=%2f HTTP/1.1"
    assert backend.received[0].line == line


async def test_the_backends_own_key_and_headers_are_sent(tmp_path: Path, transport: str) -> None:
    """The key comes from the environment and replaces the client's."""
    async with ScriptedBackend(answers(b"{}")) as backend:
        document = policy_for(backend, transport=transport)
        document["backends"]["b1"] |= {
            "api_key_env": "B1_KEY",
            "auth": "bearer",
            "headers": {"X-Gateway": "g"},
        }
        async with running_router(tmp_path, document, {"B1_KEY": "secret"}) as router:
            await post(router, ASK, Authorization="Bearer client", X_Gateway="client")
    (received,) = backend.received
    assert received.values("authorization") == [b"Bearer secret"]
    assert received.values("x-gateway") == [b"g"]


async def test_a_forwarded_key_is_the_clients(tmp_path: Path) -> None:
    """`api_key: forward` leaves the client's Authorization alone."""
    async with ScriptedBackend(answers(b"{}")) as backend:
        document = policy_for(backend)
        document["backends"]["b1"] |= {"api_key": "forward", "auth": "bearer"}
        async with running_router(tmp_path, document) as router:
            await post(router, ASK, Authorization="Bearer client")
    assert backend.received[0].values("authorization") == [b"Bearer client"]


async def test_defaults_are_added_only_where_the_client_was_silent(tmp_path: Path) -> None:
    """`request_defaults` fills gaps and overrules nothing."""
    async with ScriptedBackend(answers(b"{}")) as backend:
        document = policy_for(backend)
        document["backends"]["b1"]["request_defaults"] = {"temperature": 0.2, "top_p": 0.5}
        async with running_router(tmp_path, document) as router:
            await post(router, {**ASK, "temperature": None})
    (received,) = backend.received
    assert received.json()["temperature"] is None
    assert received.json()["top_p"] == 0.5
    assert received.body.count(b'"temperature"') == 1


async def test_the_backends_headers_reach_the_client(tmp_path: Path, transport: str) -> None:
    """Rate limits, ids, duplicates and unknown headers pass; Date and framing stand once."""
    lines = (
        ("Content-Type", "text/event-stream"),
        ("x-request-id", "theirs"),
        ("x-ratelimit-remaining-tokens", "5"),
        ("openai-processing-ms", "3"),
        ("X-Twice", "1"),
        ("X-Twice", "2"),
        ("X-Odd", "gr\u00fc\u00df"),
        ("Date", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ("Server", "backend"),
        ("Connection", "keep-alive"),
        ("x-router-backend", "forged"),
    )
    script = streams([DONE], headers=lines)
    async with routed(tmp_path, script, transport=transport) as (router, _):
        answer = await raw_exchange(router, raw_post(json.dumps({**ASK, "stream": True}).encode()))
    head, _, _ = answer.partition(b"\r\n\r\n")
    sent = [tuple(line.split(b": ", 1)) for line in head.lower().split(b"\r\n")[1:]]
    names = [line[0] for line in sent]
    assert (b"x-request-id", b"theirs") in sent
    assert (b"x-ratelimit-remaining-tokens", b"5") in sent
    assert names.count(b"x-twice") == 2
    assert (b"x-odd", "gr\u00fc\u00df".encode()) in sent
    once = (b"date", b"server", b"content-type", b"transfer-encoding", b"x-router-backend")
    assert [names.count(name) for name in once] == [1] * len(once)
    assert (b"x-router-backend", b"b1") in sent
    assert (b"date", b"thu, 01 jan 1970 00:00:00 gmt") not in sent


@pytest.mark.parametrize("status", ["202 Accepted", "307 Temporary Redirect", "404 X", "529 X"])
async def test_statuses_and_error_bodies_come_back_unchanged(tmp_path: Path, status: str) -> None:
    """Clients key on them."""
    body = b'{"error":{"message":"m","type":"t","param":null,"code":"context_length_exceeded"}}'
    headers = (("Content-Type", "application/json"), ("Retry-After-Ms", "40"), ("Location", "/y"))
    async with (
        routed(tmp_path, answers(body, status, headers)) as (router, (backend,)),
        aiohttp.ClientSession() as session,
        session.post(router.url + CHAT, json=ASK, allow_redirects=False) as response,
    ):
        assert response.status == int(status[:3])
        assert await response.read() == body
        assert response.headers["retry-after-ms"] == "40"
    assert len(backend.received) == 1


async def test_a_stalled_backend_does_not_hold_up_others(tmp_path: Path) -> None:
    """A hundred and thirty hanging requests, and the next one is answered."""

    async def script(connection: Connection, received: Received) -> bool:
        wait = b"hang" in received.body
        return await (hangs if wait else answers(b"{}"))(connection, received)

    async with routed(tmp_path, script) as (router, (backend,)):
        hanging = [asyncio.create_task(post(router, {**ASK, "user": "hang"})) for _ in range(130)]
        await backend.wait_for_requests(130)
        status, _, _ = await post(router, ASK)
        assert status == 200
        for task in hanging:
            task.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)


async def stream_head(connection: Connection) -> None:
    """Begin a streamed answer."""
    await connection.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    )


async def headers_then_silence(connection: Connection, received: Received) -> bool:
    """Give the headers of a stream and nothing more."""
    await stream_head(connection)
    return await hangs(connection, received)


async def first_event_then_silence(connection: Connection, received: Received) -> bool:
    """Give one event and nothing more."""
    await stream_head(connection)
    event = delta("one")
    await connection.write(b"%x\r\n%b\r\n" % (len(event), event))
    return await hangs(connection, received)


async def events_without_end(connection: Connection, _received: Received) -> bool:
    """Give events until the peer has gone."""
    await stream_head(connection)
    event = delta("one")
    while not connection.writer.is_closing():
        await connection.write(b"%x\r\n%b\r\n" % (len(event), event))
        await asyncio.sleep(0.01)
    return False


@pytest.mark.parametrize(
    ("script", "stream", "answered"),
    [
        (hangs, True, False),
        (headers_then_silence, True, False),
        (events_without_end, True, True),
        (first_event_then_silence, True, True),
        (hangs, False, False),
    ],
    ids=["before headers", "before the first byte", "mid-stream", "silent", "not streaming"],
)
@pytest.mark.parametrize("how", ["close", "abort"])
async def test_the_upstream_is_closed_when_the_client_leaves(
    tmp_path: Path, transport: str, script: Script, stream: bool, answered: bool, how: str
) -> None:
    """In every phase, by FIN and by RST, on both transports."""
    async with routed(tmp_path, script, transport=transport) as (router, (backend,)):
        reader, writer = await asyncio.open_connection("127.0.0.1", router.port)
        writer.write(raw_post(json.dumps({**ASK, "stream": stream}).encode()))
        await backend.wait_for_requests(1)
        if answered:
            await reader.readuntil(b"data: ")
        if how == "close":
            writer.close()
        else:
            writer.transport.abort()
        await asyncio.wait_for(backend.connections[0].gone.wait(), 10)
        status, _, _ = await post_models(router)
        assert status == 200


async def post_models(router: RunningRouter) -> tuple[int, dict[str, str], bytes]:
    """Ask for the models: the router still answers."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(router.url + "/v1/models") as response,
    ):
        return response.status, dict(response.headers), await response.read()


async def test_a_client_that_does_not_read_stops_the_backend(
    tmp_path: Path, transport: str
) -> None:
    """What is taken from the backend stays bounded while nobody reads."""
    taken = 0

    async def flood(connection: Connection, _received: Received) -> bool:
        nonlocal taken
        await stream_head(connection)
        block = b"data: " + b"x" * 65_528 + b"\n\n"
        while taken < 200_000_000:
            await connection.write(b"%x\r\n%b\r\n" % (len(block), block))
            taken += len(block)
        return False

    async with routed(tmp_path, flood, transport=transport) as (router, _):
        _, writer = await asyncio.open_connection("127.0.0.1", router.port)
        writer.write(raw_post(json.dumps({**ASK, "stream": True}).encode()))
        before = -1
        while before != taken:
            before = taken
            await asyncio.sleep(0.3)
        writer.transport.abort()
    assert 0 < taken < 48_000_000


async def test_a_break_in_mid_stream_is_told_and_not_ended_cleanly(
    tmp_path: Path, transport: str
) -> None:
    """What came stays, an error event follows, no [DONE], and the body has no proper end."""
    script = streams([delta("one")], then=resets)
    async with routed(tmp_path, script, answers(b"two"), transport=transport) as (router, backends):
        answer = await raw_exchange(router, raw_post(json.dumps({**ASK, "stream": True}).encode()))
    assert delta("one") in answer
    assert b"data: {" in answer.partition(delta("one"))[2]
    assert b"backend_connection_lost" in answer
    assert b"[DONE]" not in answer
    assert not answer.endswith(b"0\r\n\r\n")
    assert backends[1].received == []


async def test_a_truncated_answer_does_not_look_whole(tmp_path: Path, transport: str) -> None:
    """A body shorter than its length ends in a closed connection."""
    half = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    async with routed(tmp_path, sends(half), transport=transport) as (router, _):
        answer = await raw_exchange(router, raw_post(json.dumps(ASK).encode()))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-length: 100" in head.lower()
    assert body == b"{"


@pytest.mark.parametrize("script", [closes, resets, sends(b"junk\r\n\r\n")])
@pytest.mark.parametrize("stream", [False, True])
async def test_no_answer_is_a_502_in_openais_shape(
    tmp_path: Path, transport: str, script: Script, stream: bool
) -> None:
    """The error says what to do and gives nothing away."""
    async with routed(tmp_path, script, transport=transport) as (router, (backend,)):
        status, headers, body = await post(router, {**ASK, "stream": stream})
    assert status == 502
    error = json.loads(body)["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert "'b1'" in error["message"]
    assert headers["x-router-backend"] == "b1"
    assert headers["content-type"] == "application/json"
    for secret in (str(backend.port), "127.0.0.1", "Traceback", "Translate"):
        assert secret not in body.decode()


async def test_the_next_candidate_answers_for_one_that_is_down(tmp_path: Path) -> None:
    """The client sees an answer and two attempts."""
    async with routed(tmp_path, closes, answers(chat_answer("second"))) as (router, backends):
        await backends[0].stop_listening()
        status, headers, body = await post(router, ASK)
    assert (status, headers["x-router-backend"], headers["x-router-attempts"]) == (200, "b2", "2")
    assert json.loads(body)["choices"][0]["message"]["content"] == "second"


Expectation = tuple[int, str]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", (400, "invalid_json")),
        (b'{"model":"auto"', (400, "invalid_json")),
        (b"[1,2,3]", (400, "invalid_json")),
        (b'"hi"', (400, "invalid_json")),
        ('{"model":"auto"}'.encode("utf-16"), (400, "invalid_json")),
        (b'{"messages":[]}', (400, "model_missing")),
        (b'{"model":5,"messages":[]}', (400, "model_missing")),
        (b'{"model":"gpt-unknown","messages":[]}', (404, "model_not_found")),
        (b'{"model":"auto:poetry","messages":[]}', (400, "unknown_category")),
    ],
)
async def test_what_cannot_be_routed_is_refused_by_us(
    tmp_path: Path, body: bytes, expected: Expectation
) -> None:
    """Nothing reaches a backend, and the next request works."""
    async with routed(tmp_path, answers(b"{}")) as (router, (backend,)):
        status, _, answer = await post(router, body)
        assert (status, json.loads(answer)["error"]["code"]) == expected
        assert backend.received == []
        assert (await post(router, ASK))[0] == 200


@pytest.mark.parametrize(
    "body",
    [
        b'{"model":"auto"}',
        b'{"model":"auto","messages":"junk"}',
        b'{"model":"auto","messages":[null,5,[],{"role":7,"content":{"a":[1]}}]}',
        b'{"model":"auto","messages":[],"temperature":NaN}',
        b'{"model":"auto","messages":[{"role":"user","content":"\\ud800"}]}',
        b'{"model":"auto","messages":[{"role":"user","content":"\xff\xfe"}]}',
        b'\xef\xbb\xbf{"model":"auto","messages":[]}',
        b'{"model":"auto","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
    ids=["bare", "junk", "odd", "NaN", "surrogate", "not UTF-8", "BOM", "deep"],
)
async def test_odd_bodies_are_the_backends_to_judge(tmp_path: Path, body: bytes) -> None:
    """They are routed somewhere, spliced, and its 4xx comes back."""
    judged = answers(b'{"error":{"code":"theirs"}}', "422 X")
    async with routed(tmp_path, judged) as (router, (backend,)):
        status, _, answer = await post(router, body)
    assert (status, answer) == (422, b'{"error":{"code":"theirs"}}')
    assert backend.received[0].body == body.replace(b'"auto"', b'"model-of-b1"')


async def test_an_unknown_category_in_the_header_is_refused(tmp_path: Path) -> None:
    """The message lists what there is."""
    async with routed(tmp_path, answers(b"{}")) as (router, _):
        status, _, body = await post(router, ASK, X_Router_Category="poetry")
    error = json.loads(body)["error"]
    assert (status, error["code"]) == (400, "unknown_category")
    assert "code-edit" in error["message"]


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_over_the_limit_is_a_413(tmp_path: Path, chunked: bool) -> None:
    """By its declared length at once, else as soon as it is too long."""
    big = b'{"model":"auto","x":"' + b"a" * 5000 + b'"}'
    request = raw_post(big)
    if chunked:
        head = request.partition(b"\r\n\r\n")[0].rpartition(b"\r\n")[0]
        request = head + b"\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (
            len(big),
            big,
        )
    async with routed(tmp_path, answers(b"{}"), limits={"body_bytes": 2000}) as (router, (b,)):
        answer = await raw_exchange(router, request)
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"limits.body_bytes" in answer
    assert b.received == []


@pytest.mark.parametrize("coding", ["gzip", "deflate", "zstd", "identity, gzip", "gzip, zstd"])
async def test_a_compressed_body_is_read_and_goes_on_plain(tmp_path: Path, coding: str) -> None:
    """Codex compresses; the backend gets what was meant, spliced."""
    plain = json.dumps(ASK).encode()
    compressed = {
        "gzip": gzip.compress(plain),
        "deflate": zlib.compress(plain),
        "zstd": zstandard.compress(plain),
        "identity, gzip": gzip.compress(plain),
        "gzip, zstd": zstandard.compress(gzip.compress(plain)),
    }
    body = compressed[coding]
    async with routed(tmp_path, answers(b"{}")) as (router, (backend,)):
        status, headers, _ = await post(router, body, Content_Encoding=coding)
    assert (status, headers["x-router-category"]) == (200, "general-instruct")
    (received,) = backend.received
    assert received.json() == {**ASK, "model": "model-of-b1"}
    assert received.values("content-encoding") == []


@pytest.mark.parametrize(
    ("body", "coding", "expected"),
    [
        (b"\x1f\x8b", "br", (415, "unsupported_content_encoding")),
        (b"\x1f\x8b", "gzip, br", (415, "unsupported_content_encoding")),
        (b"not gzip", "gzip", (400, "invalid_json")),
        (b"not zstd", "zstd", (400, "invalid_json")),
        (gzip.compress(b" " * 50_000_000), "gzip", (413, "request_too_large")),
        (zstandard.compress(b" " * 50_000_000), "zstd", (413, "request_too_large")),
    ],
    ids=["unknown", "two", "broken gzip", "broken zstd", "gzip bomb", "zstd bomb"],
)
async def test_a_compressed_body_that_cannot_be_read_is_refused(
    tmp_path: Path, body: bytes, coding: str, expected: Expectation
) -> None:
    """By name, without unpacking more than the limit."""
    async with routed(tmp_path, answers(b"{}")) as (router, (backend,)):
        status, _, answer = await post(router, body, Content_Encoding=coding)
    assert (status, json.loads(answer)["error"]["code"]) == expected
    assert backend.received == []


async def test_a_model_name_with_line_breaks_breaks_nothing(tmp_path: Path) -> None:
    """A client's own words never become a header line."""
    async with ScriptedBackend(answers(b"{}")) as backend:
        document = policy_for(backend, unknown_models="b1")
        del document["backends"]["b1"]["model"]
        async with running_router(tmp_path, document) as router:
            status, headers, _ = await post(router, {**ASK, "model": "x\r\nX-Evil: 1"})
    assert status == 200
    assert "x-evil" not in headers


@pytest.mark.parametrize("parser", ["h11", "httptools"])
async def test_both_http_parsers_of_the_server_serve(tmp_path: Path, parser: str) -> None:
    """A stream comes through either."""
    async with (
        ScriptedBackend(streams([delta("a"), DONE])) as backend,
        running_router(tmp_path, policy_for(backend), http=parser) as router,
    ):
        status, _, body = await post(router, {**ASK, "stream": True})
    assert (status, body) == (200, delta("a") + DONE)
