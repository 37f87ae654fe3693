"""Search finds: a question becomes a plan, sentences become vectors, candidates become ranked evidence."""
