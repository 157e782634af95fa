"""The page language: tags, their attributes, components as files, what is no tag of ours.

Comes in: the text of a page. Goes out: a Jinja2 template whose tags are known. Start with tags.py, then components.py.
"""
