"""Connectors of others, declared under `channels` in the definitions (README.md: how each is run)."""
