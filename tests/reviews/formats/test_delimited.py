"""Tables of delimited text: delimiters, headers, quotation marks, and which line a row begins on."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.reviews import cells
from tests.reviews.formats.helpers import PROSE, told


@pytest.mark.parametrize("mark", [";", ",", "\t", "|"])
@pytest.mark.parametrize("ending", [".csv", ".tsv"])
def test_the_delimiter_is_seen_from_the_rows(tmp_path: Path, mark: str, ending: str) -> None:
    rows = [f"{text.replace(',', '')}{mark}Ann" for text in PROSE]
    found = told(tmp_path / f"x{ending}", "\n".join([f"Review{mark}User", *rows]))
    assert found.texts == [text.replace(",", "") for text in PROSE]
    assert (found.records[0].critic, found.lines, found.reasons) == ("Ann", [2, 3, 4], [])


def test_commas_inside_a_semicolon_file_part_nothing(tmp_path: Path) -> None:
    found = told(tmp_path / "x.csv", "Review;User\n" + "".join(f"{text}, yes, truly;Ann\n" for text in PROSE))
    assert found.texts == [f"{text}, yes, truly" for text in PROSE]


def test_without_a_header_columns_are_numbered_and_the_prose_is_taken(tmp_path: Path) -> None:
    found = told(tmp_path / "x.csv", "".join(f"tt{n};{n};{text}, and so on\n" for n, text in enumerate(PROSE)))
    assert found.texts == [f"{text}, and so on" for text in PROSE]
    assert (found.fields, found.lines) == ({"text": "column 3"}, [1, 2, 3])
    assert found.noted("it has no header row; its columns are called column 1 to column 3")
    assert found.noted("the column 'column 3' was taken for the text, because it alone holds sentences")


def test_without_header_and_prose_the_table_is_refused_with_what_to_do(tmp_path: Path) -> None:
    rows = "0;5;a\n1;6;b\n2;7;c\n"
    assert "--map text=COLUMN (it has column 1, column 2, column 3)" in told(tmp_path / "x.csv", rows).reason
    assert told(tmp_path / "x.csv", column_map={"text": "column 3"}).texts == ["a", "b", "c"]


def test_a_header_that_comes_again_is_no_review(tmp_path: Path) -> None:
    found = told(tmp_path / "x.csv", "text,user\nIt glows.,Ann\ntext,user\nI slept.,Bo\n")
    assert (found.texts, found.lines) == (["It glows.", "I slept."], [2, 4])
    assert found.noted("its header row was repeated 1 time among")


def test_what_stands_before_the_header_is_skipped_and_said(tmp_path: Path) -> None:
    head = "My list export v7\nDate,Name\n2025-01-01,Ann\n\n"
    found = told(tmp_path / "x.csv", f"{head}Review,User\n{PROSE[0]},Ann\n{PROSE[1]},Bo\n")
    assert (found.texts, found.lines) == ([PROSE[0], PROSE[1]], [6, 7])
    assert found.noted("what stands before its header row (line 5) was skipped")


def test_cells_of_several_lines_keep_their_line_ends_and_lines_are_counted(tmp_path: Path) -> None:
    found = told(tmp_path / "x.csv", 'text,user\r\n"One.\nTwo.\r\nThree.",Ann\r\nI slept.,Bo\n,Cy\n')
    assert found.texts == ["One.\nTwo.\r\nThree.", "I slept."]
    assert found.lines == [2, 5]
    assert [bad.line for bad in found.rejected] == [6]


def test_a_stray_quotation_mark_costs_its_own_line(tmp_path: Path) -> None:
    rows = [f"{chr(34) if n == 3 else ''}It glows {n}.,Ann,4," for n in range(12)]
    found = told(tmp_path / "x.csv", "\n".join(["text,user,rating,url", *rows]))
    assert found.texts == [f"It glows {n}." for n in range(12) if n != 3]
    assert [bad.line for bad in found.rejected] == [5]


def test_a_stray_quotation_mark_in_a_narrow_table_merges_no_reviews(tmp_path: Path) -> None:
    rows = [f"{chr(34) if n == 3 else ''}It glows {n}.,Ann" for n in range(12)]
    found = told(tmp_path / "x.csv", "\n".join(["text,user", *rows]))
    assert found.texts == [f"It glows {n}." for n in range(12) if n != 3]
    assert [bad.line for bad in found.rejected] == [5]


def test_a_poem_with_a_comma_on_each_line_is_one_review(tmp_path: Path) -> None:
    poem = "The lamp, lit\nthe bay, still\nthe keeper, gone\nthe sea, near\nthe end, here"
    assert told(tmp_path / "x.csv", f'text,user\n"{poem}",Ann\nFine.,Bo\n').texts == [poem, "Fine."]


def test_doubled_quotation_marks_are_one(tmp_path: Path) -> None:
    assert told(tmp_path / "x.csv", 'text,user\n"She said ""light"" twice.",Ann\n').texts == ['She said "light" twice.']


def test_in_a_table_of_tabs_marks_are_doubled_without_being_quoted(tmp_path: Path) -> None:
    rows = 'id\ttext\n1\tShe said ""light"" and ""dark"".\n2\t"He left.\n3\tFine.\n'
    assert told(tmp_path / "x.tsv", rows).texts == ['She said "light" and "dark".', '"He left.', "Fine."]


def test_ragged_rows_are_read_if_short_and_rejected_if_long(tmp_path: Path) -> None:
    found = told(tmp_path / "x.csv", "text,user,rating\nIt glows.\nI slept.,Bo,4,extra\nIt drags.,Cy,3,\n")
    assert found.texts == ["It glows.", "It drags."]
    assert [(bad.line, bad.reason) for bad in found.rejected] == [(3, "it has 4 cells, and the header names 3 columns")]


def test_a_line_that_names_the_delimiter_is_obeyed(tmp_path: Path) -> None:
    found = told(tmp_path / "x.csv", "sep=;\ntext;user\nIt glows, yes.;Ann\n")
    assert (found.texts, found.lines) == (["It glows, yes."], [3])


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    assert told(tmp_path / "x.csv", "\ufefftext,user\nIt glows.,Ann\n").fields["text"] == "text"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("['It glows.', 'I slept.']", "It glows.\nI slept."),
        ('["One", " two "]', "One\ntwo"),
        ('{"text":"Wow,"},{"text":" yes"}', "Wow, yes"),
        ("[Spoilers] fine.", "[Spoilers] fine."),
        ("[1, 2]", "[1, 2]"),
        ("[" * 5_000 + "]" * 5_000, "[" * 5_000 + "]" * 5_000),
        ("['It glows.'", "['It glows.'"),
    ],
)
def test_a_cell_that_is_wholly_a_list_gives_its_strings(tmp_path: Path, cell: str, text: str) -> None:
    quoted = cell.replace('"', '""')
    found = told(tmp_path / "x.csv", f'text,user\n"{quoted}",Ann\n')
    assert found.texts == [text]
    assert found.noted("what was wrapped in a list was taken out of it in 1 of its texts") == (cell != text)


def test_an_odd_backslash_in_a_list_warns_nobody(recwarn: pytest.WarningsRecorder) -> None:
    assert cells.unwrapped(r"['It \glows']", "\n") == r"It \glows"
    assert not recwarn.list


def test_a_list_in_a_cell_that_is_too_long_is_left_alone() -> None:
    cell = f"['{'x' * 100_000}']"
    assert cells.unwrapped(cell, "\n") == cell


def test_html_in_a_table_is_stored_as_its_reader_sees_it(tmp_path: Path) -> None:
    rows = (
        'Salt &amp; Co,"The <b>bathroom</b> had mould &amp; leaked.<br/>Staff were &quot;lovely&quot;.",News &amp; Review\n'
        "Salt &amp; Co,<p>I slept.</p><p>It&#39;s dull: 1 < 2.</p>,The Post\n"
        "Salt &amp; Co,<i>No</i> <script>alert(1)</script>,The Post\n"
    )
    found = told(tmp_path / "x.csv", f"film,review,outlet\n{rows}", title=None)
    assert found.texts == [
        'The bathroom had mould & leaked.\nStaff were "lovely".',
        "I slept.\n\nIt's dull: 1 < 2.",
        "No <script>alert(1)</script>",
    ]
    assert {(record.title, record.outlet) for record in found.records} == {
        ("Salt & Co", "News & Review"),
        ("Salt & Co", "The Post"),
    }
    assert found.noted("HTML was turned into what its reader sees in 7 of its values")


@pytest.mark.parametrize(
    "text",
    [
        "1 < 2 & 3 > 2",
        "I <3 it & her",
        "Rock &roll; and so on",
        "<script>alert(1)</script>",
        '<b class="x">no</b>',
        "use <b>",
    ],
)
def test_what_is_no_simple_html_is_left_as_it_is(tmp_path: Path, text: str) -> None:
    found = told(tmp_path / "x.csv", f'text,user\n"{text.replace(chr(34), chr(34) * 2)}",Ann\nI slept.,Bo\n')
    assert found.texts == [text, "I slept."]
    assert not found.noted("HTML")


def test_a_column_that_writes_its_ampersands_bare_only_speaks_of_entities(tmp_path: Path) -> None:
    texts = ["He writes &amp; everywhere.", "Salt & pepper.", "Ups & downs."]
    assert told(tmp_path / "x.csv", "text,user\n" + "".join(f"{text},Ann\n" for text in texts)).texts == texts


def test_a_few_entities_among_many_cells_came_with_a_page_and_stay(tmp_path: Path) -> None:
    texts = ["Home &gt; Reviews. It glows.", *(f"Plain number {n}." for n in range(9))]
    assert told(tmp_path / "x.csv", "text,user\n" + "".join(f"{text},Ann\n" for text in texts)).texts == texts


def test_the_last_row_tells_that_the_first_is_html(tmp_path: Path) -> None:
    rows = [*(f"Glow number {n} &amp; more" for n in range(3)), *(f"Plain number {n}" for n in range(150)), "A<br>b"]
    found = told(tmp_path / "x.csv", "text,user\n" + "".join(f"{row},Ann\n" for row in rows))
    assert found.texts[0] == "Glow number 0 & more"
    assert found.texts[-1] == "A\nb"


@given(st.text(alphabet="<>/bripem &#;39amp\n\x00-", max_size=60))
def test_html_undone_brings_no_tag_of_its_own(cell: str) -> None:
    seen = cells.HtmlCells()
    seen.see(cell)
    assert cells.without_tags(cell).count("<") <= cell.count("<")
    assert "\0" in cell or "\0" not in cells.without_entities(cell)


@pytest.mark.parametrize("name", ["review", "Yorum", "Отзыв"])
def test_a_table_of_one_column_keeps_the_commas_of_its_sentences(tmp_path: Path, name: str) -> None:
    found = told(tmp_path / "x.csv", f'{name}\n{PROSE[0]}\n{PROSE[2]}\n"It said ""yes"", twice"\n')
    assert found.texts == [PROSE[0], PROSE[2], 'It said "yes", twice']
    assert found.reasons == []


def test_blank_lines_are_no_rows(tmp_path: Path) -> None:
    found = told(tmp_path / "x.csv", "text,user\n\n\nIt glows.,Ann\n,\n   \nI slept.,Bo\n")
    assert (found.texts, found.lines, found.reasons) == (["It glows.", "I slept."], [4, 7], [])


@pytest.mark.parametrize("path", ["Book Id,Title,Author,ISBN,My Rating,My Review"])
def test_the_author_of_a_book_is_not_the_critic(tmp_path: Path, path: str) -> None:
    found = told(tmp_path / "x.csv", f"{path}\n7,The Salt Road,Ines Vale,,0,It glows.\n", title=None)
    (record,) = found.records
    assert (record.title, record.critic, record.rating) == ("The Salt Road", None, None)


def test_a_title_that_changes_under_one_item_is_a_headline(tmp_path: Path) -> None:
    rows = "asin,title,text\nB1,Lovely,It glows.\nB1,Dreadful,It drags.\n"
    found = told(tmp_path / "x.csv", rows, title=None)
    assert "title" not in found.fields
    assert found.noted("the column 'title' holds headlines")
