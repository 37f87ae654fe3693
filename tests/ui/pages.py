"""What a page shows, as AppTest knows it."""

from __future__ import annotations

import json
from typing import Any

from streamlit.testing.v1 import AppTest


def html(page: AppTest) -> str:
    """All that was given to `st.html`."""
    return "\n".join(element.proto.body for element in page.get("html"))


def component(page: AppTest) -> dict[str, Any] | None:
    """The data that the component was sent; None where it is not there."""
    found = page.get("bidi_component")
    return json.loads(found[0].proto.json) if found else None
