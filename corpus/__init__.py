"""Pullquote's own sample corpus: invented reviews of invented films, with every opinion marked.

The reviews lie under ``sample/``, one folder a film and one file a review, and are written in a
light markup (``corpus.markup``) that plants the labels in the prose itself.  ``corpus.sample``
reads them; ``python -m corpus build`` writes the two plain JSON-lines files under ``built/`` that
other programs read, and ``python -m corpus check`` refuses a corpus that contradicts itself.
"""
