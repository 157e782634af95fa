"""Settings of Meta Ads, section `[sources.meta_ads]`."""

from __future__ import annotations

from dataclasses import dataclass

from okr_reports.channels.configuration import ChannelSettings, Secret
from okr_reports.errors import ChannelError


@dataclass(frozen=True, kw_only=True)
class MetaAdsCredentials:
    """A token with ads_read.

    Best that of a system user (Business settings, Users, System users), which does not expire; a user's own long-lived
    token ends after 60 days.
    """

    access_token: Secret


@dataclass(frozen=True, kw_only=True)
class MetaAdsSettings(ChannelSettings):
    """`api_version` is part of every path. Of the Marketing API Meta ends each about a year after it came.

    (Two years is the Graph API.) v25 ends on 2027-02-23; v26 came on 2026-07-29, v27 on 2026-11-04
    (developers.facebook.com/docs/marketing-api/marketing-api-changelog/versions).

    `click_window` and `view_window` are the days after a click (1, 7 or 28) and after a view (1, or 0 for none) within
    which an action counts; a change reads the history anew. `leads` is `lead`, Meta's own total where a row has it, or
    `parts`: leads of forms and of the pixel alone.
    """

    credentials: MetaAdsCredentials
    base_url: str = "https://graph.facebook.com"
    api_version: str = "v26.0"
    click_window: int = 7
    view_window: str = "1"
    leads: str = "lead"

    def made_with(self) -> str:
        return "" if self.windows() == ("7d_click", "1d_view") else ",".join(self.windows())

    def windows(self) -> tuple[str, ...]:
        """As Meta calls them. Raises ChannelError for one that it has not (7d_view and 28d_view ended in 2026)."""
        if self.click_window not in (1, 7, 28) or self.view_window not in ("0", "1"):
            what = f"has no windows of {self.click_window} days after a click and {self.view_window} after a view"
            todo = "write click_window = 1, 7 or 28 and view_window = 0 or 1 under [sources.meta_ads]"
            raise ChannelError("meta_ads", what, todo)
        return (f"{self.click_window}d_click", *(["1d_view"] if self.view_window == "1" else []))
