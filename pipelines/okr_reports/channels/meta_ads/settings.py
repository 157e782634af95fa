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
    """`api_version` is part of every path; Meta ends each about two years after it came."""

    credentials: MetaAdsCredentials
    base_url: str = "https://graph.facebook.com"
    api_version: str = "v26.0"
