"""Models from a centre's own labels, and what taxonomies did not catch: training, evaluation, clusters, new words."""
