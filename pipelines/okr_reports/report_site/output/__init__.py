"""The whole site: pages kept or rendered, files beside them, the release that is published, PDF.

Comes in: rendered pages. Goes out: a folder, and the link that makes it current. Start with site.py, then publish.py.
"""
