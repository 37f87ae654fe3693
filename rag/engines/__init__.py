"""Engines propose: they draft claims that point at sentences by id. They never quote and never count."""
