"""What a component shows: functions that templates call, which shape answers into charts, tables, values and links.

Comes in: attributes of a tag and answers. Goes out: plain values for a template. Start with functions.py.
"""
