"""Planning: a question's focus, without the words that only make it a question."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import taxonomy
from rag.records import Plan, Reading, Title
from rag.search.plan import make_plan, named_in, people_in, refined
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
        ("Is it any good?", "", None, "positive", "yes_no"),
        ("结局怎么样？", "结局怎么样", None, None, "what"),
        ("?", "", None, None, "what"),
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


def test_a_title_is_named_letter_for_letter() -> None:
    interview = Title("2", "Interview", "film")
    assert named_in("Is Interview's ending good?", interview)
    assert not named_in("How does the interview go?", interview)
    assert named_in("Is Salt slow?", SALT)
    assert named_in("salt ladder ending", SALT)
    assert named_in("is the SALT LADDER's end good", SALT)
    assert not named_in("Is Salty slow?", SALT)


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
