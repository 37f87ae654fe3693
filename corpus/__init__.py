"""Pullquote's own corpus with known truth: invented reviews of invented titles, with every opinion marked.

The reviews lie under ``dev/`` and ``test/``, one folder a title and one file a review, in a light markup
(``corpus.markup``) that plants the labels in the prose itself.  ``corpus.loader`` reads a split, with the
questions that follow from it; ``python -m corpus build`` writes JSON lines under ``built/`` for other programs, and
``python -m corpus check`` refuses a corpus that contradicts itself.  ``README.md`` is the data card.
"""
