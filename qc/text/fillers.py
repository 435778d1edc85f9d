"""Fillers (语气词、口头禅): sounds and words that hold the floor and say nothing, 嗯, 呃, 那个, 就是说.

Sounds are fillers wherever they stand alone between marks or open a clause. Words are fillers only where they are
followed by a pause or by themselves: 那个，我想问 — but not 那个套餐.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_EDGE = r"(?:(?<=[，。？！；：、\s])|^)"
_WORDS = r"(?:那个|这个|就是说|就是|然后呢?|怎么说呢?|反正就是)"
_FILLER = re.compile(
    rf"{_EDGE}(?:[嗯呃]{{1,4}}|[嗯呃额唔哦噢啊哎诶唉欸]{{1,4}}(?=[，。？！；、\s]|$|[我你您他她它这那就])|{_WORDS}(?=[，、\s]))"
    r"|(?P<twice>那个|这个|就是)(?P=twice)+|(?<=[\u4e00-\u9fff])[呃嗯](?=[\u4e00-\u9fff])"
)


def fillers(text: str) -> Iterator[tuple[int, int]]:
    """(start, end) of the fillers of a readable text, in order.

    >>> text = "嗯，那个，我想问一下那个套餐，呃就是就是流量"
    >>> [text[a:b] for a, b in fillers(text)]
    ['嗯', '那个', '呃', '就是就是']
    """
    for found in _FILLER.finditer(text):
        yield found.span()
