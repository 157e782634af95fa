"""The DuckDB file: one writer at a time, a copy for readers, and the records the refresh keeps of itself."""
