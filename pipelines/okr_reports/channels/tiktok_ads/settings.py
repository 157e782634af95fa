"""Settings of TikTok Ads, section `[sources.tiktok_ads]`."""

from __future__ import annotations

from dataclasses import dataclass

from okr_reports.channels.configuration import ChannelSettings, Secret


@dataclass(frozen=True, kw_only=True)
class TikTokAdsCredentials:
    """A long-lived access token of a TikTok for Business app, with the scopes Ad Account and Reporting."""

    access_token: Secret


@dataclass(frozen=True, kw_only=True)
class TikTokAdsSettings(ChannelSettings):
    """`account_ids` are needed: the advertisers of a token are listed only against the app's secret in the URL."""

    credentials: TikTokAdsCredentials
    base_url: str = "https://business-api.tiktok.com"
    api_version: str = "v1.3"
