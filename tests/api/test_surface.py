"""Models, explanations, the policy, backends, health, metrics, and paths that do not exist.

In: requests to the running router. Out: verdicts on its own answers. Never: a backend's answer.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from router.categories import CATEGORIES
from tests.api.test_access import ASK, CHAT, call
from tests.running import policy_for, running_router
from tests.stand_ins import ScriptedBackend, answers, chat_answer, closes


async def test_models_are_listed_and_found(tmp_path: Path) -> None:
    """auto, auto:<category>, aliases and backends, in OpenAI's shape."""
    async with ScriptedBackend(closes) as backend:
        document = policy_for(backend, aliases={"gpt-4o": "auto"})
        async with running_router(tmp_path, document) as router:
            _, listed = await call(router, "/v1/models")
            names = [model["id"] for model in listed["data"]]
            for name in names:
                status, model = await call(router, f"/v1/models/{name}")
                assert status == 200
                assert model in listed["data"]
            missing = await call(router, "/v1/models/gpt-unknown")
    assert names == ["auto", *(f"auto:{category}" for category in CATEGORIES), "gpt-4o", "b1"]
    assert all(isinstance(model["created"], int) for model in listed["data"])
    assert {model["object"] for model in listed["data"]} == {"model"}
    assert missing[0] == 404
    assert missing[1]["error"]["code"] == "model_not_found"


async def test_an_unknown_model_is_described_where_unknown_models_are_served(
    tmp_path: Path,
) -> None:
    """`unknown_models: auto` means that any name works."""
    async with (
        ScriptedBackend(closes) as backend,
        running_router(tmp_path, policy_for(backend, unknown_models="auto")) as router,
    ):
        assert (await call(router, "/v1/models/anything"))[0] == 200


async def test_explain_says_what_would_happen_and_sends_nothing(tmp_path: Path) -> None:
    """The body of a request in; classification, decision and reasons out."""
    async with (
        ScriptedBackend(answers(b"{}")) as backend,
        running_router(tmp_path, policy_for(backend)) as router,
    ):
        ask = {"role": "user", "content": "Fix this:\n```python\ndef f(x) return x\n```"}
        status, body = await call(
            router, "/router/explain", None, {"model": "auto", "messages": [ask]}
        )
        assert backend.received == []
    assert status == 200
    assert body["classification"]["category"] == "code-edit"
    assert sum(body["classification"]["probabilities"].values()) == pytest.approx(1)
    assert body["decision"]["candidates"] == [{"backend": "b1", "model": "model-of-b1"}]
    assert body["decision"]["reason"] == "route"


async def test_the_policy_and_the_backends_are_shown_without_secrets(tmp_path: Path) -> None:
    """Names of variables, not their values; header values hidden; what cannot be used and why."""
    async with ScriptedBackend(closes) as one, ScriptedBackend(closes) as two:
        document = policy_for(one, two)
        for name, variable in (("b1", "SET"), ("b2", "UNSET")):
            document["backends"][name] |= {
                "api_key_env": variable,
                "auth": "bearer",
                "headers": {"x-gateway": "hush"},
            }
        async with running_router(tmp_path, document, {"SET": "secret"}) as router:
            _, policy = await call(router, "/router/policy")
            _, backends = await call(router, "/router/backends")
            _, ready = await call(router, "/readyz")
    shown = json.dumps([policy, backends])
    assert "secret" not in shown
    assert "hush" not in shown
    assert "UNSET" in shown
    usable = {each["name"]: (each["usable"], each["reason"]) for each in backends["backends"]}
    assert usable == {"b1": (True, None), "b2": (False, "no_key")}
    assert isinstance(backends["pid"], int)
    assert ready == {"status": "ready", "backends": ["b1"]}


async def test_a_router_without_a_usable_backend_is_not_ready(tmp_path: Path) -> None:
    """And a request gets a 503 that says why."""
    async with ScriptedBackend(closes) as backend:
        document = policy_for(backend)
        document["backends"]["b1"] |= {"api_key_env": "UNSET", "auth": "bearer"}
        async with running_router(tmp_path, document) as router:
            assert (await call(router, "/readyz"))[0] == 503
            status, body = await call(router, CHAT, None, ASK)
    assert status == 503
    assert body["error"]["code"] == "no_backend_available"
    assert "key" in body["error"]["message"]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/chat/completions", "lacks /v1"),
        ("/v1/v1/chat/completions", "/v1 twice"),
        ("/v1/nothing", "/v1/chat/completions"),
        ("/", "/v1/chat/completions"),
    ],
)
async def test_a_wrong_path_is_told_the_right_one(tmp_path: Path, path: str, words: str) -> None:
    """404 in OpenAI's shape."""
    async with (
        ScriptedBackend(closes) as backend,
        running_router(tmp_path, policy_for(backend)) as router,
    ):
        status, body = await call(router, path, None, ASK)
    assert status == 404
    assert words in body["error"]["message"]


async def test_a_wrong_method_is_a_405(tmp_path: Path) -> None:
    """In OpenAI's shape too."""
    async with (
        ScriptedBackend(closes) as backend,
        running_router(tmp_path, policy_for(backend)) as router,
    ):
        status, body = await call(router, CHAT)
    assert status == 405
    assert body["error"]["code"] == "method_not_allowed"


def series(text: bytes) -> dict[str, float]:
    """Return the samples of an exposition."""
    lines = [line for line in text.decode().splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


async def scraped(router: Any) -> dict[str, float]:
    """Return the router's metrics."""
    return series((await call(router, "/metrics"))[1])


async def test_one_request_shows_in_every_metric_that_concerns_it(tmp_path: Path) -> None:
    """Counted once, under names that the policy and the tables give."""
    answer = chat_answer("x", prompt_tokens=12, completion_tokens=3)
    async with ScriptedBackend(answers(answer)) as backend:
        policy = policy_for(backend)
        async with running_router(tmp_path, policy) as router:
            await call(router, CHAT, None, ASK)
            found = await scraped(router)
    where = 'category="general-instruct"'
    backend_label = 'backend="b1"'
    endpoint = 'endpoint="/chat/completions"'
    stage = next(key for key in found if key.startswith("task_router_requests_total"))
    assert all(part in stage for part in (where, backend_label, endpoint, 'outcome="ok"'))
    assert found[stage] == 1
    labels = f"{{{backend_label},{where},{endpoint}}}"
    assert found[f"task_router_request_duration_seconds_count{labels}"] == 1
    assert found["task_router_overhead_seconds_count"] == 1
    assert found[f"task_router_classification_confidence_count{{{where}}}"] == 1
    tokens = 'task_router_tokens_total{backend="b1",client="anonymous",kind="%s"}'
    assert found[tokens % "input"] == 12
    assert found[tokens % "output"] == 3
    attempts = 'task_router_upstream_attempts_total{backend="b1",outcome="answered"}'
    assert found[attempts] == 1
    assert found['task_router_requests_in_flight{backend="b1"}'] == 0
    assert found["task_router_policy_loaded_timestamp_seconds"] > 1e9
    assert [key for key in found if key.startswith("task_router_policy_info{generation=")]
    assert [key for key in found if key.startswith("task_router_build_info{version=")]


async def test_failures_are_counted_as_what_they_are(tmp_path: Path) -> None:
    """Refused, unreachable and missing usage each have their place."""
    async with (
        ScriptedBackend(answers(b"{}"), closes) as backend,
        running_router(tmp_path, policy_for(backend)) as router,
    ):
        await call(router, CHAT, None, ASK)
        await call(router, CHAT, None, ASK)
        await call(router, CHAT, None, {"model": "unknown"})
        await call(router, CHAT, None, {**ASK, "model": "b1"})
        await call(router, CHAT, {"Content-Encoding": "br"}, ASK)
        found = await scraped(router)
    assert found['task_router_usage_missing_total{backend="b1"}'] == 1
    assert found['task_router_upstream_attempts_total{backend="b1",outcome="reset"}'] == 4
    outcomes = {
        outcome: sum(
            value
            for key, value in found.items()
            if key.startswith("task_router_requests_total") and f'outcome="{outcome}"' in key
        )
        for outcome in ("ok", "unreachable", "refused")
    }
    assert outcomes == {"ok": 1, "unreachable": 2, "refused": 2}
    assert not [key for key in found if "unknown" in key and "requests_total" in key]


async def test_a_request_below_min_confidence_goes_to_the_default(tmp_path: Path) -> None:
    """The header and the counter say why."""
    async with ScriptedBackend(answers(b"{}")) as one, ScriptedBackend(answers(b"{}")) as two:
        document = policy_for(one, two, classification={"min_confidence": 1.0}, default="b2")
        async with running_router(tmp_path, document) as router:
            await call(router, CHAT, None, ASK)
            found = await scraped(router)
    assert len(two.received) == 1
    assert found['task_router_classification_fallbacks_total{reason="low_confidence"}'] == 1
