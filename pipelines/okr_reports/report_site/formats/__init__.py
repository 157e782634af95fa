"""How a value is written: numbers, dates, words of the site's languages, Markdown and HTML.

Comes in: a value, a format code, a language. Goes out: text that a page can hold. Start with formats.py.
"""
