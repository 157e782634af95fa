"""What is measured, how, and the last figures (RESULTS.md). `make bench` runs every `bench_*.py` here."""
