"""Settings of Mailchimp, section `[sources.mailchimp]`."""

from __future__ import annotations

from dataclasses import dataclass

from okr_reports.channels.configuration import NO_SECRET, ChannelSettings, Secret


@dataclass(frozen=True, kw_only=True)
class MailchimpCredentials:
    """Either an `api_key` (Account, Extras, API keys; its end, as in -us20, names the data centre) or an OAuth
    `access_token`, which does not expire.
    """

    api_key: Secret = NO_SECRET
    access_token: Secret = NO_SECRET


@dataclass(frozen=True, kw_only=True)
class MailchimpSettings(ChannelSettings):
    """`{dc}` in `base_url` stands for the data centre, which comes from the credentials."""

    credentials: MailchimpCredentials
    base_url: str = "https://{dc}.api.mailchimp.com"

    def made_with(self) -> str:
        return "opens without proxies"
