"""The same work on fgrad and on its peers, in one run, as ratios: ``python -m benchmarks``."""
