"""YAML files → validated specs, with every problem at its line and column."""
