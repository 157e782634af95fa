"""Which version of a vendor's API a channel asks, and what is to be said of its end."""

from __future__ import annotations

from datetime import date

from okr_reports.catalogue import ApiVersion, channels
from okr_reports.channels.configuration import ChannelSettings
from okr_reports.errors import Finding

# From how many days before its end on a version is warned of.
WARNED = 90


def version_in_use(name: str, settings: ChannelSettings) -> ApiVersion | None:
    """The version that the settings name, else the channel's only one. What is not known of it is None."""
    known = {version.version: version for version in channels()[name].versions}
    written = getattr(settings, "api_version", None)
    if written is None:
        return next(reversed(known.values()), None)
    return known.get(written) or ApiVersion(written)


def version_findings(name: str, settings: ChannelSettings, today: date) -> list[Finding]:
    """An error where the version has ended, a warning where it ends within 90 days or is not known."""
    info, used = channels()[name], version_in_use(name, settings)
    if used is None or not info.versions:
        return []
    newest = info.versions[-1].version
    todo = (
        f"set api_version under [sources.{name}] to {newest}, or take it out"
        if used.version != newest
        else (f"look for a newer one at {info.announced}, and upgrade okr or set api_version under [sources.{name}]")
    )
    if used.version not in {version.version for version in info.versions}:
        what, todo = f"{name}: version {used.version} of the API is not known", f"see its end at {info.announced}"
        return [Finding(".dlt/config.toml", 1, "warning", what, todo)]
    left = used.days_left(today)
    if left is None or left > WARNED:
        return []
    day = f"about {used.ends}" if used.is_estimate else str(used.ends)
    what = f"{name}: version {used.version} of the API {'ended' if left <= 0 else 'ends'} on {day} ({info.announced})"
    return [Finding(".dlt/config.toml", 1, "error" if left <= 0 and not used.is_estimate else "warning", what, todo)]
