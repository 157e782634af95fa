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

    An action counts within the windows that its ad set is set to, as in Ads Manager; with `click_window` (1, 7 or 28
    days) or `view_window` (1 day, or 0 for none) within those, for all ad sets alike. A change reads the history anew.
    `leads` is `lead`, Meta's own total in an account that has it, or `parts`: leads of forms and of the pixel alone.
    """

    credentials: MetaAdsCredentials
    base_url: str = "https://graph.facebook.com"
    api_version: str = "v26.0"
    click_window: int | None = None
    view_window: str = ""
    leads: str = "lead"

    def made_with(self) -> str:
        return self.counted_within() or "as each ad set"

    def counted_within(self) -> str:
        return ",".join(self.windows())

    def windows(self) -> tuple[str, ...]:
        """As Meta calls them; () for those of each ad set. Where one is set and the other not, that is 7 or 1 day.

        Raises ChannelError for one that it has not (7d_view and 28d_view ended in 2026).
        """
        if self.click_window is None and not self.view_window:
            return ()
        click, view = self.click_window or 7, self.view_window or "1"
        if click not in (1, 7, 28) or view not in ("0", "1"):
            what = f"has no windows of {click} days after a click and {view} after a view"
            todo = "write click_window = 1, 7 or 28 and view_window = 0 or 1 under [sources.meta_ads]"
            raise ChannelError("meta_ads", what, todo)
        return (f"{click}d_click", *(["1d_view"] if view == "1" else []))
