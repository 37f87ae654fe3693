"""Whether anybody still looks: a question that a model is working on ends when its page is closed."""

from __future__ import annotations

from collections.abc import Callable

from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx


def page_is_closed() -> Callable[[], bool]:
    """Says of the page whose run this is whether it was closed; may be asked from any thread.

    `is_active_session` is not in Streamlit's documented API, so it is used here alone.
    """
    context = get_script_run_ctx(suppress_warning=True)
    if context is None or not runtime.exists():
        return lambda: False
    session = context.session_id
    return lambda: runtime.exists() and not runtime.get_instance().is_active_session(session)
