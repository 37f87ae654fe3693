"""A consensus: findings with their quotes, what divides people, who was harmed; and honest where there is little."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from rag.consensus import MATRIX_REVIEWS, QUOTES
from rag.contract_summary import summary as as_json
from rag.engines.base import StatementRequest
from rag.findings import Consensus, DraftSentence, DraftStatement, Finding
from rag.library import Library
from rag.records import Counts, Totals
from tests.doubles import BlindCoder, Said, TableCoder, WordCoder
from tests.written import Row, assert_exact, ids_by_text, put

Open = Callable[..., Library]
LOVELY, DREADFUL = "The ending is a lovely piece.", "The ending is a dreadful piece."
PLOT = "A keeper lives alone by the sea."


@pytest.fixture
def library(open_library: Open) -> Library:
    return open_library(engine=WordCoder())


def signed(*texts: str) -> list[dict[str, str]]:
    """Each by a critic of its own, so that equal words are votes of their own."""
    return [{"text": text, "critic": f"Critic {number}"} for number, text in enumerate(texts)]


def finding(found: Consensus, aspect: str = "ending") -> Finding:
    (one,) = (one for one in found.findings if one.aspect == aspect)
    return one


def quotes(found: Sequence[object]) -> list[str]:
    return [str(quote.quote) for quote in found]  # type: ignore[attr-defined]


# ── what is found ────────────────────────────────────────────────────────────────────────────────


def test_a_finding_counts_quotes_and_judges_and_what_most_speak_of_comes_first(library: Library) -> None:
    put(library, *signed(LOVELY, LOVELY, LOVELY, DREADFUL, "The music is a dreadful noise.", PLOT))
    found = library.summary("Salt")
    assert found.totals == Totals(6, 5, 1, 0, 0)
    assert [one.aspect for one in found.findings] == ["ending", "sound"]
    ending = finding(found)
    assert (ending.counts, ending.verdict, ending.name) == (Counts(4, 3, 1, 0), "praised", "the ending")
    assert quotes(ending.praised) == [LOVELY] * 3 and quotes(ending.criticised) == [DREADFUL]
    assert finding(found, "sound").verdict == "criticised"
    assert (found.overall.positive, found.overall.negative, found.overall.mixed) == (3, 2, 0)
    assert (found.overall.above, found.overall.n) == (3, 5)
    assert found.overall.adjusted is None and found.overall.adjusted_why is not None
    assert found.warnings == ()


def test_what_fits_no_aspect_comes_last_with_its_themes(library: Library) -> None:
    lovely_hats = [f"The hats of week {n} are lovely." for n in range(4)]
    put(library, *lovely_hats, LOVELY)
    found = library.summary("Salt")
    assert [one.aspect for one in found.findings] == ["ending", "other"]
    other = finding(found, "other")
    assert (other.name, other.counts.mentioning) == ("everything else", 4)
    assert ("hats", 4) in [(theme.name, theme.reviews) for theme in other.themes]
    assert finding(found).themes == ()


def test_both_camps_make_a_disagreement_and_a_single_voice_does_not(library: Library) -> None:
    music = ["The music is a lovely noise.", "The music is a dreadful noise.", "The music is a lovely sound to me."]
    put(library, *signed(LOVELY, LOVELY, DREADFUL, DREADFUL, *music))
    found = library.summary("Salt")
    assert found.disagreements == ("ending",)
    assert finding(found).verdict == "divided"
    assert finding(found, "sound").verdict == "praised"


def test_all_of_one_opinion_is_said_without_a_word_for_the_share(library: Library) -> None:
    put(library, *signed(*[LOVELY] * 8))
    found = library.summary("Salt")
    assert (finding(found).counts, found.disagreements) == (Counts(8, 8, 0, 0), ())
    assert finding(found).criticised == ()
    (one,) = as_json(found)["findings"]
    assert (one["praised_share"]["k"], one["praised_share"]["n"], one["praised_share"]["high"]) == (8, 8, 1.0)
    assert one["criticised_share"]["k"] == 0 and one["criticised_share"]["low"] == 0.0
    assert one["words"] == {"praised": None, "criticised": None}
    assert "all 8 reviews that mention it" in found.statement[0].text


@pytest.mark.parametrize(("reviews", "word"), [(4, None), (5, "most"), (10, "most")])
def test_words_for_shares_are_silent_below_five_reviews(library: Library, reviews: int, word: str | None) -> None:
    put(library, *signed(*[LOVELY] * (reviews - 1), DREADFUL))
    (one,) = as_json(library.summary("Salt"))["findings"]
    assert one["words"]["praised"] == word


def test_a_severe_complaint_is_shown_however_few_make_it(library: Library) -> None:
    fire = "There was a fire in row nine."
    put(library, *signed(*[LOVELY] * 30, fire))
    found = library.summary("Salt")
    (minority,) = found.minorities
    assert (minority.category, minority.reviews, quotes(minority.quotes)) == ("danger", 1, [fire])
    (shown,) = as_json(found)["minorities"]
    assert shown["text"] == "1 of 31 reviews tells of danger."
    assert [c.quote for c in found.citations if c.id in shown["citations"]] == [fire]


def test_a_rating_that_contradicts_its_text_is_flagged_and_wins(library: Library) -> None:
    put(
        library, {"text": LOVELY, "rating": "1/5"}, {"text": DREADFUL, "rating": "1/5"}, {"text": PLOT, "rating": "4/5"}
    )
    found = library.summary("Salt")
    assert found.overall.contradictions == (ids_by_text(library)[LOVELY],)
    assert (found.overall.positive, found.overall.negative, found.overall.mixed) == (1, 2, 0)


# ── where there is little ────────────────────────────────────────────────────────────────────────


def test_one_review_has_no_share_no_interval_and_is_said_to_be_one(library: Library) -> None:
    put(library, LOVELY)
    shown = as_json(library.summary("Salt"))
    (one,) = shown["findings"]
    assert one["praised_share"] is one["criticised_share"] is shown["overall"]["positive_share"] is None
    assert (one["mentioning"], one["praised"], shown["overall"]["positive"]) == (1, 1, 1)
    assert "single review" in shown["statement"][0]["text"]
    assert shown["slices"] == []


def test_none_that_judges_anything_gives_no_finding_and_no_statement(library: Library) -> None:
    put(library, PLOT, "Her brother comes home in the second week.")
    found = library.summary("Salt")
    assert (found.totals, found.findings, found.statement, found.citations) == (Totals(2, 0, 2, 0, 0), (), (), ())
    assert found.overall.n == 0
    assert as_json(found)["overall"]["positive_share"] is None


def test_what_is_not_coded_is_said_and_counted_nowhere(open_library: Open) -> None:
    library = open_library(engine=BlindCoder())
    put(library, LOVELY, DREADFUL)
    found = library.summary("Salt")
    assert (found.totals, found.findings, found.coder) == (Totals(2, 0, 0, 0, 2), (), None)
    assert "pullquote code" in found.warnings[0]


def test_a_thousand_reviews_by_one_author_are_warned_of(library: Library) -> None:
    rows: list[Row] = [{"text": f"On night {n} the ending is lovely.", "critic": "Ann Oyster"} for n in range(1_000)]
    put(library, *rows, {"text": DREADFUL, "critic": "Bob"})
    found = library.summary("Salt")
    assert any("1000 of 1001 reviews are signed by Ann Oyster" in warning for warning in found.warnings)
    assert finding(found).counts == Counts(1_001, 1_000, 1, 0)
    assert len(finding(found).praised) == QUOTES
    assert len({cell.review_id for cell in found.cells}) == MATRIX_REVIEWS


def test_a_few_reviews_by_one_author_are_nothing_to_warn_of(library: Library) -> None:
    put(library, *({"text": f"On night {n} the ending is lovely.", "critic": "Ann"} for n in range(4)))
    assert library.summary("Salt").warnings == ()


# ── quotes ───────────────────────────────────────────────────────────────────────────────────────


def test_every_quote_is_an_exact_slice_and_each_side_quotes_different_reviews(library: Library) -> None:
    texts = [
        f"  Night {n} – naïve café.\r\nThe ending was a lovely one 😀.\n\nThe ending was lovely. " for n in range(6)
    ]
    texts += [f"It rained on night {n}.\r\n\r\nThe music that night was dreadful … " for n in range(3)]
    put(library, *texts)
    found = library.summary("Salt")
    assert len(found.citations) > 6
    for citation in found.citations:
        assert_exact(library, citation)
        assert citation.quote == citation.quote.strip()
    for one in found.findings:
        for side in (one.praised, one.criticised):
            assert len({quote.review_id for quote in side}) == len(side) <= QUOTES
    assert [citation.id for citation in found.citations] == list(range(1, len(found.citations) + 1))
    places = Counter((c.review_id, c.start, c.end) for c in found.citations)
    assert set(places.values()) == {1}


def test_a_sentence_that_its_neighbour_takes_back_is_left_aside_while_there_is_another(library: Library) -> None:
    taken_back = "I hoped for a lovely ending tonight. But nobody gave me one."
    put(library, taken_back, LOVELY)
    assert quotes(finding(library.summary("Salt")).praised)[0] == LOVELY


def test_a_sentence_that_its_neighbour_takes_back_is_never_quoted_alone(library: Library) -> None:
    for text in ("I hoped for a lovely ending tonight. But nobody gave me one.",
                 "It rained. I hoped for a lovely ending tonight. Sadly, it stayed away. I left.",
                 "A lovely ending is what I came for. However, it was no such thing. Yet I sat there."):  # fmt: skip
        put(library, text)
    found = library.summary("Salt")
    assert len(finding(found).praised) == 3
    for citation in found.citations:
        assert_exact(library, citation)
        assert any(turn in citation.quote for turn in ("But nobody", "Sadly, it", "However, it"))


def test_what_could_only_be_quoted_at_length_is_counted_and_not_quoted(library: Library) -> None:
    text = "I hoped for a lovely ending tonight. But no. Yet I stayed. However, it closed. But I had eaten."
    put(library, text)
    found = library.summary("Salt")
    assert (finding(found).counts.positive, finding(found).praised) == (1, ())
    assert all(len(citation.quote) < len(text) for citation in found.citations)


def test_a_doubtful_opinion_is_counted_and_not_held_up(open_library: Open) -> None:
    sure: list[Said] = [("ending", "positive", 0.8, 0.9)]
    unsure: list[Said] = [("ending", "positive", 1.0, 0.3)]
    library = open_library(
        engine=TableCoder({"The last ten minutes are great fun.": sure, "They all go home again.": unsure})
    )
    put(library, "The last ten minutes are great fun.", "They all go home again.")
    found = finding(library.summary("Salt"))
    assert (found.counts.positive, quotes(found.praised)) == (2, ["The last ten minutes are great fun."])


def test_a_question_is_not_quoted_as_praise_while_there_is_a_plain_word(library: Library) -> None:
    put(library, "Was that the lovely ending that they had promised?", LOVELY)
    assert quotes(finding(library.summary("Salt")).praised)[0] == LOVELY


# ── the statement ────────────────────────────────────────────────────────────────────────────────


def test_every_sentence_of_the_statement_rests_on_findings_and_cites_their_quotes(library: Library) -> None:
    music = [f"The music of week {n} is a dreadful noise." for n in range(4)]
    acting = ["The acting is a lovely thing.", "The acting is lovely all through.", "The acting is a dreadful thing.",
              "The acting is dreadful all through."]  # fmt: skip
    put(library, *signed(LOVELY, LOVELY, LOVELY, *music, *acting))
    found = library.summary("Salt")
    by_id = {citation.id: citation for citation in found.citations}
    known = {one.id: one for one in found.findings}
    assert 2 <= len(found.statement) <= 5
    assert {name for sentence in found.statement for name in sentence.findings} == {"ending", "sound", "acting"}
    for sentence in found.statement:
        assert sentence.citations
        behind = {q.quote for name in sentence.findings for q in (*known[name].praised, *known[name].criticised)}
        assert {by_id[number].quote for number in sentence.citations} <= behind
        if sentence.findings == ("acting",):  # it divides, so both sides are cited
            assert {by_id[number].stance for number in sentence.citations} == {"positive", "negative"}
    assert "{" not in " ".join(sentence.text for sentence in found.statement)


class StatingCoder(WordCoder):
    """Drafts a statement that it was told to."""

    def __init__(self, *drafts: DraftSentence) -> None:
        super().__init__()
        self.drafts = drafts
        self.requests: list[StatementRequest] = []

    def draft_statement(self, request: StatementRequest) -> DraftStatement:
        self.requests.append(request)
        return DraftStatement(self.drafts)


def test_a_drafted_number_or_an_unknown_finding_is_dropped_whole_with_its_reason(open_library: Open) -> None:
    engine = StatingCoder(
        DraftSentence("The ending wins: {praised:ending}.", ("ending",)),
        DraftSentence("Most critics love the ending.", ("ending",)),
        DraftSentence("Nine critics love the ending.", ("ending",)),
        DraftSentence("The goat is fine.", ("goat",)),
        DraftSentence("It is what it is.", ()),
    )
    library = open_library(engine=engine)
    put(library, *signed(LOVELY, LOVELY, DREADFUL))
    found = library.summary("Salt")
    assert [sentence.text for sentence in found.statement] == ["The ending wins: 2 of the 3 reviews that mention it."]
    assert len(found.dropped) == 4 and all(one.why for one in found.dropped)
    assert (engine.requests[0].title, engine.requests[0].reviews) == ("Salt", 3)


# ── time and matrix ──────────────────────────────────────────────────────────────────────────────


def dated(*pairs: tuple[str, str]) -> list[Row]:
    return [{"text": f"{text[:-1]} on {date}.", "date": date} for date, text in pairs]


def test_dates_give_slices_by_the_month_that_sum_up_to_the_dated_reviews(library: Library) -> None:
    put(library, *dated(("2024-01-05", LOVELY), ("2024-01-20", DREADFUL), ("2024-03-01", LOVELY)), PLOT, DREADFUL)
    found = library.summary("Salt")
    whole = [(one.since, one.until, one.aspect, one.counts) for one in found.slices]
    assert whole == [
        ("2024-01", "2024-01", None, Counts(2, 1, 1, 0)),
        ("2024-03", "2024-03", None, Counts(1, 1, 0, 0)),
    ]
    assert [(one.since, one.counts) for one in finding(found).slices] == [
        ("2024-01", Counts(2, 1, 1, 0)),
        ("2024-03", Counts(1, 1, 0, 0)),
    ]


def test_many_years_are_sliced_by_the_year(library: Library) -> None:
    put(library, *dated(("2019-05-01", LOVELY), ("2019-06-01", LOVELY), ("2024-03-01", DREADFUL)))
    found = library.summary("Salt")
    assert [(one.since, one.counts.mentioning) for one in found.slices] == [("2019", 2), ("2024", 1)]


def test_without_dates_or_in_one_month_there_are_no_slices(library: Library) -> None:
    put(library, LOVELY, DREADFUL)
    put(library, *dated(("2024-01-05", LOVELY), ("2024-01-09", LOVELY)), title="Lamp")
    for title in ("Salt", "Lamp"):
        found = library.summary(title)
        assert (found.slices, finding(found).slices) == ((), ())


def test_the_matrix_holds_at_most_fifty_reviews_those_with_most_aspects_with_a_quote_each(library: Library) -> None:
    many = [f"The ending of part {n} is lovely. The music of part {n} is dreadful." for n in range(40)]
    few = [f"The ending of reel {n} is lovely." for n in range(40)]
    put(library, *many, *few)
    found = library.summary("Salt")
    known, reviews = ids_by_text(library), {cell.review_id for cell in found.cells}
    assert (len(reviews), MATRIX_REVIEWS) == (50, 50)
    assert {known[text] for text in many} <= reviews
    assert len(found.cells) == 2 * 40 + 10
    by_place = {(cell.review_id, cell.aspect): cell for cell in found.cells}
    cell = by_place[known[many[0]], "sound"]
    assert (cell.stance, cell.score, cell.quote.quote) == ("negative", -0.8, "The music of part 0 is dreadful.")
    matrix = as_json(found)["matrix"]
    assert len(matrix["reviews"]) == 50 and set(matrix["aspects"]) == {"ending", "sound"}
    cited = {citation.id for citation in found.citations}
    assert {one["citation"] for one in matrix["cells"]} <= cited


def test_a_review_of_both_sides_is_mixed_in_the_matrix_as_it_is_in_the_counts(library: Library) -> None:
    put(library, "The ending is a lovely piece. The ending is a dreadful one.", PLOT)
    found = library.summary("Salt")
    assert finding(found).counts == Counts(1, 0, 0, 1)
    assert [(cell.stance, cell.score) for cell in found.cells] == [("mixed", 0.0)]


def test_a_quote_keeps_every_blank_and_line_end_of_its_review(open_library: Callable[..., Library]) -> None:
    library = open_library(engine=WordCoder())
    put(library, "The ending  is a\tlovely\r\npiece.", "The ending is a lovely  piece of work.")
    found = library.summary("Salt")
    assert found.citations
    for citation in found.citations:
        assert_exact(library, citation)
