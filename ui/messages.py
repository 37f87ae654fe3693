"""What the page says around an answer, as HTML made of fixed tags and escaped words. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rag.errors import NoLibrary, PullquoteError
from rag.records import Answer, Dropped, EngineStamp, Title
from ui.safe import html

FAULT = (
    "Something went wrong that should not have. Your reviews are untouched. "
    "What happened is in the log of the terminal in which the page was started."
)


def message(heading: str, *lines: str | None) -> str:
    """A heading and sentences below it."""
    body = "".join(f"<p>{html(line)}</p>" for line in lines if line)
    return f'<div class="pq-message" role="alert"><h2>{html(heading)}</h2>{body}</div>'


def problem(error: PullquoteError) -> str:
    """What went wrong and what to do about it."""
    heading = "No library here yet" if isinstance(error, NoLibrary) else "That did not work"
    return message(heading, error.message, error.hint)


def fault() -> str:
    """What is said when we did not expect it."""
    return message("Something broke", FAULT)


def empty() -> str:
    """What is said of a library without reviews."""
    return message("No reviews yet", "This library holds no reviews.", "Add some with: pullquote add PATH")


def invitation(titles: Sequence[Title]) -> str:
    """What there is to ask about, before the first question."""
    reviews = sum(title.reviews for title in titles)
    holds = f"{_number(reviews, 'review')} of {_number(len(titles), 'title')}."
    return f'<div class="pq-meta"><p>{html(holds)} Every quote in an answer opens the review it stands in.</p></div>'


def small(*facts: str) -> str:
    """A line in small type."""
    return f'<div class="pq-meta"><p>{" · ".join(f"<bdi>{html(fact)}</bdi>" for fact in facts)}</p></div>'


def sentence(quote: str, who: str, aspect: str, parts: Sequence[str]) -> str:
    """A sentence with who wrote it, and the review around it: what stands before, the sentence, and what follows."""
    before, mark, after = (html(part) for part in parts)
    return (
        f'<blockquote class="pq-sentence"><p>“<bdi>{html(quote)}</bdi>”</p>'
        f"<footer><bdi>{html(who)}</bdi>, on {html(aspect)}</footer></blockquote>"
        '<details class="pq-review"><summary>The whole review</summary>'
        f"<div>{before}<mark>{mark}</mark>{after}</div></details>"
    )


def of_title(title: Title) -> str:
    """What the questions below it are about."""
    return f'<div class="pq-meta"><p>Worth asking of <bdi>{html(title.name)}</bdi>:</p></div>'


def going_on(before: Sequence[str]) -> str:
    """What was asked before a follow-up."""
    turns = " › ".join(f"<bdi>{html(turn)}</bdi>" for turn in before)
    return f'<div class="pq-meta"><p>Going on from: {turns}</p></div>'


def writing(sentences: int) -> str:
    """What is said while a model writes."""
    said = "Nothing is verified yet" if not sentences else f"{_number(sentences, 'sentence')} verified"
    return f'<div class="pq-meta"><p role="status">The model is writing. {said}.</p></div>'


def evidence(answer: Answer) -> str:
    """What the engine was handed, best first, with its scores."""
    rows = "".join(
        f"<tr><td>{place}</td><td>{one.score:.2f}</td><td><bdi>{html(one.sentence.view)}</bdi></td></tr>"
        for place, one in enumerate(answer.candidates, 1)
    )
    head = "<tr><th>place</th><th>score</th><th>sentence handed to the engine</th></tr>"
    return f'<div class="pq-wide"><table class="pq-table"><thead>{head}</thead><tbody>{rows}</tbody></table></div>'


def meta(answer: Answer) -> str:
    """In small type above an answer: what was read, cited and dropped, and what the reader should know."""
    cited = len({c.review_id for c in answer.citations}) if answer.claims else 0
    mention = sum(one.mentioning or 0 for one in answer.coverage)
    facts = [f"{_number(answer.reviews, 'review')} read", f"{cited or 'none'} cited"]
    if mention and answer.plan.focus:
        facts.insert(1, f"{mention:,} mention it")
    if len(answer.titles) == 1:
        facts.insert(0, answer.titles[0].name)
    spans = " · ".join(f"<bdi>{html(fact)}</bdi>" for fact in facts)
    notes = "".join(f"<p>Note: {html(warning)}</p>" for warning in answer.warnings)
    return f'<div class="pq-meta"><p>{spans}</p>{_dropped(answer.dropped)}{notes}</div>'


def _dropped(dropped: Sequence[Dropped]) -> str:
    if not dropped:
        return ""
    rows = "".join(f"<li><bdi>{html(one.text)}</bdi><br>Dropped: {html(one.why)}</li>" for one in dropped)
    return f"<details><summary>{_number(len(dropped), 'sentence')} dropped</summary><ul>{rows}</ul></details>"


def made(answer: Answer) -> str:
    """What produced an answer, as a list of terms."""
    rows = "".join(f"<dt>{html(name)}</dt><dd>{html(value)}</dd>" for name, value in _made(answer))
    return f'<dl class="pq-stamp">{rows}</dl>'


def stamped(stamp: EngineStamp, more: Mapping[str, str]) -> str:
    """What produced something else than an answer."""
    rows = [(name, value) for name, value in (*more.items(), *_stamp(stamp)) if value]
    return (
        f'<dl class="pq-stamp">{"".join(f"<dt>{html(name)}</dt><dd>{html(value)}</dd>" for name, value in rows)}</dl>'
    )


def _made(answer: Answer) -> list[tuple[str, str]]:
    plan, stamp = answer.plan, answer.engine
    asked = [
        plan.focus or "the whole",
        plan.aspect and f"aspect {plan.aspect}",
        plan.stance and f"stance {plan.stance}",
    ]
    rows = [
        ("Read as", ", ".join(part for part in asked if part)),
        ("Titles", ", ".join(title.name for title in answer.titles)),
        *_stamp(stamp),
    ]
    return [(name, value) for name, value in rows if value]


def _stamp(stamp: EngineStamp) -> list[tuple[str, str]]:
    return [
        ("Engine", stamp.name),
        ("Instead of", stamp.fallback or ""),
        ("Model", stamp.model or "none"),
        ("Prompt", stamp.prompt or "none"),
        ("Coder", stamp.coder or "none"),
        ("Sentence vectors", stamp.embedder or "none: words alone"),
        ("Retrieval", ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in stamp.retrieval.items())),
        ("Pullquote", stamp.version),
        ("Library generation", str(stamp.generation)),
    ]


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
