"""Foreign text made visible: what would act, or disguise what it says, is shown as a tag. Pure.

Terminal and page both show reviews through this; what is stored never changes.
"""

from __future__ import annotations

import re

# C0 and C1 controls (a terminal obeys them), and the marks that reorder text on a screen.
_ACTING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def visible(text: str) -> str:
    """The text with line ends as `\\n` and every acting character as a tag: U+202E → `⟨U+202E⟩`."""
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    return _ACTING.sub(lambda match: f"⟨U+{ord(match.group()):04X}⟩", unified)


def one_line(text: str) -> str:
    """The same, with every run of blanks and line ends as one blank."""
    return visible(" ".join(text.split()))


def counted(count: int, one: str, many: str) -> str:
    """A number and what it counts: `1 title was`, `1,200 titles were`."""
    return f"{count:,} {one if count == 1 else many}"
