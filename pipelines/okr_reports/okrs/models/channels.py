"""Channels that files make: what they are called."""

from __future__ import annotations

from okr_reports.okrs.fields import Id, Title
from okr_reports.okrs.place import Located


class ChannelEntry(Located):
    """The name of a channel that file sources make, shown wherever the channel is."""

    id: Id
    title: Title
