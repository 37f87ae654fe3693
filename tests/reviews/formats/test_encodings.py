"""Which encoding a file is in, and what was damaged before it came here."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.reviews import cells
from tests.reviews.formats.helpers import told

GERMAN = "Es glänzt über dem Hafen"
SAID = {
    "utf-8-sig": GERMAN,
    "utf-16": GERMAN,
    "utf-16-le": GERMAN,
    "utf-16-be": GERMAN,
    "utf-32": GERMAN,
    "utf-32-le": GERMAN,
    "utf-32-be": GERMAN,
    "cp1252": "The café’s naïve light – “déjà vu”, a façade",
    "cp1254": "Işık güzel, şiir gibi çok ağır bir film, İstanbul",
    "cp1251": "Очень хороший фильм, море снято прекрасно",
    "shift-jis": "とても美しい映画でした。海の場面が好きです",
}


@pytest.mark.parametrize(("encoding", "text"), SAID.items())
def test_a_table_is_read_in_its_encoding_and_a_guess_is_said(tmp_path: Path, encoding: str, text: str) -> None:
    rows = "text;user\n" + "".join(f"{text} {n};Ann\n" for n in range(6))
    found = told(tmp_path / "x.csv", rows.encode(encoding))
    assert found.texts == [f"{text} {n}" for n in range(6)]
    marked = encoding in ("utf-8-sig", "utf-16", "utf-32")
    assert found.noted("which its zero bytes show" if "utf" in encoding else "a guess by its letters") == (not marked)


def test_a_utf8_file_with_two_broken_bytes_stays_utf8_and_only_their_rows_are_rejected(tmp_path: Path) -> None:
    rows = "text;user\n" + "".join(f"{GERMAN} {n};Änn\n" for n in range(20))
    broken = b"Es gl\xe4nzt;B\nI sl\xffept.;C\nFine and well.;D\n"
    found = told(tmp_path / "x.csv", rows.encode() + broken)
    assert found.texts == [*(f"{GERMAN} {n}" for n in range(20)), "Fine and well."]
    assert [bad.line for bad in found.rejected] == [22, 23]
    assert set(found.reasons) == {"it holds a byte that does not belong to the file's encoding"}
    assert found.noted("2 of its bytes are not UTF-8, as the rest is")


def test_text_of_utf16_that_breaks_off_says_so(tmp_path: Path) -> None:
    found = told(tmp_path / "x.csv", ("text;user\n" + f"{GERMAN};Ann\n" * 9).encode("utf-16")[:-1])
    assert "UTF-16 text to its end" in found.reasons[-1]


@pytest.mark.parametrize(
    ("damaged", "said"),
    [
        ("The cafÃ© is lit", "The café is lit"),
        ("SÃ£o Paulo", "São Paulo"),
        ("It’s â€œlightâ€\x9d", "It’s “light”"),
        ("dâ€™accord", "d’accord"),
        ("ÐœÐ¾Ñ€Ðµ", "Море"),
        ("cafÃ© et voilÃ  tout", "café et voilà tout"),
    ],
)
def test_mojibake_is_turned_back(damaged: str, said: str) -> None:
    assert cells.mended(damaged) == said


@pytest.mark.parametrize(
    "text",
    [
        "He wrote Ã on the wall.",
        "SÃO PAULO",
        "They typed â€ by mistake",
        "A lone â€",
        "Ã la carte",
        "naïve café, “déjà vu” — façade",
        "Işık güzel, şiir gibi",
        "Что за â",
        "🙂 Ünlü",
        "Â£5 is all it cost".replace("Â", ""),
    ],
)
def test_what_lawfully_holds_such_letters_is_untouched(text: str) -> None:
    assert cells.mended(text) == text


def test_what_was_mended_is_counted_in_one_note_and_what_is_lost_is_kept(tmp_path: Path) -> None:
    rows = "text;user\nThe cafÃ© is lit;AndrÃ©\nSÃ£o Paulo;Bo\nIt isnâ??t so;Cy\n"
    found = told(tmp_path / "x.csv", rows)
    assert found.texts == ["The café is lit", "São Paulo", "It isnâ??t so"]
    assert found.records[0].critic == "André"
    assert [note for note in found.notes if "mojibake" in note] == [
        "mojibake was turned back in 3 of its values (“cafÃ©” → “café”)"
    ]
    assert found.noted("1 of its texts had lost characters before they came here")


def test_what_names_a_record_is_what_was_read_not_what_was_mended(tmp_path: Path) -> None:
    damaged = told(tmp_path / "x.csv", "text;user\nThe cafÃ© is lit;Ann\n").records[0]
    whole = told(tmp_path / "x.csv", "text;user\nThe café is lit;Ann\n").records[0]
    assert damaged.text == whole.text
    assert damaged.digest != whole.digest
