"""Settings of LinkedIn Ads, section `[sources.linkedin_ads]`."""

from __future__ import annotations

from dataclasses import dataclass

from okr_reports.channels.configuration import NO_SECRET, ChannelSettings, Secret


@dataclass(frozen=True, kw_only=True)
class LinkedInAdsCredentials:
    """Either an access token (lives 60 days), or the three of the refresh flow (365 days), or all four.

    From the app at developer.linkedin.com with the scopes r_ads and r_ads_reporting.
    """

    access_token: Secret = NO_SECRET
    client_id: str = ""
    client_secret: Secret = NO_SECRET
    refresh_token: Secret = NO_SECRET


@dataclass(frozen=True, kw_only=True)
class LinkedInAdsSettings(ChannelSettings):
    """`api_version` is the LinkedIn-Version header (YYYYMM). LinkedIn ends each on the 15th to 17th, a year later.

    202601 ends on 2027-01-15, 202609 about 2027-09-15 (learn.microsoft.com/linkedin/marketing/integrations/migrations).
    """

    credentials: LinkedInAdsCredentials
    base_url: str = "https://api.linkedin.com"
    api_version: str = "202609"

    def made_with(self) -> str:
        return "conversions by rule"
