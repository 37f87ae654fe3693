from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
import streamlit.config

from rag.errors import ExtraMissing
from ui import launch


def test_command_is_this_python_and_names_the_library() -> None:
    argv, env = launch.command(Path("some/library"), host="127.0.0.1", port=1234, headless=True)
    assert argv[:4] == [sys.executable, "-m", "streamlit", "run"]
    assert Path(argv[4]).name == "app.py"
    assert Path(argv[4]).is_file()
    assert env == {"PULLQUOTE_LIBRARY": str(Path("some/library").absolute())}
    assert {"--server.port=1234", "--server.headless=true", "--server.address=127.0.0.1"} <= set(argv)
    assert {"--browser.gatherUsageStats=false", "--client.showErrorDetails=none"} <= set(argv)


def test_without_a_port_streamlit_chooses() -> None:
    argv, _ = launch.command(Path("x"))
    assert not any(flag.startswith("--server.port") for flag in argv)
    assert "--server.headless=false" in argv


def test_every_option_is_one_that_streamlit_knows() -> None:
    argv, _ = launch.command(Path("x"), port=1)
    known = set(streamlit.config.get_config_options())
    assert {flag.removeprefix("--").split("=")[0] for flag in argv[5:]} <= known


def test_without_streamlit_the_error_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(ExtraMissing) as caught:
        launch.command(Path("x"))
    assert "pullquote[ui]" in (caught.value.hint or "")
