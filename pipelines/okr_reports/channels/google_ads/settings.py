"""Settings of Google Ads, section `[sources.google_ads]`."""

from __future__ import annotations

from dataclasses import dataclass

from okr_reports.channels.configuration import NO_SECRET, ChannelSettings, Secret


@dataclass(frozen=True, kw_only=True)
class GoogleAdsCredentials:
    """An OAuth client with a refresh token; its Cloud project decides how many operations a day there are.

    `developer_token` is of accounts older than 2026-09-09, when Google ended them: it is sent only if given.

    The scope is https://www.googleapis.com/auth/adwords. While the OAuth app's status is "Testing", Google ends its
    refresh tokens after seven days.
    """

    client_id: str
    client_secret: Secret
    refresh_token: Secret
    developer_token: Secret = NO_SECRET


@dataclass(frozen=True, kw_only=True)
class GoogleAdsSettings(ChannelSettings):
    """`login_customer_id` is the manager account to enter through; empty means every account the user may enter."""

    credentials: GoogleAdsCredentials
    base_url: str = "https://googleads.googleapis.com"
    api_version: str = "v26"
    login_customer_id: str = ""
