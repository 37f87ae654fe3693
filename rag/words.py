"""Words: tokens, stems, stop words, and the numbers and quantifiers of a text. Pure.

One place for the plan, the index, the mention test and the support check, so that all agree on what a word is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

import Stemmer

_STEMMER = Stemmer.Stemmer("english")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
# Scripts written without blanks: a run of them is cut into overlapping pairs, which finds words inside it.
UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0e7f]+")

_LONGEST_KEPT = 500
"""Characters of a text whose words are kept for whoever asks next."""

STOP_WORDS = frozenset(
    """a about above after again all also am an and any are as at be because been before being below between
    both but by can could did do does doing don down during each even ever every for from further get got had
    has have having he her here hers him his how i if in into is it its itself just let me might more most much
    must my no nor not of off on once one only or other our out over own s same she should so some such t than
    that the their them then there these they this those through to too under until up upon us very was we were
    what when where which while who whom whose why will with would you your yours im ive dont didnt doesnt isnt
    wasnt cant couldnt wouldnt theyre youre id ill whats thats whos hows wheres theres heres lets hes shes weve
    youve theyve wont shouldnt werent havent hasnt hadnt arent""".split()
)

_CARDINALS = (
    "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion "
    "dozen dozens hundreds thousands half third thirds quarter quarters percent percentage both twice"
).split()
_ORDINALS = "fourth fifth sixth seventh eighth ninth tenth twelfth twentieth hundredth thousandth".split()
_SIGNS = "²³¹¼-¾⁰-₉⅐-↋①-⓿❶-➓㉈-㉟㊱-㊿"
"""Digits and fractions that stand for themselves: ½, ②, Ⅻ."""
_NUMBER = re.compile(
    rf"\d+(?:[.,]\d+)*[{_SIGNS}]*\s*%?|[{_SIGNS}]+"
    rf"|\b(?:(?:an?|one)[\s-]+(?:{'|'.join(_ORDINALS)})(?=\s+of\b)|one-(?:{'|'.join(_ORDINALS)})"
    rf"|(?:{'|'.join(_ORDINALS)})s|{'|'.join(_CARDINALS)})\b",
    re.IGNORECASE,
)

_ONE = "(?:critic|reviewer|review|viewer|reader|listener|user|player|buyer|customer|guest|visitor|fan|outlet|person)"
_THEM = f"(?:{_ONE}s|people|audiences)"
_OF_THEM = rf"\s+of\s+(?:(?:the|these|those|its|all)\s+)?(?:\w+\s+)?{_THEM}"
_BROADLY = "(?:mostly|mainly|largely|generally|broadly|widely|typically|usually|overwhelmingly|universally|uniformly)"
_QUANTIFIER = re.compile(
    r"\b(?:most|many|few|several|some|all|none|nobody|everyone|everybody|no one|majority|minority|"
    r"a lot|plenty|numerous|countless|nearly all|almost all|a handful|a couple|unanimous|unanimously"
    # These count only where it is people that they count: every critic, but "every scene" and "lots of fun".
    rf"|(?:every|each|no|neither|not one|not a single|(?-i:Not)\s+an?|(?-i:[IVXLC]{{2,}}))\s+(?:\w+\s+)?{_ONE}"
    rf"|(?:no|zero|more|fewer|multiple|various|(?-i:[IVXLC]{{2,}}))\s+{_THEM}"
    r"|(?:every one|each|lots|loads|tons|heaps|scores|tens|droves|bulk|number|fraction|portion|share|rest|bunch|pair)"
    rf"{_OF_THEM}|{_THEM}\s+(?:\w+\s+)?{_BROADLY}|{_BROADLY},?\s+{_THEM})\b",
    re.IGNORECASE,
)


def tokens(text: str) -> list[str]:
    """Lower-cased words of a text in order, without apostrophes and possessives; unspaced scripts give pairs."""
    return list(_of_sentence(text)) if len(text) <= _LONGEST_KEPT else _split(text)


@lru_cache(maxsize=8_192)
def _of_sentence(text: str) -> tuple[str, ...]:
    """A sentence is read by several in a row: the index, the coder's two vocabularies, the signs of its aspects."""
    return tuple(_split(text))


def _split(text: str) -> list[str]:
    found: list[str] = []
    for match in _WORD.finditer(unicodedata.normalize("NFC", text)):
        word = match.group().casefold().replace("’", "'").removesuffix("'s").replace("'", "")
        found.extend(_pairs(word) if UNSPACED.search(word) else [word])
    return found


def _pairs(word: str) -> Iterable[str]:
    for run in re.findall(UNSPACED.pattern + r"|[^\W_]+?(?=" + UNSPACED.pattern + r"|$)", word):
        if UNSPACED.fullmatch(run) and len(run) > 1:
            yield from (run[i : i + 2] for i in range(len(run) - 1))
        else:
            yield run


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """The English Snowball stem of a lower-cased word."""
    return str(_STEMMER.stemWord(word))


def stems(text: str) -> list[str]:
    """Stems of all words of a text in order, stop words included."""
    return [stem(word) for word in tokens(text)]


def content_stems(text: str) -> list[str]:
    """Stems of the words that carry meaning, in order."""
    return [stem(word) for word in tokens(text) if word not in STOP_WORDS]


def numbers(text: str) -> list[str]:
    """Digits, percentages, fractions and cardinals from two up, as written and in order."""
    return [match.group().strip() for match in _NUMBER.finditer(unicodedata.normalize("NFC", text))]


def quantifiers(text: str) -> list[str]:
    """Words that count without a number: `most`, `many`, `few`, `everyone`, `every critic`, `lots of reviewers`."""
    return [" ".join(match.group().split()) for match in _QUANTIFIER.finditer(text)]


def names(text: str) -> list[str]:
    """Capitalised words that do not open a sentence: most likely names."""
    found = []
    text = unicodedata.normalize("NFC", text)
    for match in re.finditer(r"(?<![.!?…:]\s)(?<![.!?…:])(?<=\s)[\"“‘'(]?([A-Z][\w’'-]+)", text):
        word = match.group(1).removesuffix("'s").removesuffix("’s")
        if word.casefold() not in STOP_WORDS:
            found.append(word)
    return found
