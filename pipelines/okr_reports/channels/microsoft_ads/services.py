"""The services of Microsoft Ads: four hosts and the place of finished reports, one token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from okr_reports.channels.addresses import same_place
from okr_reports.channels.budget import Budget
from okr_reports.channels.http import Http
from okr_reports.channels.microsoft_ads.errors import classify
from okr_reports.channels.microsoft_ads.settings import MicrosoftAdsSettings
from okr_reports.channels.oauth import RefreshedToken, refresh_form
from okr_reports.errors import VendorError

REPORTING = "reporting.api.bingads.microsoft.com"
OTHERS = {
    "customers": "https://clientcenter.api.bingads.microsoft.com",
    "campaigns": "https://campaign.api.bingads.microsoft.com",
    "login": "https://login.microsoftonline.com",
}
# Where Microsoft puts finished reports; an address anywhere else is not followed.
DOWNLOAD_HOSTS = (".blob.core.windows.net", ".bingads.microsoft.com")
SCOPE = "https://ads.microsoft.com/msads.manage offline_access"


@dataclass
class Services(Http):
    """The client of the reporting service; `beside` gives those of the others, which share its token.

    A sandbox has all of them in one place.
    """

    beside: dict[str, Http] = field(default_factory=dict)

    def within(self, budget: Budget, say: Callable[[str], None]) -> None:
        for http in self.beside.values():
            http.within(budget, say)
        super().within(budget, say)

    def service(self, name: str) -> Http:
        """The client of `customers`, `campaigns` or `login`."""
        return self.beside.get(name, self)

    def download(self, url: str) -> bytes:
        """A finished report. Its address carries its own signature: our token is not sent there."""
        if same_place(url, self.base_url):
            return self.send("GET", url, authenticated=False).body
        parts = urlsplit(url)
        if parts.scheme != "https" or not (parts.hostname or "").endswith(DOWNLOAD_HOSTS):
            raise VendorError(
                self.channel,
                f"puts a report on an unknown host ({parts.hostname})",
                "nothing was asked there; report it",
            )
        there = Http(self.channel, f"https://{parts.netloc}", classify, self.secrets, sleep=self.sleep)
        there.within(self.budget, self.say)
        return there.send("GET", url, authenticated=False).body


def connect(channel: str, settings: MicrosoftAdsSettings) -> Services:
    """Clients for all services, with a token that is refreshed once for all of them."""
    given = settings.credentials
    services = Services(channel, settings.base_url, classify, settings.secrets)
    if urlsplit(settings.base_url).hostname == REPORTING:
        services.beside = {name: Http(channel, url, classify, settings.secrets) for name, url in OTHERS.items()}
    form = refresh_form(given, SCOPE, is_public=not given.client_secret)
    token = RefreshedToken(lambda: services.service("login"), f"{settings.tenant}/oauth2/v2.0/token", "", form)
    for http in (services, *services.beside.values()):
        http.authenticator = token
    return services
