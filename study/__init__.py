"""What a teacher is worth: the experiment of record. Not in the wheel; `python -m study --help`.

`systems` says as data what is compared, `plan` turns that into plain `avkd` command lines, `run`
runs what is not done yet, `choose` chooses settings by folds, `gather` reads scores, `page` writes.
"""
