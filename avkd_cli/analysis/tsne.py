"""Embeddings laid out in a plane by t-SNE, through scikit-learn (the extra avkd[tsne])."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from avkd_cli.analysis.correlation import unit
from avkd_cli.errors import UsageError


def plane(x: ArrayLike, perplexity: float, seed: int = 0) -> NDArray[np.float64]:
    """Return a place in the plane for each unit embedding, shape (n, 2); axes mean nothing.

    Args:
        x: embeddings, shape (n, d), n at least 3.
        perplexity: about how many neighbours each keeps; at most a third of the others.
        seed: of the layout, which starts from the principal components.

    Raises:
        UsageError: scikit-learn is not installed.
        ValueError: an embedding is all zeros, or there are too few.

    Reference:
        L. van der Maaten, G. Hinton, "Visualizing data using t-SNE", JMLR 9, 2008.
    """
    try:
        from sklearn.manifold import TSNE
    except ImportError:
        raise UsageError(
            "a t-SNE picture needs scikit-learn; install it with: pip install 'avkd[tsne]'"
        ) from None
    x = unit(x)
    if len(x) < 3:
        raise ValueError(f"{len(x)} embeddings make no picture; three or more are wanted")
    perplexity = min(perplexity, (len(x) - 1) / 3)
    start = "pca" if min(x.shape) > 1 else "random"
    layout = TSNE(perplexity=perplexity, init=start, random_state=seed, n_jobs=1)
    return layout.fit_transform(x).astype(np.float64)
