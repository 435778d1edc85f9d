"""Every word the lists of a workspace hold."""

from __future__ import annotations

from qc.pipeline.specs import Folders, emotion_lexicon, speech, taxonomies
from qc.specs.rules import load_rules
from qc.text.normalise import normalise


def vocabulary(where: Folders) -> frozenset[str]:
    """Words of lexicons, topics, emotion phrases and hot words, normalised. Raises SpecError."""
    words = [word.text for lexicon in load_rules([where.rules]).lexicons for word in lexicon.words]
    words += [k.text for taxonomy in taxonomies(where) for topic in taxonomy.topics for k in topic.keywords]
    words += [p for groups in emotion_lexicon(where).groups.values() for group in groups for p in group.phrases]
    words += [word.text for word in speech(where).hot_words]
    return frozenset(map(normalise, words))
