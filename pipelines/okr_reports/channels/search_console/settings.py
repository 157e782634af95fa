"""Settings of Google Search Console, section `[sources.search_console]`."""

from __future__ import annotations

from dataclasses import dataclass

from okr_reports.channels.configuration import ChannelSettings
from okr_reports.channels.google_auth import GoogleCredentials


@dataclass(frozen=True, kw_only=True)
class SearchConsoleSettings(ChannelSettings):
    """`account_ids` are sites as Search Console writes them: `https://example.com/` or `sc-domain:example.com`.

    Empty means every site the credentials may read. A domain property holds the numbers of the address properties
    within it: of two that overlap the wider one is read, and said.
    `search_type` is web, image, video, news, discover or googleNews.
    """

    credentials: GoogleCredentials
    base_url: str = "https://searchconsole.googleapis.com"
    search_type: str = "web"
