"""Planning: a question's focus, without the words that only make it a question."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import taxonomy
from rag.records import Plan, Reading, Title
from rag.search.plan import goes_on, kind_in, make_plan, partly_named, people_in, refined, severe_in, titles_in
from rag.search.retrieve import speaking

FILM = taxonomy.load("film").aspects
SALT = Title("1", "The Salt Ladder", "film", ("Salt",))


def plan(question: str) -> Plan:
    return make_plan(question, FILM, [SALT])


@pytest.mark.parametrize(
    ("question", "focus", "aspect", "stance", "kind"),
    [
        ("What did critics dislike about the ending?", "ending", "ending", "negative", "what"),
        ("What do people love about the performances?", "performances", "acting", "positive", "what"),
        ("Did critics think The Salt Ladder was too long?", "long", "pacing", None, "yes_no"),
        ("What did critics say about the soundtrack?", "soundtrack", "sound", None, "what"),
        ("How many reviewers hated the music?", "music", "sound", "negative", "how_many"),
        ("Who praised the camera work?", "camera", "visuals", "positive", "who"),
        ("Why did nobody like the twist?", "twist", "ending", "negative", "why"),
        ("Why didn't people enjoy the jokes?", "jokes", "humour", "negative", "why"),
        ("Does the goat look convincing?", "goat", None, None, "yes_no"),
        ("How is Odile Farrant?", "Odile Farrant", None, None, "what"),
        ("How is Odile Farrant's acting?", "Odile Farrant's acting", "acting", None, "what"),
        ("Compare the endings of both films", "endings", "ending", None, "compare"),
        ("What do critics think?", "", None, None, "what"),
        ("What is The Salt Ladder about?", "story", "story", None, "what"),
        ("Is it any good?", "", None, None, "yes_no"),
        ("结局怎么样？", "结局怎么样", None, None, "what"),
        ("?", "", None, None, "what"),
        ("Why were some critics unhappy with the ending?", "ending", "ending", "negative", "why"),
        ("Why did the music not work for some?", "music", "sound", "negative", "why"),
        ("Do critics like the ending?", "ending", "ending", None, "yes_no"),
        ("Does anybody like the ending?", "ending", "ending", "positive", "yes_no"),
        ("whats so special about the goat", "goat", None, None, "what"),
        ("I dive for a living. Is the goat right? Last train is at ten.", "goat", None, None, "what"),
        ("Is Dr. Brandreth in it?", "Dr Brandreth", None, None, "yes_no"),
    ],
)
def test_questions(question: str, focus: str, aspect: str | None, stance: str | None, kind: str) -> None:
    found = plan(question)
    assert (found.focus, found.aspect, found.stance, found.kind) == (focus, aspect, stance, kind)


@given(st.text(max_size=200))
def test_any_question_has_a_plan(question: str) -> None:
    found = plan(question)
    assert len(found.queries) == 2
    assert bool(found.mentions) == bool(found.focus)


def test_a_name_beside_an_aspect_is_required_and_a_pronoun_may_carry_it() -> None:
    found = plan("What about Farrant's acting?")
    acting = frozenset({"act"})
    assert not speaking(found)(acting, frozenset())
    assert speaking(found)(acting | {"farrant"}, frozenset())
    assert speaking(found)(acting, frozenset({"farrant"}))
    assert not speaking(found)(frozenset({"farrant"}), frozenset())


def test_of_three_words_one_may_be_missing_and_of_two_none() -> None:
    assert speaking(plan("the brine bucket photograph"))(frozenset({"brine", "bucket"}), frozenset())
    assert not speaking(plan("the brine bucket"))(frozenset({"bucket"}), frozenset())


def test_a_part_of_an_aspect_is_asked_by_its_own_words() -> None:
    found = plan("How are the costumes?")
    assert (found.aspect, found.part, found.whole_aspect) == ("visuals", True, None)
    assert plan("How are the visuals?").whole_aspect == "visuals"
    assert plan("How is Farrant's acting?").whole_aspect is None


def test_of_aspects_that_share_a_word_the_one_that_is_called_so_is_asked_about() -> None:
    aspects = [*taxonomy.load("game").aspects, *FILM]
    assert make_plan("Which films are praised for the ending?", aspects, []).aspect == "ending"


def test_a_part_of_a_title_names_it_behind_a_preposition() -> None:
    pym, salt = Title("2", "Half an Hour, Miss Pym", "film"), Title("3", "The Salt of Hours", "film")
    known = [SALT, pym, salt]
    assert partly_named("Is the producer in Miss Pym any good?", known) == (pym,)
    assert partly_named("Is Miss Pym any good?", known) == ()
    assert partly_named("Was it shot in New York?", known) == ()
    assert make_plan("Is the producer in Miss Pym any good?", FILM, known).focus == "producer"


def test_a_kind_is_named_where_titles_are_to_be_chosen() -> None:
    kinds = ["book", "film", "place"]
    assert kind_in("Which films are praised for the music?", kinds) == "film"
    assert kind_in("Are there any restaurants with a view?", kinds) == "place"
    assert kind_in("Which critics liked the film?", kinds) is None


@pytest.mark.parametrize(("question", "on"), [("And the acting?", True), ("What about it?", True), ("Why?", False)])
def test_a_question_goes_on_with_the_one_before(question: str, on: bool) -> None:
    assert goes_on(question) is on


def test_a_title_is_named_letter_for_letter() -> None:
    interview = Title("2", "Interview", "film")
    assert titles_in("Is Interview's ending good?", [interview])
    assert not titles_in("How does the interview go?", [interview])
    assert titles_in("Is Salt slow?", [SALT])
    assert titles_in("salt ladder ending", [SALT])
    assert titles_in("is the SALT LADDER's end good", [SALT])
    assert not titles_in("Is Salty slow?", [SALT])


def test_a_title_inside_a_longer_one_is_not_asked() -> None:
    first, second, third = (Title(str(n), name, "film") for n, name in enumerate(("Shrek", "Shrek 2", "The Muppets")))
    assert titles_in("Compare Shrek 2 and The Muppets on humour", [first, second, third]) == (second, third)
    assert titles_in("Is Shrek 2 funnier than Shrek?", [first, second, third]) == (first, second)


def test_a_title_is_known_by_how_it_begins_and_a_series_by_how_all_of_it_begins() -> None:
    names = ("Three Billboards Outside Ebbing", "The Hobbit: One", "The Hobbit: Two", "Three Men")
    titles = [Title(name, name, "film") for name in names]
    assert partly_named("Is Three Billboards racist?", titles) == (titles[0],)
    assert partly_named("Is The Hobbit too long?", titles) == (titles[1], titles[2])
    assert partly_named("Are three men too many?", titles) == ()
    assert "Billboards" not in make_plan("Is Three Billboards racist?", FILM, titles).focus


def test_a_name_is_known_by_either_apostrophe() -> None:
    assert people_in("What did T. O'Neil find?", ["T. O’Neil"]) == ("T. O’Neil",)
    assert people_in("What did T. O’Neil find?", ["T. O'Neil"]) == ("T. O'Neil",)


@pytest.mark.parametrize(("question", "asked"), [
    ("Did anyone get sick after eating there?", {"illness"}),
    ("Is it dangerous?", {"illness", "danger", "harm"}),
    ("Is it safe for children?", {"illness", "danger", "harm"}),
    ("Did anybody get a refund?", {"refund"}),
    ("Does the dog die?", set()),
    ("How is the ending?", set()),
])  # fmt: skip
def test_a_question_about_what_is_severe_is_known_by_its_words(question: str, asked: set[str]) -> None:
    assert set(severe_in(question, taxonomy.severities())) == asked


def test_any_severe_complaints_asks_for_all_of_them() -> None:
    every = tuple(one.id for one in taxonomy.severities())
    assert severe_in("Any severe complaints?", taxonomy.severities()) == every
    assert severe_in("What are the worst problems?", taxonomy.severities()) == every


def test_people_are_known_in_any_case_and_are_no_focus() -> None:
    people = ["Mara Quill", "The Tideway Herald", "Bo", "Marlow"]
    question = "What did mara quill and Tideway Herald say of the ending?"
    named = people_in(question, people)
    assert set(named) == {"Mara Quill", "The Tideway Herald"}
    found = make_plan(question, FILM, [SALT], named)
    assert (found.focus, found.people) == ("ending", named)
    assert people_in("Is the marlow good?", people) == ()


WORDS = st.lists(st.sampled_from("the music ending president Odile kind".split()), max_size=4).map(" ".join)
READINGS = st.builds(
    Reading, WORDS, st.sampled_from(["sound", "ending", "politics", None]), st.sampled_from(["negative", None])
)


@given(READINGS)
def test_what_a_model_reads_in_a_question_never_widens_its_plan(reading: Reading) -> None:
    asked = "Why did Odile hate the music and the ending of The Salt Ladder?"
    made = plan(asked)

    found = refined(made, asked, reading, FILM, [SALT])

    assert set(found.focus.split()) <= set(asked.split())
    assert found.aspect in {"sound", "ending", None} and found.stance == reading.stance
    assert (found.filters, found.people, found.terms, found.kind) == (made.filters, made.people, made.terms, made.kind)


def test_a_question_about_two_things_is_about_the_one_that_the_model_reads() -> None:
    asked = "Did the music and the ending please them?"

    found = refined(plan(asked), asked, Reading("the music", "sound", None), FILM, [])

    assert found.focus == "music" and found.aspect == "sound"
    speaks = speaking(found)
    assert speaks(["score"], []) and not speaks(["end"], [])
