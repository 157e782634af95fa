"""Where a number will end, as a distribution learnt from its own past: one step in Python between the models.

A weighted mixture of fixed linear filters over weekly blocks (docs/forecasts.md). Pure functions of numbers: no clock,
no randomness, no warehouse, so that every engine's models are given the same answer.
"""
