from __future__ import annotations

import ast
import html as standard_html
import re
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ui
from ui import safe

TEXT = st.text(
    alphabet=st.one_of(
        st.characters(),
        st.sampled_from("\x00\x1b\r\n\t\u202e\u2066\u2069\u200f\ud800:@.w*_[]()!<>&\"'`$#|~\\ "),
    ),
    max_size=300,
)
ACTING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@given(TEXT)
def test_plain_holds_no_acting_character_and_can_be_sent(text: str) -> None:
    shown = safe.plain(text)
    assert not ACTING.search(shown)
    shown.encode("utf-8")


@given(TEXT)
def test_plain_says_the_same_twice(text: str) -> None:
    assert safe.plain(safe.plain(text)) == safe.plain(text)


@given(TEXT)
def test_html_reads_back_as_the_visible_text_and_holds_no_markup(text: str) -> None:
    escaped = safe.html(text)
    assert standard_html.unescape(escaped) == safe.visible(text)
    assert not set("<>\"'") & set(escaped)


@given(TEXT)
def test_label_escapes_every_punctuation_character_and_stays_on_a_line(text: str) -> None:
    made = safe.label(text)
    assert "\n" not in made
    assert not re.search(rf"(?<!\\)(?:\\\\)*[{re.escape(string.punctuation.replace(chr(92), ''))}]", made)
    assert not re.search(r"[:@](?!\u2060)", made)
    assert not re.search(r"www\\?\.", made, re.IGNORECASE)


@given(TEXT)
def test_label_without_its_escapes_is_the_line(text: str) -> None:
    line = safe.one_line(text)
    made = re.sub(r"\\(.)", r"\1", safe.label(text, limit=10_000))
    assert made.replace("\u2060", "") == line.replace("\u2060", "")


def test_label_is_short() -> None:
    made = safe.label("*a" * 1_000_000)
    assert len(made) < 2 * safe.LABEL_LENGTH + 1
    assert made.endswith("…")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a b", "a b"),
        ("![x](y)", r"\!\[x\]\(y\)"),
        (":streamlit:", "\\:\u2060streamlit\\:\u2060"),
        ("me@x.org", "me\\@\u2060x\\.org"),
        ("WWW.x", "WWW\u2060\\.x"),
        ("two\nlines", "two lines"),
    ],
)
def test_label_of_what_is_known_to_act(text: str, expected: str) -> None:
    assert safe.label(text) == expected


@given(TEXT)
def test_pieces_joined_are_the_text_to_the_letter(text: str) -> None:
    made = safe.pieces(text)
    raw = "".join(piece if isinstance(piece, str) else piece["raw"] for piece in made)
    assert raw == re.sub("[\ud800-\udfff]", "", text)
    assert all(not ACTING.search(piece.replace("\r", "")) for piece in made if isinstance(piece, str))


def test_pieces_name_what_would_act() -> None:
    assert safe.pieces("ab\u202ec") == ["ab", {"tag": "U+202E", "raw": "\u202e"}, "c"]
    assert safe.pieces("\ud800") == [{"tag": "U+D800", "raw": ""}]
    assert safe.pieces("") == []


# ── the rule is kept ─────────────────────────────────────────────────────────────────────────────

INERT = {"text_input", "selectbox", "cache_resource", "html", "navigation", "Page", "set_page_config", "logo", "code",
         "altair_chart", "dataframe", "text", "columns", "container", "fragment", "rerun", "form", "stop"}  # fmt: skip
MARKDOWN = ("label", "body", "help", "title", "text")
"""Keywords whose value Streamlit reads as Markdown."""
MODULES = sorted(Path(ui.__file__).parent.glob("*.py"))


def _calls_of_streamlit(path: Path) -> list[tuple[str, ast.Call]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    return [(c.func.attr, c) for c in calls if isinstance(c.func.value, ast.Name) and c.func.value.id == "st"]


def _is_fixed(value: ast.expr) -> bool:
    """A literal, a choice between literals, or what `label` made."""
    if isinstance(value, ast.IfExp):
        return _is_fixed(value.body) and _is_fixed(value.orelse)
    made_by_label = isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "label"
    return isinstance(value, ast.Constant) or made_by_label


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_markdown_calls_get_fixed_words_only(path: Path) -> None:
    """Whatever Streamlit would read as Markdown is a literal here, or made by `label`."""
    for name, call in _calls_of_streamlit(path):
        shown = [] if name in (*INERT, "progress") else call.args[:1]
        shown += [] if name in INERT else [word.value for word in call.keywords if word.arg in MARKDOWN]
        for value in shown:
            assert _is_fixed(value), f"{path.name}:{call.lineno}: st.{name} gets foreign text"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_html_comes_from_messages_or_a_file(path: Path) -> None:
    for name, call in _calls_of_streamlit(path):
        if name == "html":
            made = ast.unparse(call.args[0])
            assert made.startswith(("messages.", "_HERE")), f"{path.name}:{call.lineno}: st.html gets {made}"


def test_script_makes_no_markup() -> None:
    script = (Path(ui.__file__).parent / "answer.js").read_text(encoding="utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|\.href\b|\.src\b", script)
