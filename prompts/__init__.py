"""Prompt files, read through importlib.resources. None yet: the offline engine needs no prompt."""
