"""Trees on disk to utterances: one module a corpus, each with `list_…(folder, …)`.

Each returns the utterances, their paths relative to the folder (or absolute), and a `Report` that
is complete when the utterances have been read to the end.
"""
