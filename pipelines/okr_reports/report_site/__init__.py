"""The report site. Doors: build.py, check.py, serve.py, watch.py, portfolio.py.

Rooms, each of which imports only those before it: formats, dialect, queries, charts, views, pages, output, renderer.
"""
