"""Prompt files, `NAME.vN.md`, read through importlib.resources. A released version never changes: `prompts.lock`."""
