"""One file per command: a thin click function over a pure function."""
