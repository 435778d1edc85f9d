"""Groups of texts that are about the same: the door to scikit-learn's clustering.

A text is its characters and pairs of characters, weighted by TF-IDF, in the 200 directions in which the texts differ
most (latent semantic analysis); k-means groups the directions. Characters do better than words here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qc.errors import UsageError
from qc.text.columns import Ints
from qc.text.normalise import normalise

_DIMENSIONS = 200
_RESTARTS = 5
_SEED = 0
MIN_TEXTS = 10
"""Fewer texts are read faster than grouped."""
MIN_COHESION = 0.25
"""A text whose cosine to the centre of its group is less belongs to none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clusters:
    """`nearest`: the group whose centre each text is nearest to; `likeness`: its cosine to that centre."""

    nearest: Ints
    likeness: npt.NDArray[np.float64]

    @property
    def of_text(self) -> Ints:
        """The group of each text, −1 for one that is like no centre."""
        return np.where(self.likeness >= MIN_COHESION, self.nearest, -1)

    def members(self, cluster: int) -> Ints:
        """Indices of the texts of a group, the most typical first."""
        mine = np.flatnonzero(self.of_text == cluster)
        return mine[np.argsort(-self.likeness[mine].round(6), kind="stable")]


def number_of_clusters(texts: int) -> int:
    """√n, between 2 and 60: a group has about as many texts as there are groups.

    Silhouette, Calinski–Harabasz and Davies–Bouldin have no optimum on short sentences (they only rise or only fall
    with k), so none of them chooses.
    """
    return int(np.clip(round(texts**0.5), 2, 60))


def cluster(texts: Sequence[str], k: int | None = None) -> Clusters:
    """Groups of `texts`, k of them (default: number_of_clusters); the same texts in order give the same groups.

    Raises UsageError when scikit-learn is not installed or there are fewer than MIN_TEXTS texts.
    """
    try:
        from sklearn.cluster import KMeans
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.preprocessing import normalize
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]
    except ImportError:
        raise UsageError("没有安装 scikit-learn，聚类需要它", "请运行 pip install 'qc[learn]'。") from None
    if len(texts) < MIN_TEXTS:
        raise UsageError(f"只有 {len(texts)} 段话，太少，不值得聚类", f"至少要 {MIN_TEXTS} 段；请给出更多批次。")
    # Sums of several threads come in another order each time; texts that are all equal have no variance to divide by.
    with threadpool_limits(limits=1), np.errstate(invalid="ignore"):
        weights = TfidfVectorizer(analyzer="char", ngram_range=(1, 2), sublinear_tf=True, min_df=2)
        table = weights.fit_transform([normalise(text) for text in texts])
        dimensions = min(_DIMENSIONS, min(table.shape) - 1)
        if dimensions > 1:
            table = TruncatedSVD(dimensions, random_state=_SEED).fit_transform(table)
        points = np.asarray(normalize(table) if dimensions > 1 else normalize(table.toarray()), np.float64)
        wanted = min(k or number_of_clusters(len(texts)), len(np.unique(points.round(6), axis=0)))
        nearest = KMeans(wanted, n_init=_RESTARTS, random_state=_SEED).fit_predict(points).astype(np.int64)
        centres = normalize(np.array([points[nearest == i].mean(axis=0) for i in range(wanted)]))
        likeness = (points * centres[nearest]).sum(axis=1)
    return Clusters(nearest=nearest, likeness=likeness)
