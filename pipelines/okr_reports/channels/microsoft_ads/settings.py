"""Settings of Microsoft Ads, section `[sources.microsoft_ads]`."""

from __future__ import annotations

from dataclasses import dataclass

from okr_reports.channels.configuration import NO_SECRET, ChannelSettings, Secret
from okr_reports.errors import ChannelError


@dataclass(frozen=True, kw_only=True)
class MicrosoftAdsCredentials:
    """A developer token (Microsoft Advertising developer portal) and an Entra app with a refresh token.

    Scope https://ads.microsoft.com/msads.manage offline_access. A public client has no `client_secret`.
    """

    developer_token: Secret
    client_id: str
    client_secret: Secret = NO_SECRET
    refresh_token: Secret


@dataclass(frozen=True, kw_only=True)
class MicrosoftAdsSettings(ChannelSettings):
    """`base_url` is the reporting service; the other services are found beside it. `tenant` is the Entra tenant.

    `leads = "goals"` has what goals of lead categories counted as the measure leads; '' has none.
    """

    credentials: MicrosoftAdsCredentials
    base_url: str = "https://reporting.api.bingads.microsoft.com"
    tenant: str = "common"
    leads: str = ""

    def __post_init__(self) -> None:
        if self.leads not in ("", "goals"):
            what = f"the setting sources.microsoft_ads.leads is {self.leads!r}"
            raise ChannelError("microsoft_ads", what, 'write leads = "goals", or take it out')

    def made_with(self) -> str:
        return "conversions by goal"
