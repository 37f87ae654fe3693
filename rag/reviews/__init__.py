"""Reviews keep: files are read into records, split into sentences and stored; SQLite is the truth."""
