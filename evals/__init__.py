"""Evaluations: how good an answer is (``metrics``), and how sure one may be of it (``intervals``)."""
