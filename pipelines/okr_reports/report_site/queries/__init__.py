"""Statements of pages and their answers: chained, bound to the snapshot, run for all values at once, read row by row.

Comes in: the queries of a page and a snapshot. Goes out: rows. Start with queries.py, then
database.py, rows.py and sets.py.
"""
