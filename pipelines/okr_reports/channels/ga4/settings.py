"""Settings of Google Analytics 4, section `[sources.ga4]`."""

from __future__ import annotations

from dataclasses import dataclass

from okr_reports.channels.configuration import ChannelSettings
from okr_reports.channels.google_auth import GoogleCredentials


@dataclass(frozen=True, kw_only=True)
class Ga4Settings(ChannelSettings):
    """`account_ids` are the numeric property ids and must be given: the Data API cannot list them.

    They stand under Admin, Property details. The credentials' user needs the role Viewer on each.
    """

    credentials: GoogleCredentials
    base_url: str = "https://analyticsdata.googleapis.com"
    api_version: str = "v1beta"

    def made_with(self) -> str:
        return "purchaseRevenue"
