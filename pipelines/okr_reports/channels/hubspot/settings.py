"""Settings of HubSpot, section `[sources.hubspot]`."""

from __future__ import annotations

from dataclasses import dataclass

from okr_reports.channels.configuration import NO_SECRET, ChannelSettings, Secret


@dataclass(frozen=True, kw_only=True)
class HubSpotCredentials:
    """Either the `access_token` of a private app, or an OAuth app's `client_id`, `client_secret` and `refresh_token`.

    Scopes: crm.objects.contacts.read, crm.objects.companies.read, crm.objects.deals.read, crm.schemas.deals.read.
    """

    access_token: Secret = NO_SECRET
    client_id: str = ""
    client_secret: Secret = NO_SECRET
    refresh_token: Secret = NO_SECRET


@dataclass(frozen=True, kw_only=True)
class HubSpotSettings(ChannelSettings):
    """`api_version` and `oauth_version` are in the paths; HubSpot serves each version for 18 months.

    A version of the old kind (`v3`) works until September 2027. `mql_stage` and `sql_stage` are the internal names of
    the lifecycle stages that count as MQL and SQL (Settings, Objects, Contacts, Lifecycle Stage); a stage made by hand
    has a number for a name.
    """

    credentials: HubSpotCredentials
    base_url: str = "https://api.hubapi.com"
    api_version: str = "2026-09"
    oauth_version: str = "2026-03"
    mql_stage: str = "marketingqualifiedlead"
    sql_stage: str = "salesqualifiedlead"
