"""How the page is started: one command line that depends on no file in the reader's own `.streamlit` folder."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from rag.errors import ExtraMissing, install_extra

APP = Path(__file__).with_name("app.py")

_OPTIONS = {
    "browser.gatherUsageStats": "false",
    "client.showErrorDetails": "none",
    "client.showErrorLinks": "false",
    "client.toolbarMode": "minimal",
    "runner.magicEnabled": "false",
    "server.enableStaticServing": "false",
    "server.fileWatcherType": "none",
    "server.maxUploadSize": "200",
    "server.showEmailPrompt": "false",
    "theme.font": "sans-serif",
    "theme.headingFont": "serif",
    "theme.codeFont": "monospace",
    "theme.headingFontSizes": "2.1rem,1.6rem,1.3rem,1.1rem,1rem,1rem",
    "theme.headingFontWeights": "600",
    "theme.baseRadius": "0.4rem",
    "theme.buttonRadius": "full",
}

_LIGHT = {
    "primaryColor": "#8c2439",
    "backgroundColor": "#fbfaf6",
    "secondaryBackgroundColor": "#f1ece4",
    "textColor": "#211d1a",
    "linkColor": "#8c2439",
    "borderColor": "#d8d0c3",
    "showWidgetBorder": "true",
}

_DARK = {
    "primaryColor": "#f2a3b0",
    "backgroundColor": "#161514",
    "secondaryBackgroundColor": "#221f1c",
    "textColor": "#ece7e0",
    "linkColor": "#f2a3b0",
    "borderColor": "#413a34",
    "showWidgetBorder": "true",
}


def command(
    library: Path, *, host: str = "127.0.0.1", port: int | None = None, headless: bool = False
) -> tuple[list[str], dict[str, str]]:
    """The arguments and the environment variables to add that serve the page of a library.

    Without a port Streamlit takes 8501 or the next free one. `headless` opens no browser.
    Raises ExtraMissing without Streamlit.
    """
    if importlib.util.find_spec("streamlit") is None:
        raise ExtraMissing("The page needs Streamlit, which is not installed.", install_extra("ui"))
    options = {
        **_OPTIONS,
        **{f"theme.light.{name}": value for name, value in _LIGHT.items()},
        **{f"theme.dark.{name}": value for name, value in _DARK.items()},
        "server.address": host,
        "server.headless": str(headless).lower(),
    }
    if port is not None:
        options["server.port"] = str(port)
    flags = [f"--{name}={value}" for name, value in options.items()]
    argv = [sys.executable, "-m", "streamlit", "run", str(APP), *flags]
    return argv, {"PULLQUOTE_LIBRARY": str(library.absolute())}
