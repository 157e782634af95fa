"""Charts as SVG, drawn at build time. One 90-point line takes 0.1-0.3 ms here; vl-convert took 37 ms and 12 kB and
bakes its colours in, so light and dark would need a chart each.

Every chart is as wide as its place: x positions are per cent, y positions are pixels, and lines live in a nested
viewport that stretches without stretching its strokes. Text keeps its size at any width. All colours are CSS classes.
"""
