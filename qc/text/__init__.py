"""Text: normalisation, shards, segmentation, emotion, topics, entities and masking."""
