"""Taxonomies: every file is whole, and a kind is guessed only from enough reviews."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from corpus.labels import ASPECTS, OVERALL, SEVERITIES
from rag import taxonomy, words
from rag.errors import InputError


@pytest.mark.parametrize("kind", taxonomy.kinds())
def test_every_taxonomy_is_whole(kind: str) -> None:
    found = taxonomy.load(kind)
    assert len({aspect.id for aspect in found.aspects}) == len(found.aspects) > 5
    for aspect in found.aspects:
        assert aspect.name.startswith("the ")
        assert aspect.description
        assert aspect.examples
        assert all(phrase for group in aspect.groups for phrase in group)
        assert aspect.asked_by(frozenset(words.stems(aspect.name)))


def test_a_question_about_one_group_asks_about_that_group_alone() -> None:
    pacing = taxonomy.load("film").aspect("pacing")
    assert pacing is not None
    assert frozenset({"slow"}) not in pacing.asked_by(frozenset({"long"}))
    assert pacing.asked_by(frozenset({"pace"})) == pacing.mentions
    assert pacing.asked_by(frozenset({"goat"})) == ()


def test_an_unknown_kind_names_the_known_ones() -> None:
    with pytest.raises(InputError) as caught:
        taxonomy.load("opera")
    assert "film" in str(caught.value.hint)


def test_a_kind_is_guessed_from_enough_reviews() -> None:
    assert taxonomy.guess_kind(["A film.", "These movies!", "It glows."]) == "film"
    assert taxonomy.guess_kind(["A film.", "A film!", *["It glows."] * 8]) == "film"
    assert taxonomy.guess_kind(["A film.", "A film!", *["It glows."] * 9]) == "general"
    assert taxonomy.guess_kind(["A film.", "It glows.", "It smells."]) == "general"
    assert taxonomy.guess_kind(["A novel to read."]) == "book"
    assert taxonomy.guess_kind([]) == "general"


def test_a_kind_that_is_not_clearly_ahead_is_not_guessed() -> None:
    assert taxonomy.guess_kind(["A film.", "The film of the novel.", "A book to read."]) == "general"


def test_what_tells_an_aspect_and_is_no_name_for_it_widens_no_question() -> None:
    food = taxonomy.load("place").aspect("food")
    assert food is not None
    assert frozenset({"pizza"}) in food.signals
    assert food.asked_by(frozenset({"pizza"})) == ()


@pytest.mark.parametrize("kind", ["film", "book", "product", "place", "game"])
def test_the_corpus_is_labelled_with_the_aspects_of_the_taxonomies(kind: str) -> None:
    assert [aspect.id for aspect in taxonomy.load(kind).aspects] != []
    assert {aspect.id for aspect in taxonomy.load(kind).aspects} == ASPECTS[kind].keys() - {OVERALL}


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """A folder of the user's own taxonomies, in use until the test ends."""

    def write(**files: str) -> Path:
        folder = tmp_path / "own"
        folder.mkdir()
        for kind, text in files.items():
            (folder / f"{kind}.toml").write_text(text, "utf-8")
        taxonomy.use_folder(folder)
        return folder

    yield write
    taxonomy.use_folder(None)


OPERA = """signs = ["opera", "aria"]

[[aspects]]
id = "singing"
name = "the singing"
words = [["singing", "voice"], ["out of tune"]]
signals = ["soprano"]
examples = ["She never tires."]
"""


def test_an_own_kind_is_known_and_guessed(own: Callable[..., Path]) -> None:
    own(opera=OPERA)

    found = taxonomy.load("opera")

    assert "opera" in taxonomy.kinds()
    assert "film" in taxonomy.kinds()
    assert [(one.id, one.name, one.examples) for one in found.aspects] == [
        ("singing", "the singing", ("She never tires.",))
    ]
    assert frozenset(words.stems("out of tune")) in found.aspects[0].mentions
    assert taxonomy.guess_kind(["An aria!", "The opera was long."]) == "opera"


def test_an_own_file_stands_before_ours_until_the_folder_is_left(own: Callable[..., Path]) -> None:
    ours = taxonomy.load("film")
    own(film=OPERA)

    assert [one.id for one in taxonomy.load("film").aspects] == ["singing"]
    assert taxonomy.load("film").digest != ours.digest
    assert taxonomy.load("book").aspect("writing") is not None

    taxonomy.use_folder(None)
    assert taxonomy.load("film") == ours


def test_another_wording_has_another_digest(own: Callable[..., Path], tmp_path: Path) -> None:
    folder = own(opera=OPERA, operetta=OPERA + "# no more\n", oper=OPERA)

    assert taxonomy.load("opera").digest == taxonomy.load("oper").digest != taxonomy.load("operetta").digest
    assert folder.is_dir()


def test_a_folder_that_is_not_there_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"There is no folder .*nowhere of taxonomies") as caught:
        taxonomy.use_folder(tmp_path / "nowhere")

    assert "PULLQUOTE_TAXONOMIES" in str(caught.value.hint)
    assert taxonomy.load("film").aspect("acting") is not None


SECOND = '[[aspects]]\nid = "staging"\nname = "the staging"\nwords = [["staging"]]\n'


@pytest.mark.parametrize(
    ("changed", "to", "reason"),
    [
        ('id = "staging"', "", "id is missing"),
        ('name = "the staging"', "name = 3", "name is missing, or no text"),
        ('id = "staging"', 'id = "The Staging"', "'The Staging' is taken, or holds more"),
        ('id = "staging"', 'id = "overall"', "'overall' is taken"),
        ('id = "staging"', 'id = "other"', "'other' is taken"),
        ('id = "staging"', 'id = "singing"', "'singing' stands twice"),
        ('words = [["staging"]]', "", "words is a list of lists of words"),
        ('words = [["staging"]]', 'words = ["staging"]', "words is a list of lists of words"),
        ('words = [["staging"]]', "words = [[]]", "words is a list of lists of words"),
        ('words = [["staging"]]', 'words = [["staging", " "]]', "words is a list of lists of words"),
        ('words = [["staging"]]', 'words = [["staging"]]\nsignals = "lamp"', "signals is a list of texts"),
        ('words = [["staging"]]', 'words = [["staging"]]\nexamples = [1]', "examples is a list of texts"),
    ],
)
def test_a_wrong_aspect_is_named_with_file_line_and_reason(
    own: Callable[..., Path], changed: str, to: str, reason: str
) -> None:
    own(opera=OPERA + SECOND.replace(changed, to))

    with pytest.raises(InputError) as caught:
        taxonomy.load("opera")

    # The first aspect begins at line 3 and has six lines.
    assert "opera.toml is wrong in the aspect at line 9: " in str(caught.value)
    assert reason in str(caught.value)


@pytest.mark.parametrize("head", ["[[aspects]]  # how it looks", "  [[ aspects ]]"])
def test_an_aspect_counts_however_its_heading_is_written(own: Callable[..., Path], head: str) -> None:
    own(opera=OPERA + SECOND.replace("[[aspects]]", head))

    assert [one.id for one in taxonomy.load("opera").aspects] == ["singing", "staging"]


def test_aspects_in_one_line_count_too_and_are_numbered_where_one_is_wrong(own: Callable[..., Path]) -> None:
    line = 'aspects = [{id = "a", name = "the a", words = [["a"]]}, {id = "b", name = "the b", words = %s}]'
    own(good=line % '[["b"]]', bad=line % "[]")

    assert [one.id for one in taxonomy.load("good").aspects] == ["a", "b"]
    with pytest.raises(InputError, match="in the aspect number 2: words is a list"):
        taxonomy.load("bad")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('signs = ["opera"]\n[[aspects]]\nid = \n', "line 3"),
        ("", "has no [[aspects]]"),
        ("aspects = []", "has no [[aspects]]"),
        ("aspects = 3", "has no [[aspects]]"),
        ("aspects = [3]", "it is no table"),
        (OPERA.replace('["opera", "aria"]', '"opera"'), "signs is a list of words"),
    ],
)
def test_a_file_that_is_no_taxonomy_says_why(own: Callable[..., Path], text: str, reason: str) -> None:
    own(opera=text)

    with pytest.raises(InputError) as caught:
        taxonomy.load("opera")

    assert "opera.toml" in str(caught.value)
    assert reason in str(caught.value)


def test_a_file_that_is_no_text_says_so(own: Callable[..., Path]) -> None:
    (own() / "opera.toml").write_bytes(b"signs = ['\xff']")
    taxonomy.use_folder(None)
    taxonomy.use_folder(Path.cwd() / "own")

    with pytest.raises(InputError, match="can't be read"):
        taxonomy.load("opera")


def test_severe_complaints_are_the_corpuss_categories() -> None:
    found = taxonomy.severities()

    assert tuple(category.id for category in found) == SEVERITIES
    assert all(category.mentions and category.examples for category in found)
