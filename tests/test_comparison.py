"""Two titles side by side: shares by hand, which differences hold, and a quote for each."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rag.errors import InputError, UnknownTitle
from rag.findings import AspectDifference, Comparison
from rag.library import Library
from rag.records import Counts
from tests.doubles import BlindCoder, WordCoder
from tests.written import assert_exact, put

Open = Callable[..., Library]


@pytest.fixture
def library(open_library: Open) -> Library:
    return open_library(engine=WordCoder())


def endings(lovely: int, dreadful: int, thing: str = "ending") -> list[dict[str, str]]:
    words = ["lovely"] * lovely + ["dreadful"] * dreadful
    return [{"text": f"The {thing} is a {word} piece.", "critic": f"{thing} {n}"} for n, word in enumerate(words)]


def row(found: Comparison, aspect: str = "ending") -> AspectDifference:
    (one,) = (one for one in found.aspects if one.aspect == aspect)
    return one


def test_the_difference_of_two_shares_has_the_interval_of_newcombe(library: Library) -> None:
    # His own example (1998, table II, (a), method 10): 56 of 70 and 48 of 80 differ by 0.2, 0.0524 to 0.3339.
    put(library, *endings(56, 14), title="Salt")
    put(library, *endings(48, 32), title="Lamp")
    found = row(library.compare("Salt", "lamp"))
    assert found.counts == (Counts(70, 56, 14, 0), Counts(80, 48, 32, 0))
    assert found.difference is not None and found.holds
    assert round(found.difference.value, 4) == 0.2
    assert (round(found.difference.low, 4), round(found.difference.high, 4)) == (0.0524, 0.3339)


def test_the_other_way_round_the_difference_turns_its_sign(library: Library) -> None:
    put(library, *endings(9, 1), title="Salt")
    put(library, *endings(2, 8), title="Lamp")
    one, other = (row(library.compare(*names)).difference for names in (("Salt", "Lamp"), ("Lamp", "Salt")))
    assert one is not None and other is not None
    assert (round(one.low, 9), round(one.high, 9)) == (round(-other.high, 9), round(-other.low, 9))


def test_differences_that_hold_come_first_and_what_chance_could_make_does_not_hold(library: Library) -> None:
    put(library, *endings(20, 0), *endings(15, 15, "music"), *endings(3, 0, "acting"), title="Salt")
    put(library, *endings(2, 18), *endings(16, 14, "music"), *endings(0, 1, "plot"), title="Lamp")
    found = library.compare("Salt", "Lamp")
    assert [(one.aspect, one.holds) for one in found.aspects] == [("ending", True), ("sound", False)]
    assert found.warnings == ()


def test_each_title_is_quoted_for_what_most_of_its_reviews_do(library: Library) -> None:
    put(library, *endings(5, 1), title="Salt")
    put(library, *endings(1, 5), title="Lamp")
    quotes = row(library.compare("Salt", "Lamp")).quotes
    assert [[quote.stance for quote in own] for own in quotes] == [["positive"], ["negative"]]
    for title, own in zip(("Salt", "Lamp"), quotes, strict=True):
        for quote in own:
            assert_exact(library, quote)
            assert quote.title_id == library.title(title).id


def test_of_one_review_there_is_no_share_and_no_difference(library: Library) -> None:
    put(library, *endings(4, 1), title="Salt")
    put(library, *endings(0, 1), title="Lamp")
    found = row(library.compare("Salt", "Lamp"))
    assert (found.shares[1], found.difference, found.holds) == (None, None, False)
    assert found.shares[0] is not None and found.shares[0].k == 4


def test_titles_with_nothing_in_common_give_no_row(library: Library) -> None:
    put(library, *endings(2, 2), title="Salt")
    put(library, *endings(2, 2, "music"), title="Lamp")
    assert library.compare("Salt", "Lamp").aspects == ()


def test_another_kind_and_reviews_that_are_not_coded_are_said(library: Library, open_library: Open) -> None:
    put(library, *endings(2, 2), title="Salt")
    put(library, *endings(2, 2), title="Lamp", kind="book")
    put(open_library(engine=BlindCoder()), "The ending is a lovely one.", title="Lamp", kind="book")
    found = library.compare("Salt", "Lamp")
    assert any("1 of 5 reviews of Lamp" in warning for warning in found.warnings)
    assert any("film" in warning and "book" in warning for warning in found.warnings)
    assert [one.aspect for one in found.aspects] == ["ending"]


def test_a_title_is_not_compared_with_itself_or_with_nothing(library: Library) -> None:
    put(library, *endings(2, 2), title="Salt")
    with pytest.raises(InputError, match="itself"):
        library.compare("Salt", "salt")
    with pytest.raises(UnknownTitle) as caught:
        library.compare("Salt", "Slat")
    assert "Salt" in str(caught.value.hint)
