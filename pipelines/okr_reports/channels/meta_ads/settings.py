"""Settings of Meta Ads, section `[sources.meta_ads]`."""

from __future__ import annotations

from dataclasses import dataclass

from okr_reports.channels.configuration import ChannelSettings, Secret


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
    """

    credentials: MetaAdsCredentials
    base_url: str = "https://graph.facebook.com"
    api_version: str = "v26.0"
