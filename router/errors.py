"""The one tree of errors.

In: what went wrong, in words that say what to do next. Out: exceptions that know their HTTP
status, API error type and code, and whether another candidate may be tried. Never: a key, a
prompt, an internal URL or a traceback in a message.

The shape (`message`, `type`, `param`, `code`) and the codes are those of OpenAI's API reference,
section "Error codes"; clients key on `code`.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from router.closed_sets import AttemptOutcome
from router.types import RawHeaders


class RouterError(Exception):
    """Anything that ends a request with an HTTP error of our own."""

    status: ClassVar[int] = 500
    type: ClassVar[str] = "server_error"
    code: ClassVar[str | None] = "internal_error"

    def __init__(self, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.headers: RawHeaders = ()
        """Header lines of the router for the client: the decision, as far as there was one."""

    def body(self) -> dict[str, Any]:
        """Return the error as OpenAI's API writes it."""
        return {
            "error": {
                "message": self.message,
                "type": self.type,
                "param": self.param,
                "code": self.code,
            },
        }


class InternalError(RouterError):
    """The router itself failed; the log has the details under the request id."""


class RequestError(RouterError):
    """The client's request cannot be served as it is."""

    status = 400
    type = "invalid_request_error"
    code = "invalid_request"


class InvalidBodyError(RequestError):
    """The body is not a JSON object."""

    code = "invalid_json"


class ModelMissingError(RequestError):
    """The body names no model, or not by a string."""

    code = "model_missing"


class UnknownModelError(RequestError):
    """The model is none of auto, auto:<category>, an alias or a backend."""

    status = 404
    code = "model_not_found"


class UnknownCategoryError(RequestError):
    """The declared category is not in the table."""

    code = "unknown_category"


class UnknownBackendError(RequestError):
    """The pinned backend is not in the policy."""

    code = "unknown_backend"


class NeedUnmetError(RequestError):
    """Every candidate is known not to do what the request needs."""

    code = "unsupported_by_backends"


class BodyTooLargeError(RequestError):
    """The body is longer than the policy's limit."""

    status = 413
    code = "request_too_large"


class UnsupportedEncodingError(RequestError):
    """The body comes in a content coding that is not read."""

    status = 415
    code = "unsupported_content_encoding"


class NotFoundError(RequestError):
    """No such path."""

    status = 404
    code = "not_found"


class MethodNotAllowedError(RequestError):
    """The path exists, the method on it does not."""

    status = 405
    code = "method_not_allowed"


class AuthenticationError(RequestError):
    """The client's key is missing or wrong."""

    status = 401
    code = "invalid_api_key"


class AccessDeniedError(RequestError):
    """The sender may not use this path, or not from there."""

    status = 403
    code = "access_denied"


class UpstreamError(RouterError):
    """A backend gave no usable answer."""

    status = 502
    type = "upstream_error"
    code = "backend_failed"
    try_next: ClassVar[bool] = True
    outcome: ClassVar[AttemptOutcome] = "reset"


class ConnectFailedError(UpstreamError):
    """No connection: refused, unresolvable, unreachable or failed TLS."""

    code = "backend_unreachable"
    outcome = "connect_failed"


class UpstreamResetError(UpstreamError):
    """The connection ended before the answer did."""

    code = "backend_connection_lost"


class UpstreamProtocolError(UpstreamError):
    """What came back is not HTTP."""

    code = "backend_bad_answer"
    outcome = "protocol_error"


class UpstreamTimeoutError(UpstreamError):
    """The backend took longer than the policy allows."""

    status = 504
    code = "backend_timeout"
    outcome = "timeout"


class DeadlineError(UpstreamError):
    """The deadline of the whole request passed; no other candidate is tried."""

    status = 504
    code = "deadline_exceeded"
    try_next = False
    outcome = "timeout"


class NoBackendError(UpstreamError):
    """No candidate can be used now."""

    status = 503
    code = "no_backend_available"
    try_next = False


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake in a file that a person wrote."""

    line: int
    """1-based; the line of the offending key."""
    path: str
    """Where in the document, e.g. `routes.code-edit[0]`."""
    message: str


class ConfigurationError(Exception):
    """A file cannot be used. It carries every mistake at once and never reaches an HTTP client."""

    def __init__(self, file: str, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("\n".join(f"{file}:{m.line}: {m.path}: {m.message}" for m in mistakes))
        self.file = file
        self.mistakes = mistakes
