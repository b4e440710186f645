"""Trees on disk to lists of utterances."""
