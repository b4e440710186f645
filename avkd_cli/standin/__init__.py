"""The stand-in corpus: people who do not exist, their voices, faces and recordings."""
