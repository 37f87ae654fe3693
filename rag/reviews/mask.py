"""Scraping noise in a review, and the view of a sentence that is embedded and indexed. Pure.

Noise is masked, never deleted: offsets go on counting the stored text.
"""

from __future__ import annotations

import html
import re

# Each pattern is something no reviewer wrote. They are narrow on purpose: losing a reviewer's words is
# worse than keeping a stray label. Their work is linear in any text: where two repeats side by side could share
# characters, one is possessive (`*+`) or short.
_SITE = r"(?:facebook|twitter|x|e-?mail|print|whatsapp|reddit|copy\ link|share|tweet|pinterest)"
_NOISE = re.compile(
    r"""
      (?<![^\W_])(?-i:Advertisement|ADVERTISEMENT)(?![\w'’])          # also glued: "interview.Advertisement Such"
    | ^[ \t]*+(?:advertisement|story\ continues\ below(?:\ advertisement)?|article\ continues\ below(?:\ this\ ad)?
        |read\ more(?::[^\n]{0,120})?|share\ this(?:\ (?:article|review|story|page))?|share\ on\ \w+|tweet|print
        |comments?(?:\ \(\d+\))?|related\ (?:articles|stories|reviews)|most\ (?:read|popular)|sponsored(?:\ content)?
        |sign\ up\ (?:for|to)\ (?:our|the)\ [^\n]{0,60}newsletter[^\n]{0,60}|subscribe\ (?:now|to)[^\n]{0,60}
        |click\ here[^\n]{0,60}|skip\ to\ (?:main\ )?content|back\ to\ top|all\ rights\ reserved\.?
        |(?:©|\(c\)\ ?\d{4})[^\n]{0,100}|photo(?:\ credit)?:[^\n]{0,100})[ \t.!]*+$
    | ^[ \t]*+related(?:\ \w++)?:[^\n]{0,120}$
    | ^[ \t]*+@SITE@(?:[ \t]*+[|·•/][ \t]*+@SITE@)+[ \t]*+$
    | ^[ \t]*+home[ \t]*+(?:[>»/|›](?=[^\n>»/|›])[ \t]*+[^\n>»/|›]{0,40}+[ \t]*+){1,6}$   # Home > Reviews > Film
    | (?:(?<=[.!?\n])|^)[ \t]*+(?:we|this\ (?:web)?site|our\ (?:web)?site|our\ partners)\ uses?\ cookies[^\n.]{0,200}\.?
        (?:[ ]*(?:accept(?:\ all)?|manage\ (?:preferences|settings)|reject\ all|by\ continuing[^\n.]{0,120})[ ]*[.|]?)*
    | (?<=[.!?])[ ]?share\ this\ (?:article|review|story|page)\b[.!]?
    | (?:(?<=[.!?…"”’)\]*])|(?<=[.!?…"”’)\]*]\ )|^)<br[ ]?/?>(?:\s*+<br[ ]?/?>)*+   # a line break behind a sentence
    | <br[ ]?/?>(?:\s*+<br[ ]?/?>)++ | </?p>(?:\s*+</?p>)*+                   # and what parts paragraphs
    """.replace("@SITE@", _SITE),
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)

# A sentence that speaks to the program and not to a reader. Narrow too, and not a defence: nothing in a review is
# ever obeyed; this only keeps such a line from being quoted as somebody's opinion.
_ORDER = re.compile(
    r"""
      \b(?:ignore|disregard|forget)\b.{0,30}\b(?:previous|prior|above|earlier|preceding|your)\b.{0,30}
        \b(?:instructions?|prompts?|rules)\b
    | \[/?(?:SYSTEM|INST|ASSISTANT|USER)\] | <\|[\w ]+\|> | <<SYS>> | ["']role["']\s*: | \[S\d+\]
    | \b(?:note|message|instructions?|attention)\ (?:to|for)\ (?:any|the|all|every)
        \ (?:ai\b|assistant|language\ model|llm|model|chatbot|bot)
    | \b(?:reply|respond|answer)\ only\ with\b
    | ^\W*(?:do\ not|don[’']t|never|always)\ (?:quote|cite|summari[sz]e|output)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)

# A link whose tags were dropped along with the blanks around it glues a name to its neighbours.
_LOWER_THEN_NAME = re.compile(r"\b([a-z]+)([A-Z][a-z]+)")
_NAME_WORD_NAME = re.compile(r"\b([A-Z][a-z]{2,})(and|or|in|with|of|to|the|from|by|at|as|for)([A-Z][a-z]+)")
_NAME_THEN_WORD = re.compile(r"\b([A-Z][a-z]{3,})(about|and|or|in|with|of|to|from|by|at|as|for|is|was)(?=\s)")
# Simple tags that reviews were exported with; an inline one parts no word.
_BREAK = re.compile(r"</?(?:br|p|div|li|ul|ol|blockquote|h[1-6]|hr|tr|td)\b[^<>]{0,200}>", re.IGNORECASE)
_INLINE = re.compile(r"</?(?:b|i|u|s|em|strong|a|span|font|sub|sup|small|big|spoiler)\b[^<>]{0,300}>", re.IGNORECASE)
_BRAND_PREFIXES = frozenset({"i", "e", "x", "mc", "mac", "de", "di", "la", "le", "von", "van"})
_REACH = 40


def noise_spans(text: str) -> list[tuple[int, int]]:
    """Where a text holds scraping noise, in order and without overlap."""
    return [(m.start(), m.end()) for m in _NOISE.finditer(text) if m.group().strip()]


def is_order(sentence: str) -> bool:
    """Whether a sentence gives orders to the program that reads it."""
    return bool(_ORDER.search(sentence))


def view(text: str) -> str:
    """The words of a sentence as embedded: entities decoded, tags left out, glued words parted, blanks folded."""
    text = html.unescape(text)
    if "<" in text:
        text = _INLINE.sub("", _BREAK.sub(" ", text))
    return part_glued(" ".join(text.split()))


def part_glued(text: str) -> str:
    """Put back the blanks that lost markup took: "toBurt Lancasterabout" → "to Burt Lancaster about".

    A word is parted at its end ("Lancasterabout") only close behind one that was parted for certain,
    because many names end like that ("Berlin", "Rowland").
    """
    text = _NAME_WORD_NAME.sub(r"\1 \2 \3", text)
    parted: list[str] = []
    position = 0
    for match in _LOWER_THEN_NAME.finditer(text):
        if match.start() < position or match.group(1) in _BRAND_PREFIXES:
            continue
        parted.append(text[position : match.start()] + match.group(1) + " ")
        position = match.start(2)
        reach = match.end() + _REACH
        tail = _NAME_THEN_WORD.match(text, match.start(2)) or _NAME_THEN_WORD.search(text, match.end(), reach)
        if tail:
            parted.append(text[position : tail.end(1)] + " ")
            position = tail.end(1)
    return "".join(parted) + text[position:]
