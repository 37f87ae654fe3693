"""Messy tables: encodings, delimiters, headers and columns as people's exports have them. The texts are invented."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.records import Note, Record, Rejected
from rag.reviews import cells, columns
from rag.reviews.formats import delimited
from rag.reviews.read import Item, ReadOptions, Source, read

GLOWS = "The harbour glows, and the lamp hums."
SLEPT = "I slept through most of the last act."


def items_of(path: Path, content: str | bytes, **options: object) -> list[Item]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read([path], ReadOptions(**options)))  # type: ignore[arg-type]


def records(items: list[Item]) -> list[Record]:
    return [item for item in items if isinstance(item, Record)]


def texts(items: list[Item]) -> list[str]:
    return [record.text for record in records(items)]


def notes(items: list[Item]) -> str:
    return "\n".join(item.text for item in items if isinstance(item, Note))


def rejected(items: list[Item]) -> list[tuple[int | None, str]]:
    return [(item.line, item.reason) for item in items if isinstance(item, Rejected)]


def fields(items: list[Item]) -> dict[str, str]:
    (source,) = [item for item in items if isinstance(item, Source)]
    return {column.field: column.column for column in source.columns if column.field}


# ── encodings ────────────────────────────────────────────────────────────────────────────────────

SPOKEN = {
    "cp1254": "Bu ürünü geçen ay aldım; şarjı çok iyi, ekranı güzel. Kargo hızlıydı, fakat kutusu ezilmişti.",
    "cp1252": "L’été dernier, le dîner était décevant : la crème brûlée n’avait aucun goût. Cœur brisé.",
    "cp1251": "Номер был чистый, но завтрак остыл, и никто не извинился. Вид из окна прекрасный.",
    "cp1250": "Obsługa była miła, choć zupa okazała się zimna. Wyjście zamknięte, a łóżko skrzypiało.",
    "cp1253": "Το δωμάτιο ήταν καθαρό, αλλά το πρωινό κρύο και κανείς δεν ζήτησε συγγνώμη.",
    "koi8-r": "Номер был чистый, но завтрак остыл, и никто не извинился. Второй раз не поеду.",
    "shift_jis": "部屋はきれいでしたが、朝食は冷めていました。窓からの眺めは素晴らしいです。",
    "gb18030": "房间很干净，但是早餐凉了，也没有人道歉。窗外的景色很美，价格偏高。",
    "euc-kr": "방은 깨끗했지만 아침 식사가 식어 있었고 아무도 사과하지 않았습니다.",
    "utf-16-le": "The harbour glows, said Şule, and hums.",
    "utf-16-be": "The harbour glows, said Şule, and hums.",
    "utf-32": "The harbour glows, said Şule, and hums.",
}


@pytest.mark.parametrize("encoding", SPOKEN)
@pytest.mark.parametrize("name", ["x.csv", "x.txt"])
def test_encodings_are_told_and_a_guess_is_noted(tmp_path: Path, encoding: str, name: str) -> None:
    text = SPOKEN[encoding]
    content = "user;text\n" + f"Ann;“{text}”\n".replace("“", '"').replace("”", '"') if name == "x.csv" else text
    items = items_of(tmp_path / name, content.replace(";", ",", 0).encode(encoding))
    assert texts(items) == [text]
    assert "read as" in notes(items) or encoding == "utf-32"


def test_a_letter_far_behind_a_megabyte_of_ascii_still_tells(tmp_path: Path) -> None:
    content = "text\n" + f"{GLOWS}\n" * 40_000 + f'"{SPOKEN["cp1254"]}"\n'
    assert texts(items_of(tmp_path / "x.csv", content.encode("cp1254")))[-1] == SPOKEN["cp1254"]


def test_a_few_broken_bytes_cost_their_rows_and_not_the_encoding(tmp_path: Path) -> None:
    good = "".join(f"Ünlü bir şarkı gibi: {n}.\n" for n in range(9))
    items = items_of(tmp_path / "x.csv", f"text\n{good}".encode() + b"A bad \xff byte.\n" + "Şarkı bitti.\n".encode())
    assert (len(records(items)), texts(items)[-1]) == (10, "Şarkı bitti.")
    assert rejected(items) == [(11, "it holds a byte that does not belong to the file's encoding")]
    assert "1 of its bytes are not UTF-8" in notes(items)


@pytest.mark.parametrize("written", ["cp1252", "latin-1"])
def test_mojibake_is_turned_back_and_counted(tmp_path: Path, written: str) -> None:
    text = "It’s a naïve café — Brontë’s, even. 😀"
    (tmp_path / "x.csv").write_text("")
    items = items_of(tmp_path / "x.csv", f'text\n"{ftfy_like(text, written)}"\n{GLOWS}\n'.replace(GLOWS, f'"{GLOWS}"'))
    assert texts(items) == [text, GLOWS]
    assert "mojibake was turned back in 1 of its values" in notes(items)


def ftfy_like(text: str, encoding: str) -> str:
    """A text as a program shows it that takes UTF-8 for another encoding."""
    return "".join(
        bytes([b]).decode(encoding) if b not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else chr(b) for b in text.encode()
    )


@pytest.mark.parametrize(
    "text",
    ["L’été à Łódź", "VÃO", "São Paulo", "ÅÄÖ", "Ñandú", "Ð", "Ï€ and Ω", "“ªº”", "ÇA ALORS…", "naïve café", "10 °C", "日本", "İstanbul", "¡Ã!", "Â", "voilà"],
)  # fmt: skip
def test_rare_letters_are_no_mojibake(text: str) -> None:
    assert cells.mended(text) == text


@given(st.text())
def test_mending_what_is_mended_changes_nothing(text: str) -> None:
    assert cells.mended(cells.mended(text)) == cells.mended(text)


def test_characters_that_were_lost_are_kept_as_they_are_and_counted(tmp_path: Path) -> None:
    items = items_of(tmp_path / "x.txt", "It itâ??s said.")
    assert texts(items) == ["It itâ??s said."]
    assert "1 of its texts had lost characters" in notes(items)


# ── delimiters, quotes, lines ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("content", "mark"),
    [
        ("critic;text\n" + "Ann;Slow, long, dull, and late.\n" * 5, ";"),
        ("who|said\n" + "Ann|Slow; long, dull.\n" * 5, "|"),
        ("a\tb\n" + "1,5\tSlow, long, dull.\n" * 5, "\t"),
        ("sep=;\nwho;text\nAnn;Slow, dull.\n", ";"),
        ("Export of today\n\nwho;text;stars\n" + "Ann;Slow, dull.;4\n" * 4, ";"),
    ],
)
def test_the_delimiter_is_the_one_that_parts_evenly(content: str, mark: str) -> None:
    assert delimited.dialect_of(content).delimiter == mark


def test_a_table_that_says_its_separator_is_believed(tmp_path: Path) -> None:
    (record,) = records(items_of(tmp_path / "x.csv", "sep=|\nuser|text\nAnn|It glows.\n"))
    assert (record.text, record.critic, record.line) == ("It glows.", "Ann", 3)


def test_line_ends_may_be_mixed_and_stand_in_cells(tmp_path: Path) -> None:
    content = 'user,text\r\nAnn,"It glows.\n\nIt hums.\r\nIt ends."\nBo,I slept.\rCy,I left.\r\n'
    items = items_of(tmp_path / "x.csv", content)
    assert texts(items) == ["It glows.\n\nIt hums.\r\nIt ends.", "I slept.", "I left."]


def test_a_stray_quotation_mark_costs_its_line_and_no_other(tmp_path: Path) -> None:
    rows = "".join(f"{n},It glows {n} times.,Ann,4\n" for n in range(400))
    items = items_of(tmp_path / "x.csv", f'id,text,user,stars\n{rows}x,"It breaks,Bo,1\n{rows}')
    assert len(records(items)) == 800
    assert rejected(items) == [(402, "a quotation mark on it is not closed before other rows follow")]
    assert records(items)[400].line == 403


def test_tabs_with_quotes_that_quote_nothing(tmp_path: Path) -> None:
    items = items_of(
        tmp_path / "x.tsv", 'user\ttext\nAnn\t"Salt" glows.\nBo\tA ""great"" film.\nCy\tHe said "no.\nDi\tI left.\n'
    )
    assert texts(items)[1:] == ["A “great” film.".replace("“", '"').replace("”", '"'), 'He said "no.', "I left."]


def test_a_row_with_a_cell_too_many_is_reported(tmp_path: Path) -> None:
    items = items_of(tmp_path / "x.csv", "user,text\nAnn,It glows\nBo,It glows, a bit\n")
    assert rejected(items) == [(3, "it has 3 cells, and the header names 2 columns")]


# ── headers ──────────────────────────────────────────────────────────────────────────────────────


def test_what_stands_before_the_header_is_skipped_and_said(tmp_path: Path) -> None:
    items = items_of(tmp_path / "x.csv", f'My list v7\nmade by,Ann\n\nName,Review,Stars\nSalt,"{GLOWS}",4\n')
    assert (texts(items), records(items)[0].line) == ([GLOWS], 5)
    assert "what stands before its header row (line 4) was skipped" in notes(items)


def test_a_header_among_the_rows_is_left_out_and_said(tmp_path: Path) -> None:
    items = items_of(tmp_path / "x.csv", "user,text\nuser,text\nAnn,It glows.\nuser,text\nBo,I slept.\n")
    assert texts(items) == ["It glows.", "I slept."]
    assert "repeated 2 times" in notes(items)


def test_without_a_header_the_column_of_sentences_is_taken_with_a_note(tmp_path: Path) -> None:
    rows = "".join(f'{n}\tpos\t"{GLOWS} {SLEPT}"\n' for n in range(3))
    items = items_of(tmp_path / "x.tsv", rows)
    assert (len(texts(items)), records(items)[0].line) == (3, 1)
    assert "it has no header row; its columns are called column 1 to column 3" in notes(items)
    assert "'column 3' was taken for the text" in notes(items)


def test_without_a_header_a_map_names_the_column(tmp_path: Path) -> None:
    items = items_of(
        tmp_path / "x.csv", "7,fine,Ann\n8,poor,Bo\n", column_map={"text": "column 2", "critic": "column 3"}
    )
    assert [(r.text, r.critic) for r in records(items)] == [("fine", "Ann"), ("poor", "Bo")]


def test_columns_of_one_name_are_told_apart_and_unnamed_ones_numbered(tmp_path: Path) -> None:
    items = items_of(tmp_path / "x.csv", f',text,text,stars\n0,"{GLOWS}",short,4\n')
    (source,) = [item for item in items if isinstance(item, Source)]
    assert [column.column for column in source.columns] == ["column 1", "text", "text (2)", "stars"]
    assert texts(items) == [GLOWS]


@pytest.mark.parametrize("name", ["Review", "text", "Bewertungstext", "said"])
def test_a_lone_column_is_the_text(tmp_path: Path, name: str) -> None:
    assert texts(items_of(tmp_path / "x.csv", f"{name}\nIt glows.\n\nI slept, mostly.\n"))[0] == "It glows."


def test_a_column_too_many_is_said_and_nothing_read(tmp_path: Path) -> None:
    items = items_of(tmp_path / "x.csv", ",".join(f"c{n}" for n in range(1_500)) + "\n" + "x," * 1_499 + "x\n")
    assert rejected(items) == [(None, "it has 1,500 columns; at most 1,000 are read")]


def test_one_odd_name_does_not_cost_the_header(tmp_path: Path) -> None:
    header = "Hotel Name;Comment (guest);Who wrote;When;Stars!!;Portal"
    items = items_of(tmp_path / "x.csv", f'{header}\nHotel Seeblick;"{GLOWS}";Ann K.;2024-05-17;3/5;Booking\n')
    (record,) = records(items)
    assert (record.title, record.text, record.critic, record.date) == ("Hotel Seeblick", GLOWS, "Ann K.", "2024-05-17")
    assert (record.rating, record.outlet) == ("3/5", "Booking")


def test_a_row_of_values_is_no_header_for_one_known_word(tmp_path: Path) -> None:
    items = items_of(tmp_path / "x.csv", f'Hotel,Fine!,7\nInn,"{GLOWS}",8\nInn,"{SLEPT}",9\n')
    assert "it has no header row" in notes(items)


@pytest.mark.parametrize("name", ["Stars (1-5)", "Rating [out of 10]", "Score (max. 5)", "stars!!"])
def test_a_scale_in_brackets_changes_no_name(tmp_path: Path, name: str) -> None:
    (record,) = records(items_of(tmp_path / "x.csv", f'Review;{name}\n"{GLOWS}";4\n'))
    assert record.rating == "4"


# ── columns ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "header",
    [
        "Yorum;Puan;Kullanıcı Adı", "Görüş;Puan;Yazar", "Отзыв;Оценка;Автор", "Текст отзыва;Рейтинг;Автор", "avis;note;auteur",
        "Commentaire;note;auteur", "reseña;puntuación;usuario", "Opinión;Nota;Autor", "Recensione;Voto;Autore",
        "Comentário;Nota;Usuário", "Bewertungstext;Sterne;Verfasser", "Kommentar;Bewertung;Autor", "评论;评分;用户名",
        "My Review;My Rating;User", "Review Text;Star Rating;Reviewer Name", "review_text;score;author_name",
        "comment_text;stars;display name", "text_original;rating;author",
    ],
)  # fmt: skip
def test_columns_of_many_languages_are_known(tmp_path: Path, header: str) -> None:
    items = items_of(tmp_path / "x.csv", f'{header}\n"{GLOWS}";4;Ann\n')
    found = [(record.text, record.rating, record.critic) for record in records(items)]
    assert found == [(GLOWS, "4", "Ann")]


def test_a_word_that_may_be_rating_or_text_is_what_its_cells_are(tmp_path: Path) -> None:
    assert fields(items_of(tmp_path / "x.csv", f'Bewertung;Kommentar\n4;"{GLOWS}"\n')) == {
        "text": "Kommentar",
        "rating": "Bewertung",
    }
    assert fields(items_of(tmp_path / "y.csv", f'Bewertung;Sterne\n"{GLOWS}";4\n')) == {
        "text": "Bewertung",
        "rating": "Sterne",
    }


def test_of_two_columns_for_the_text_the_one_with_sentences_is_taken(tmp_path: Path) -> None:
    assert fields(items_of(tmp_path / "x.csv", f'review,comment\npositive,"{GLOWS}"\n'))["text"] == "comment"
    assert fields(items_of(tmp_path / "x.csv", f'review,comment\n"{GLOWS}","{SLEPT}"\n'))["text"] == "review"


def test_a_description_of_the_item_is_never_guessed_to_be_a_review(tmp_path: Path) -> None:
    items = items_of(tmp_path / "x.csv", f'name,plot\nSalt,"{GLOWS} {SLEPT}"\n')
    assert "no column holds the review text" in rejected(items)[0][1]


def test_in_a_list_of_books_author_and_publisher_did_not_review(tmp_path: Path) -> None:
    content = f'Book Id,Title,Author,ISBN,My Rating,Publisher,My Review\n7,Salt,Mara Quill,978,0,Quay,"{GLOWS}"\n'
    (record,) = records(items_of(tmp_path / "x.csv", content))
    assert (record.title, record.critic, record.outlet, record.rating) == ("Salt", None, None, None)


def test_a_title_that_changes_under_one_item_is_a_headline(tmp_path: Path) -> None:
    content = f'asin,title,text\nB1,Great,"{GLOWS}"\nB1,Poor,"{SLEPT}"\n'
    items = items_of(tmp_path / "x.csv", content)
    assert {record.title for record in records(items)} == {"x"}
    assert "holds headlines" in notes(items)
    assert {r.title for r in records(items_of(tmp_path / "y.csv", content.replace("Poor", "Great")))} == {"Great"}


@pytest.mark.parametrize("column", ["Summary", "Headline", "Review Title"])
def test_a_headline_is_not_what_is_reviewed(tmp_path: Path, column: str) -> None:
    assert records(items_of(tmp_path / "x.csv", f'{column},text\nGreat,"{GLOWS}"\n'))[0].title == "x"


def test_the_film_of_letterboxd_is_called_name(tmp_path: Path) -> None:
    content = f'Date,Name,Year,Letterboxd URI,Rating,Review\n2025-03-02,Salt,2024,https://b.example/1,4,"{GLOWS}"\n'
    assert records(items_of(tmp_path / "x.csv", content))[0].title == "Salt"


@pytest.mark.parametrize("written", ["1612112012", "1612112012345", "1612112012.0"])
def test_a_column_of_seconds_since_1970_is_read_as_dates(tmp_path: Path, written: str) -> None:
    assert records(items_of(tmp_path / "x.csv", f"text,timestamp\nIt glows.,{written}\n"))[0].date == "2021-01-31"
    mixed = items_of(tmp_path / "y.csv", f"text,timestamp\nIt glows.,{written}\nI slept.,7\n")
    assert [record.date for record in records(mixed)] == [None, None]


@pytest.mark.parametrize(
    ("settling", "of_the_other"),
    [("17/08/2024", "2024-04-03"), ("08/17/2024", "2024-03-04"), ("04/03/2024", None), ("17-08-2024", None)],
)
def test_one_date_in_the_column_settles_what_stands_first(
    tmp_path: Path, settling: str, of_the_other: str | None
) -> None:
    rows = "".join(f"Glow number {n} is long enough.,03/04/2024\n" for n in range(150))  # further than one look reaches
    items = items_of(tmp_path / "x.csv", f"text,date\n{rows}It glows.,{settling}\n")
    assert records(items)[0].date == of_the_other


def test_a_column_that_contradicts_itself_settles_nothing(tmp_path: Path) -> None:
    items = items_of(tmp_path / "x.csv", "text,date\nIt,03/04/2024\nis,17/08/2024\nso,08/17/2024\n")
    assert [record.date for record in records(items)] == [None, "2024-08-17", "2024-08-17"]
    assert "1 date could not be read and is left empty" in notes(items)


def test_a_column_with_dots_may_deny_that_the_day_is_first(tmp_path: Path) -> None:
    items = items_of(tmp_path / "x.csv", "text,date\nIt,03.04.2024\nis,08.17.2024\n")
    assert [record.date for record in records(items)] == ["2024-03-04", "2024-08-17"]


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("['a', 'b']", "a\nb"),
        ('["a", "b"]', "a\nb"),
        ('{"text":"a "},{"text":"b"}', "a b"),
        ("['a', 7]", "['a', 7]"),
        ("[sic] it glows", "[sic] it glows"),
        ("['open", "['open"),
        ("[" * 5_000 + "]" * 5_000, "[" * 5_000 + "]" * 5_000),
        ("[]", ""),
    ],
)
def test_a_cell_that_is_wholly_a_list_of_strings_is_joined(cell: str, said: str) -> None:
    assert cells.unwrapped(cell, "\n") == said


def test_known_names_are_told_without_case_accents_and_marks() -> None:
    assert columns.recognise(["REVIEW_text", "Puntuacion", "KULLANICI ADI"], {}).fields == {
        "text": "REVIEW_text",
        "rating": "Puntuacion",
        "critic": "KULLANICI ADI",
    }
