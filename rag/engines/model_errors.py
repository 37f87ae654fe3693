"""Everything that a model's server can do wrong, as one error that says what to do next. Keys are never in it."""

from __future__ import annotations

import email.utils
import time

import openai

from rag.errors import EngineError, EngineFault
from rag.settings import ModelServer

_SHOWN = 200
_LATER = "Try again later; --engine extractive answers without a model."
_OTHERWISE = "Ask in other words, or another model; --engine extractive answers without one."
_RUNNING = "Is it running, and is OPENAI_BASE_URL right? See: pullquote doctor"
_STATUS: dict[int, tuple[EngineFault, str, str]] = {
    401: ("key", "refuses the key", "Check OPENAI_API_KEY and OPENAI_BASE_URL."),
    403: ("key", "refuses the key", "Check OPENAI_API_KEY and OPENAI_BASE_URL."),
    404: ("unknown", "knows no model {model}, or has no such address", "Check PULLQUOTE_MODEL and OPENAI_BASE_URL."),
    408: ("busy", "took too long", _LATER),
    409: ("busy", "is in conflict with itself", _LATER),
    413: ("context", "finds the request too large", "Choose a model that reads more."),
    429: ("busy", "is asked too often, or the account has no quota left", _LATER),
}
_RETRYABLE = frozenset({408, 409, 429})


def silent(host: str, seconds: float, arrived: int) -> EngineError:
    """It was not done in time."""
    said = "did not answer" if not arrived else "did not come to an end"
    return EngineError(
        "timeout", f"The model at {host} {said} within {seconds:g} seconds.",
        "Is it overloaded? The setting `timeout` gives it longer.", arrived=arrived,
    )  # fmt: skip


def refused(host: str, said: str | None, arrived: int) -> EngineError:
    """The model, or its provider's filter, will not answer."""
    why = f": {_short(said).rstrip('.')}" if said else ""
    return EngineError("filtered", f"The model at {host} refuses to answer{why}.", _OTHERWISE, arrived=arrived)


def no_reply(host: str) -> EngineError:
    """It wrote nothing."""
    return EngineError("rubbish", f"The model at {host} wrote nothing.", _RUNNING)


def broke_off(host: str, arrived: int) -> EngineError:
    """It ended without saying so."""
    return EngineError("broke_off", f"The model at {host} broke off in the middle.", _LATER, arrived=arrived)


def endless(host: str, most: int) -> EngineError:
    """It does not stop."""
    return EngineError(
        "rubbish", f"The model at {host} writes more than {most:,} characters.", _OTHERWISE, arrived=most
    )


def translated(error: Exception, server: ModelServer, model: str, arrived: int) -> EngineError:
    """What a client, a transport or a parser raised."""
    where = f"The model at {server.host}"
    if isinstance(error, openai.APIStatusError):
        return _of_status(error, where, server, model)
    if isinstance(error, openai.APITimeoutError):
        return EngineError("timeout", f"{where} did not answer in time.", _LATER, arrived=arrived)
    if isinstance(error, (ValueError, TypeError, LookupError, AttributeError, AssertionError)):
        return EngineError("rubbish", f"{where} sends what is no answer of a model.", _RUNNING, arrived=arrived)
    if arrived:
        return EngineError("broke_off", f"{where} broke off in the middle.", _LATER, arrived=arrived)
    if isinstance(error, openai.APIError) and not isinstance(error, openai.APIConnectionError):
        return EngineError("server", f"{where} says: {_said(error, server)}", _LATER, retryable=True)
    said = f"{where} can't be reached: {_said(error, server)}"
    return EngineError("unreachable", said, _RUNNING, retryable=not _nobody_there(error))


def _nobody_there(error: BaseException | None) -> bool:
    """Whether no connection came about: where nobody listens now, nobody will in a second."""
    while error is not None:
        if type(error).__name__ == "ConnectError":  # httpx's, or that of the client's own copy
            return True
        error = error.__cause__ or error.__context__
    return False


def _of_status(error: openai.APIStatusError, where: str, server: ModelServer, model: str) -> EngineError:
    status, said = error.status_code, _said(error, server)
    if status >= 500:
        return EngineError(
            "server", f"{where} answers with error {status}.", _LATER, retryable=True, wait_s=retry_after(error)
        )
    if status in _STATUS:
        kind, what, hint = _STATUS[status]
        # Without quota, waiting helps nobody.
        retryable = status in _RETRYABLE and error.code != "insufficient_quota"
        message = f"{where} {what.format(model=model)}."
        return EngineError(kind, message, hint, retryable=retryable, wait_s=retry_after(error))
    if "context" in f"{error.code} {said}".casefold():
        return EngineError("context", f"{where} can't read so much at once: {said}", "Choose one that reads more.")
    return EngineError("rejected", f"{where} refuses the request with {status}: {said}", "See: pullquote doctor")


def retry_after(error: openai.APIStatusError) -> float | None:
    """How many seconds the server asks to wait, given as seconds or as a date (RFC 9110, 10.2.3)."""
    given = error.response.headers.get("retry-after", "")
    try:
        return max(0.0, float(given))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(given).timestamp() - time.time())
    except ValueError:
        return None


def _said(error: Exception, server: ModelServer) -> str:
    """An error's text in one short line, without the key, whoever repeated it."""
    cause: BaseException = error
    while cause.__cause__ is not None:  # "Connection error" says less than what it came of
        cause = cause.__cause__
    body = error.body if isinstance(error, openai.APIStatusError) else None
    told = body.get("message") if isinstance(body, dict) else None
    text = told if isinstance(told, str) else f"{cause}"
    key = server.key.get_secret_value() if server.key else ""
    short = _short(text.replace(key, "…") if key else text) or "the connection was lost"
    return short.rstrip(".") + "."


def _short(text: str | None) -> str:
    return " ".join((text or "").split())[:_SHOWN]
