"""How many conversations of its run each reviewed one stands for.

A later sample is drawn from what the samples before it left. So it says nothing of what they took, which was risky on
purpose: with one over the chances alone, the easy conversations would count twice. Each sample is made an estimate of
the whole run by counting what was taken before as it is, once, and the samples are averaged by how much was reviewed of
them (Des Raj, Some estimators in sampling with varying probabilities without replacement, J. Am. Stat. Assoc. 51,
1956). What of a sample was not reviewed is taken to be like the rest of it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

COLUMNS = ("sample_id", "conversation_id", "probability", "drawn_at")


def weights(samples: pa.Table, ids: pa.Array) -> npt.NDArray[np.float64]:
    """The weights of the conversations `ids` that were reviewed, NaN for those in none of `samples` (rows of the table
    with COLUMNS). Of a single sample it is one over the chance of having been drawn."""
    out = np.full(len(ids), np.nan)
    samples = samples.sort_by([("drawn_at", "ascending"), ("sample_id", "ascending")]).combine_chunks()
    names = pc.fill_null(samples["sample_id"], "")
    of = np.asarray(pc.index_in(names, value_set=pc.unique(names)).to_numpy(), np.int64)
    place = pc.index_in(samples["conversation_id"], value_set=ids)
    there = np.flatnonzero(pc.is_valid(place).to_numpy())
    if not len(there):
        return out
    at, first = np.unique(place.take(pa.array(there)).to_numpy(), return_index=True)
    mine = there[first]  # the first draw of each
    chance = np.clip(samples["probability"].to_numpy()[mine], 1e-9, 1.0)
    drawn, seen = np.bincount(of), np.bincount(of[mine], minlength=int(of.max()) + 1)
    share = seen / seen.sum()
    later = np.cumsum(share[::-1])[::-1] - share
    full = seen.sum() / drawn[seen > 0].sum() * drawn / np.maximum(seen, 1)
    out[at] = full[of[mine]] * (share[of[mine]] / chance + later[of[mine]])
    return out
