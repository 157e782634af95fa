"""What is measured, how, and the last figures (README.md). `make bench` runs every `bench_*.py` here."""
