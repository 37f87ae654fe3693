"""Question → plan: what it is about, apart from the words that only make it a question. Pure.

"What did critics dislike about the ending?" asks about *the ending*; the rest says that an opinion is wanted and
which way it leans. The focus alone decides whether a sentence may answer: the scaffolding ("what did critics think
of") pulls every sentence of every review near.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import Literal

from rag import words
from rag.records import Plan, PlanKind, Reading, Title
from rag.taxonomy import Aspect, Phrase

MAX_QUESTION = 2_000
_LONG_NAME = 8
"""A name of several words is known in any case from this many letters up."""

_REVIEWERS = """critic critics reviewer reviewers review reviews reviewed people person viewer viewers audience
    audiences everyone everybody anyone anybody somebody someone customer customers user users fan fans reader readers
    guest guests they others buyer buyers diner diners players player folks nobody none"""
_TELLING = """think thinks thought thinking say says said saying tell tells told feel feels felt feeling find finds
    found mention mentions mentioned describe describes described opinion opinions view views consider considered
    agree agreed disagree disagreed recommend recommended judge judged regard comment comments commented reaction
    reactions impression impressions take know known call called make made makes rate rated react reacted respond
    talk talks talked write writes wrote read get got want wanted give gave seem seems seemed work works worked
    happen happened come came go went see saw seen watch watched mean means meant show shows bother bothered
    respect regarding concerning terms case sort kind way ways please explain summarise summarize list worth seeing
    reading watching recommends hi hello hey thanks thank dear sorry wondering wonder curious kindly speak speaks
    speaking spoke according goes going gone somehow able verdict verdicts consensus"""
_THINGS = """film films movie movies book books product products item items place places restaurant restaurants game
    games picture thing things aspect aspects part parts one title titles general overall whole"""
_LIKING = """like likes liked liking love loves loved praise praises praised praising enjoy enjoys enjoyed enjoying
    admire admired best favourite favorite strength strengths highlight highlights good great excellent pros positive
    positives impressed impressive brilliant amazing"""
_DISLIKING = """dislike dislikes disliked hate hates hated criticise criticises criticised criticize criticized
    criticism criticisms complain complains complained complaint complaints worst weakness weaknesses weak bad
    problem problems wrong fault faults flaw flaws flawed cons negative negatives disappointed disappointing
    disappointment annoyed annoying issue issues fail fails failed terrible awful poor"""
_MEASURING = """many much often better worse well really very actually ever still right nice okay ok difference compare
    compared versus vs"""
# Words that lean, and that name something too: "what drags", "whom did the ending annoy".
_BLAMING = frozenset(
    """unhappy moan moans moaned moaning grumble grumbles grumbled annoy annoys irritate irritates irritated irritating
    grate grates grating tiresome tedious boring bored dull drag drags dragged overrated unconvincing disliking hating
    regret regrets regretted furious angry upset worse nerves unbelievable implausible miscast""".split()
)
# Words that judge rather than name: they are the focus only where nothing else is.
_WEAK = frozenset(
    """look looks looked sound sounds convincing believable realistic credible effective successful interesting
    enjoyable fun memorable satisfying earned deserved special different important unhappy moan moans moaned moaning
    grumble grumbles grumbled disliking hating""".split()
)
_VERDICT_QUERY = "Overall, this film is worth seeing."
"""What is searched for when a question asks about the whole: of six wordings tried on the sample corpus, the one
that found labelled verdicts most often."""
_GRAVE = re.compile(
    r"\b(?:severe|serious|grave|worst)\s+(?:complaint|problem|issue|incident|thing|allegation|accusation)s?\b"
    r"|\b(?:red flags?|warnings?)\b(?=\W*$)|\b(?:dangerous or illegal|illegal or dangerous)\b",
    re.IGNORECASE,
)
"""Asks for whatever is severe, of any category."""
_UNSAFE = re.compile(
    r"\b(?:un)?safe(?:ty|ly)?\b|\bdanger|\bhurts?\b|\binjur|\bepilep|\bseizure|\bstrob|\bflashing", re.I
)
_SICK_OF = re.compile(r"\bsick (?:and tired )?of\b", re.IGNORECASE)
_HURT = frozenset({"illness", "danger", "harm"})
_SUBJECT = re.compile(r"^\W*what(?:[’']s|\s+is|\s+was)\b.{0,60}\babout\W*$", re.IGNORECASE)
"""“What is it about?” asks for the story."""

_LIKES = frozenset(_LIKING.split())
_DISLIKES = frozenset(_DISLIKING.split())
_ASKING = frozenset(f"{_REVIEWERS} {_TELLING}".split())
_SCAFFOLD = words.STOP_WORDS | _ASKING | frozenset(f"{_THINGS} {_MEASURING}".split()) | _LIKES | _DISLIKES
_NEGATED_LIKING = re.compile(
    r"(?:n[’']?t|\b(?:not|never|no one|nobody|hardly))\s+(?:\w+\s+)?(?:like|love|enjoy|praise|impress|work|rate\b|care)"
    r"|\bno good\b",
    re.IGNORECASE,
)
_ANYBODY = re.compile(
    r"\b(?:any|some)(?:one|body)\b|\banyone\b|\bany (?:critic|review|reader|guest|buyer|player)", re.I
)
"""“Does anybody like it?” asks for those who do; “Do critics like it?” for both sides."""
_KINDS: tuple[tuple[PlanKind, re.Pattern[str]], ...] = (
    (
        "how_many",
        re.compile(r"\bhow many\b|\bhow often\b|\bwhat (?:share|percentage|proportion|fraction)\b", re.I),
    ),
    (
        "compare",
        re.compile(r"\bcompar|\bversus\b|\bvs\b\.?|\bdifference between\b|\bbetter .{0,40}\bthan\b", re.I),
    ),
    ("who", re.compile(r"^\W*(?:who|whom|which (?:critic|reviewer|outlet)s?)\b", re.I)),
    ("why", re.compile(r"^\W*(?:why|what makes|how come)\b", re.I)),
    (
        "yes_no",
        re.compile(r"^\W*(?:is|are|was|were|do|does|did|has|have|had|can|could|should|would|will)\b", re.I),
    ),
)
_PART = re.compile(r"\b(?:in|of|at|from|for)\s+(?:[Tt]he\s+)?([A-Z][\w’'-]*(?:\s+[A-Z0-9][\w’'-]*)+)")
"""Two words or more that are written as a name, behind a preposition."""
_NAME_RUN = re.compile(r"\b[A-Z][\w’'-]*(?:\s+[A-Z0-9][\w’'-]*)+")
_SERIES = 5
"""So many titles that begin alike may be meant by how they begin."""
_WHICH = re.compile(r"\b(?:which|any)(?:\s+of)?(?:\s+(?:the|these|those))?\s+(\w+)", re.IGNORECASE)
_CALLED = {"film": ("movie",), "book": ("novel",), "place": ("restaurant", "cafe", "pub", "bar", "hotel")}
"""What a title of a kind is called too."""
_SENTENCE_END = re.compile(r"(?<=[?!])\s+|(?<=\w{4}\.)\s+")
"""A short word before a full stop is likely a title: "Dr. Brandreth"."""
_GOING_ON = re.compile(r"^\W*(?:and|but|or|what about|how about)\b", re.IGNORECASE)
# A word alone or two must all be there; of three or more, one may be missing.
_MAY_MISS_FROM = 3
_MAX_MENTION_WORDS = 6


def make_plan(question: str, aspects: Sequence[Aspect], titles: Sequence[Title], people: Sequence[str] = ()) -> Plan:
    """What a question asks, given the aspects, the titles in scope and the people it names (`people_in`).

    Never fails: at worst the focus is empty.
    """
    asked = _without(question, titles, people)
    kept = _kept(_asking(asked)) or _kept(asked)
    if not kept and _SUBJECT.search(asked):
        kept = ["story"]
    stems = frozenset(words.stems(" ".join(kept)))
    aspect, phrases = _aspect(stems - _named_stems(asked, kept), aspects)
    kind: PlanKind = next((kind for kind, pattern in _KINDS if pattern.search(question)), "what")
    blank = Plan("", None, _stance(question, kind), kind, (), _terms(asked), people=tuple(people))
    return _focused(blank, asked, kept, aspect, phrases)


def _asking(asked: str) -> str:
    """The sentences that ask, where others only say who asks: "I dive for a living. Is the underwater part right?"."""
    return " ".join(one for one in _SENTENCE_END.split(asked) if one.rstrip().endswith("?")) or asked


def _kept(asked: str) -> list[str]:
    """The words that a question is about: those that judge only where nothing else is."""
    kept = [word for word in re.findall(r"[\w’'-]+", asked) if _carries_meaning(word)]
    return [word for word in kept if word.casefold() not in _WEAK] or kept


def refined(plan: Plan, question: str, reading: Reading, aspects: Sequence[Aspect], titles: Sequence[Title]) -> Plan:
    """A plan with what a model read in the question, as far as it stands there.

    A focus has to be words of the question, an aspect one of those there are. Titles, people and filters stay, so
    nothing is asked that was not asked for.
    """
    asked = _without(question, titles, plan.people)
    theirs = {token for word in reading.focus.split() for token in words.tokens(word)}
    kept = [
        word for word in re.findall(r"[\w’'-]+", asked) if theirs & set(words.tokens(word)) and _names_something(word)
    ]
    if not kept or not theirs <= set(words.tokens(asked)):
        kept = plan.focus.split()
    aspect = next((one for one in aspects if one.id == reading.aspect), None)
    stems = frozenset(words.stems(" ".join(kept))) - _named_stems(asked, kept)
    phrases = (aspect.asked_by(stems) or aspect.mentions) if aspect else ()
    return _focused(replace(plan, stance=reading.stance), asked, kept, aspect, phrases)


def _focused(plan: Plan, asked: str, kept: Sequence[str], aspect: Aspect | None, phrases: tuple[Phrase, ...]) -> Plan:
    """A plan about these words of the question."""
    focus, names = " ".join(kept), _named_stems(asked, kept)
    return replace(
        plan,
        focus=focus,
        names=names,
        aspect=aspect.id if aspect else None,
        queries=_queries(asked, focus, aspect),
        mentions=phrases if aspect else _all_of(tuple(dict.fromkeys(words.stems(focus)))),
        required=names if aspect else frozenset(),
        part=aspect is not None and phrases != aspect.mentions,
    )


def understood(aspects: Sequence[Aspect]) -> frozenset[str]:
    """Words that a question is understood by: those that lean, those that ask, and what aspects are called."""
    called = (word for aspect in aspects for word in words.tokens(f"{aspect.name} {aspect.description}"))
    return _SCAFFOLD | _WEAK | _BLAMING | frozenset(called)


def titles_in(question: str, titles: Sequence[Title]) -> tuple[Title, ...]:
    """The titles that a question names, in the order given.

    A name of one word counts letter for letter: "interview" is a word, "Interview" the film. A longer one counts in
    any case and without its article. A name inside a longer one is not named by it.
    """
    found = set(_named(question, [name for title in titles for name in (title.name, *title.aliases)]))
    return tuple(title for title in titles if not found.isdisjoint((title.name, *title.aliases)))


def partly_named(question: str, titles: Sequence[Title]) -> tuple[Title, ...]:
    """The titles that a question calls by a part of their name: "the producer in Miss Pym", "Is Three Billboards sad?".

    The part has two words or more. It stands behind a preposition and is of no other title, or it is how a title
    begins; a few titles that begin alike are a series, and all are meant.
    """
    parts = [match.group(1) for match in _PART.finditer(question)]
    owners = (_owners(part, titles) for part in parts)
    of_part = [found[0] for found in owners if len(found) == 1]
    return tuple(dict.fromkeys([*of_part, *(title for _, found in _begun(question, titles) for title in found)]))


def _begun(question: str, titles: Sequence[Title]) -> list[tuple[str, list[Title]]]:
    """The beginnings of names in a question, two words or more written as a name, and the titles that begin so."""
    found = []
    for run in _NAME_RUN.findall(question):
        pieces = run.split()
        for first in range(len(pieces) - 1):
            part = " ".join(pieces[first:])
            owners = _beginning(part, titles)
            if 0 < len(owners) <= _SERIES:
                found.append((part, owners))
                break
    return found


def _beginning(part: str, titles: Sequence[Title]) -> list[Title]:
    wanted, first = words.tokens(part), part.split()[0].casefold()
    likely = (title for title in titles if title.name.casefold().startswith(first))
    return [title for title in likely if words.tokens(title.name)[: len(wanted)] == wanted]


def _owners(part: str, titles: Sequence[Title]) -> list[Title]:
    """The titles in whose name these words stand side by side."""
    wanted, first = f" {' '.join(words.tokens(part))} ", part.split()[0].casefold()
    likely = (title for title in titles if first in title.name.casefold())
    return [title for title in likely if wanted in f" {' '.join(words.tokens(title.name))} "]


def severe_in(question: str, categories: Sequence[Aspect]) -> tuple[str, ...]:
    """The categories of severe complaints a question asks about: by their words, or all ("Any severe complaints?").

    Whether it is safe is a question for whatever hurt or could have hurt somebody.
    """
    stems = frozenset(words.stems(_SICK_OF.sub(" ", question)))
    if _GRAVE.search(question):
        return tuple(one.id for one in categories)
    asked = {one.id for one in categories if one.asked_by(stems)} | (_HURT if _UNSAFE.search(question) else set())
    return tuple(one.id for one in categories if one.id in asked)


def by_words(plan: Plan) -> Plan:
    """The same question asked of its words alone: "food poisoning" is no question about the food."""
    mentions = _all_of(tuple(dict.fromkeys(words.stems(plan.focus))))
    return replace(plan, aspect=None, mentions=mentions, required=frozenset(), part=False)


def asks_gravely(question: str) -> bool:
    """Whether a question is for whatever is severe."""
    return bool(_GRAVE.search(question))


def kind_in(question: str, kinds: Sequence[str]) -> str | None:
    """The kind of titles that a question asks to choose from: "Which films are praised for the music?"."""
    found = _WHICH.search(question)
    if found is None:
        return None
    noun = words.stem(found.group(1).casefold())
    return next((kind for kind in kinds if noun in map(words.stem, (kind, *_CALLED.get(kind, ())))), None)


def goes_on(question: str) -> bool:
    """Whether a question only names something else to ask the same about: "And the acting?"."""
    return bool(_GOING_ON.search(question))


def people_in(question: str, people: Sequence[str]) -> tuple[str, ...]:
    """The critics and outlets that a question names in full, the longest names first."""
    return tuple(_named(question, people))


def _named(question: str, names: Sequence[str]) -> list[str]:
    """Which of these names a question holds, the longest first.

    A library has thousands of names, so a plain look comes before a pattern is made.
    """
    folded = _straight(question)
    likely = sorted({n for n in names if _straight(n).removeprefix("the ") in folded}, key=lambda n: (-len(n), n))
    found = []
    for name in likely:
        # A name inside a longer one that is meant is not meant: "Shrek" in "Shrek 2".
        question, times = _name_pattern(name).subn(lambda match: "\0" * len(match.group()), question)
        found += [name] if times else []
    return found


def _straight(text: str) -> str:
    return text.casefold().replace("’", "'")


def _name_pattern(name: str) -> re.Pattern[str]:
    """A name as it may be written: with its article or without, with either apostrophe."""
    bare = re.sub(r"^the\s+", "", name, flags=re.IGNORECASE)
    written, whole = (re.sub("['’]", "['’]", re.escape(one)) for one in (bare, name))
    if len(name.split()) > 1 and len(bare) >= _LONG_NAME:
        return re.compile(rf"(?<!\w)(?:the\s+)?{written}(?:['’]s)?(?!\w)", re.IGNORECASE)
    return re.compile(rf"(?<!\w){whole}(?:['’]s)?(?!\w)")


def _without(question: str, titles: Sequence[Title], people: Sequence[str]) -> str:
    """The question without the titles and people it names: they say where to look, not what for."""
    for name in _named(question, [*(name for title in titles for name in (title.name, *title.aliases)), *people]):
        question = _name_pattern(name).sub(" ", question)
    for part, _ in _begun(question, titles):
        question = question.replace(part, " ")
    return _PART.sub(lambda match: " " if _owners(match.group(1), titles) else match.group(), question)


def _carries_meaning(word: str) -> bool:
    found = words.tokens(word)
    return bool(found) and not all(token in _SCAFFOLD for token in found)


def _names_something(word: str) -> bool:
    return any(token not in words.STOP_WORDS for token in words.tokens(word))


def _named_stems(asked: str, kept: Sequence[str]) -> frozenset[str]:
    return frozenset(words.stem(token) for name in _names(asked, kept) for token in words.tokens(name))


def _names(asked: str, kept: Sequence[str]) -> list[str]:
    """Kept words that are written as names: with a capital, and not first in the question."""
    if asked.isupper():  # all of it is shouted, so no capital tells anything
        return []
    first = re.search(r"\w[\w’'-]*", asked)
    return [word for word in kept if word[:1].isupper() and not (first and first.group() == word)]


def _aspect(stems: frozenset[str], aspects: Sequence[Aspect]) -> tuple[Aspect | None, tuple[Phrase, ...]]:
    """The aspect that most of these stems name, with the words that are asked about.

    Of equals the one that is called so: the ending is a word of a game's story, and an aspect of a film. At least half
    of the stems must name it: "the brine bucket photograph" does not ask about the photography.
    """
    best: tuple[tuple[int, bool], Aspect | None, tuple[Phrase, ...]] = ((0, False), None, ())
    for aspect in aspects:
        phrases = aspect.asked_by(stems)
        hits = len({stem for phrase in phrases if phrase <= stems for stem in phrase})
        rank = hits, not stems.isdisjoint(words.stems(aspect.name))
        if hits and rank > best[0] and 2 * hits >= len(stems):
            best = (rank, aspect, phrases)
    return best[1], best[2]


def _terms(asked: str) -> tuple[str, ...]:
    """The words that are searched for: those of the question, without the ones that only ask reviewers for a word."""
    found = [word for word in words.tokens(asked) if word not in words.STOP_WORDS and word not in _ASKING]
    return tuple(dict.fromkeys(words.stem(word) for word in found))


def _queries(asked: str, focus: str, aspect: Aspect | None) -> tuple[str, ...]:
    """Both the question and its focus: each finds what the other misses (docs/benchmarks.md, retrieval)."""
    question = " ".join(asked.split())
    if not focus:
        return question, _VERDICT_QUERY
    bare = aspect.name.removeprefix("the ") if aspect else focus
    return question, focus if bare in focus else f"{focus}, {bare}"


def _all_of(stems: tuple[str, ...]) -> tuple[Phrase, ...]:
    """Sets of stems that each speak of the focus."""
    if not stems:
        return ()
    if len(stems) < _MAY_MISS_FROM:
        return (frozenset(stems),)
    stems = stems[:_MAX_MENTION_WORDS]
    return tuple(frozenset(kept) for kept in combinations(stems, len(stems) - 1))


def _stance(question: str, kind: PlanKind) -> Literal["positive", "negative"] | None:
    """Which side is asked for. Whether something is liked is answered by both."""
    if kind == "yes_no" and not _ANYBODY.search(question):
        return None
    found = set(words.tokens(question))
    likes, dislikes = bool(found & _LIKES), bool(found & (_DISLIKES | _BLAMING))
    if _NEGATED_LIKING.search(question):
        return "negative"
    if likes == dislikes:
        return None
    return "positive" if likes else "negative"
