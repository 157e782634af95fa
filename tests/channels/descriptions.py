"""What the conformance suite must know of a channel: the rest of it is the same for all.

A new API channel adds its entry to DESCRIPTIONS; `test_every_channel_is_described` tells when one is missing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from okr_reports.sandbox.hubspot import PORTAL
from okr_reports.sandbox.mailchimp import ACCOUNT as MAILCHIMP_ACCOUNT
from okr_reports.sandbox.website import WEBSITES


@dataclass(frozen=True)
class Description:
    """`facts` is the raw table (or a query in brackets) whose grain is account, day and campaign; `measures` maps
    columns of the sandbox's truth to their SQL there. `secrets` are the credential settings a canary is put into.
    `drift` is a vendor field and a value it must not have. `renews_tokens`: an expired token is renewed without a
    person. `lag_days` is how many days the vendor needs until a day is final, which then `is_final`. With
    `lands_objects` what is landed are things as they are now, not days: a correction of any age is followed, and no
    day is emptied by itself. `rows` is how many rows of truth there are at least in 45 days. `accounts` are those of
    a vendor that is no advertising. `permission` is what the vendor calls the right to read an account, `scope` the
    one that credentials are made with, as our advice must name them.
    """

    facts: str
    measures: dict[str, str]
    secrets: tuple[str, ...]
    drift: dict[str, Any]
    campaign_id: str = "campaign_id"
    renews_tokens: bool = True
    settings: dict[str, str] = field(default_factory=dict)
    lag_days: int = 0
    is_final: bool = False
    lands_objects: bool = False
    rows: int = 60
    accounts: tuple[str, ...] = ()
    permission: str = ""
    scope: str = ""

    def account_ids(self, bench: Any, name: str) -> list[str]:
        return sorted(self.accounts or (account.id for account in bench.sandbox.state.company.accounts(name)))


DESCRIPTIONS = {
    "linkedin_ads": Description(
        permission="a role on the ad account",
        scope="r_ads_reporting",
        facts="campaign_analytics",
        measures={
            "impressions": "impressions",
            "clicks": "clicks",
            "link_clicks": "landing_page_clicks",
            "spend": "cost_in_local_currency",
            "conversions": "external_website_conversions",
            "conversion_value": "conversion_value_in_local_currency",
            "leads": "one_click_leads",
            "video_views": "video_views",
        },
        secrets=("access_token", "client_id", "client_secret", "refresh_token"),
        drift={"clicks": "many"},
    ),
    "google_ads": Description(
        permission="login_customer_id",
        scope="auth/adwords",
        facts="campaign_stats",
        measures={
            "impressions": "impressions",
            "clicks": "clicks",
            "spend": "cost",
            "conversions": "conversions",
            "conversion_value": "conversions_value",
            "video_views": "video_trueview_views",
        },
        secrets=("developer_token", "client_id", "client_secret", "refresh_token"),
        drift={"clicks": "many"},
    ),
    "meta_ads": Description(
        permission="access to the ad account",
        scope="ads_read",
        facts="campaign_insights",
        measures={
            "impressions": "impressions",
            "clicks": "clicks",
            "link_clicks": "inline_link_clicks",
            "spend": "spend",
        },
        secrets=("access_token",),
        drift={"clicks": "many"},
        renews_tokens=False,
    ),
    "microsoft_ads": Description(
        permission="a role on the account",
        scope="msads.manage",
        facts="campaign_performance",
        measures={
            "impressions": "impressions",
            "clicks": "clicks",
            "spend": "spend",
            "conversions": "conversions_qualified",
            "conversion_value": "revenue",
        },
        secrets=("developer_token", "client_id", "client_secret", "refresh_token"),
        drift={"Clicks": "many"},
    ),
    "tiktok_ads": Description(
        permission="the advertiser's admin",
        scope="Ad Account and Reporting",
        facts="campaign_report",
        measures={
            "impressions": "impressions",
            "clicks": "clicks",
            "spend": "spend",
            "conversions": "conversion",
            "conversion_value": "coalesce(total_complete_payment_rate, 0) + coalesce(total_onsite_shopping_value, 0)"
            " + coalesce(total_purchase_value, 0)",
            "leads": "coalesce(form, 0) + coalesce(onsite_form, 0) + coalesce(total_sales_lead, 0)",
            "video_views": "video_play_actions",
        },
        secrets=("access_token",),
        drift={"clicks": "many"},
        renews_tokens=False,
    ),
    "ga4": Description(
        permission="the role Viewer on the property",
        scope="auth/analytics.readonly",
        facts="traffic",
        measures={
            name: name
            for name in (
                "sessions",
                "engaged_sessions",
                "key_events",
                "total_revenue",
                "screen_page_views",
                "add_to_carts",
                "checkouts",
                "ecommerce_purchases",
                "purchase_revenue",
            )
        },
        secrets=("client_id", "client_secret", "refresh_token"),
        drift={"sessions": "many"},
        campaign_id="channel_group",
        accounts=tuple(site.property_id for site in WEBSITES),
    ),
    "search_console": Description(
        permission="Users and permissions",
        scope="auth/webmasters.readonly",
        facts="site_daily",
        measures={name: name for name in ("clicks", "impressions", "position_weighted")},
        secrets=("client_id", "client_secret", "refresh_token"),
        drift={"clicks": "many"},
        campaign_id="''",
        lag_days=2,
        is_final=True,
        accounts=tuple(site.search_site for site in WEBSITES),
    ),
    "hubspot": Description(
        permission="crm.objects.deals.read",
        scope="crm.objects.contacts.read",
        facts="""(select created_on as date, account_id, source from hubspot.contacts where not archived and id not in
                  (select object_id from hubspot.merged_objects where kind = 'contacts'))""",
        measures={"contacts_created": "1"},
        secrets=("access_token", "client_id", "client_secret", "refresh_token"),
        drift={"createdate": "many"},
        campaign_id="source",
        lands_objects=True,
        accounts=(PORTAL,),
    ),
    "mailchimp": Description(
        permission="the role Viewer or above",
        scope="the role Viewer or above",
        # what is whole on the day a campaign was sent; the rest is made into days by dbt
        facts="""(select sent_on as date, * from mailchimp.campaign_totals qualify
                  row_number() over (partition by campaign_id order by loaded_at desc) = 1)""",
        measures={name: name for name in ("emails_sent", "hard_bounces", "soft_bounces")},
        secrets=("api_key", "access_token"),
        drift={"emails_sent": "many"},
        renews_tokens=False,
        lands_objects=True,
        rows=10,
        accounts=(MAILCHIMP_ACCOUNT,),
    ),
}
