"""Page files: read, checked, given their inputs, rendered one by one.

Comes in: the folder reports/. Goes out: HTML of one page, or its faults. Start with reports.py, then render.py.
"""
