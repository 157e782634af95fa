"""`okr desk`: forms in the browser that write check-ins and notes into the definitions.

For those who put it behind their login. It keeps nothing itself: what it shows is read from the definitions and the
analysts' copy each time, what it writes are the files that `okr check-in` writes.
"""

from okr_reports.desk.app import DeskOptions, make_app
from okr_reports.desk.server import serve_desk

__all__ = ["DeskOptions", "make_app", "serve_desk"]
