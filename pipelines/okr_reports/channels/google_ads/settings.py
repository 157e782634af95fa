"""Settings of Google Ads, section `[sources.google_ads]`."""

from __future__ import annotations

from dataclasses import dataclass

from okr_reports.channels.configuration import ChannelSettings, Secret


@dataclass(frozen=True, kw_only=True)
class GoogleAdsCredentials:
    """A developer token (API centre of a manager account) and an OAuth client with a refresh token.

    The scope is https://www.googleapis.com/auth/adwords. While the OAuth app's status is "Testing", Google ends its
    refresh tokens after seven days.
    """

    developer_token: Secret
    client_id: str
    client_secret: Secret
    refresh_token: Secret


@dataclass(frozen=True, kw_only=True)
class GoogleAdsSettings(ChannelSettings):
    """`login_customer_id` is the manager account to enter through; empty means every account the user may enter."""

    credentials: GoogleAdsCredentials
    base_url: str = "https://googleads.googleapis.com"
    api_version: str = "v26"
    login_customer_id: str = ""
