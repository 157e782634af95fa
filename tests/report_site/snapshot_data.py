"""What the test snapshot holds: table columns exactly as the marts declare them, and the demo company's OKRs."""

from __future__ import annotations

from typing import Any

D = "decimal(28,9)"
RESULT = (
    "value double, baseline double, target double, progress double, score double, expected double, status varchar, "
    "status_reason varchar, is_provisional boolean, forecast_low double, forecast double, forecast_high double, "
    "probability double"
)


def _columns(text: str) -> list[str]:
    return [column.strip() for column in text.replace(D, "decimal(28;9)").split(",")]


DDL: dict[str, list[str]] = {
    table: [column.replace(";", ",") for column in _columns(columns)]
    for table, columns in {
        "fct_measure_daily": f"date date, channel varchar, account_id varchar, campaign_id varchar, measure varchar, "
        f"value {D}, value_local {D}, currency varchar, is_provisional boolean",
        "fct_ad_daily": "date date, channel varchar, account_id varchar, campaign_id varchar, account_name varchar, "
        "campaign_name varchar, campaign_group_id varchar, campaign_group_name varchar, currency varchar, "
        + ", ".join(
            f"{name} {D}"
            for name in (
                "impressions",
                "clicks",
                "link_clicks",
                "spend",
                "conversions",
                "conversion_value",
                "leads",
                "video_views",
            )
        )
        + ", is_provisional boolean",
        "fct_kpi_daily": f"kpi_id varchar, date date, numerator {D}, denominator {D}, value double, "
        "is_provisional boolean",
        "fct_key_result_daily": f"key_result_id varchar, date date, {RESULT}",
        "fct_key_result_reported": "key_result_id varchar, date date, reported_on date, value double, score double, "
        "status varchar",
        "fct_objective_daily": "objective_id varchar, date date, score double, expected double, status varchar, "
        "coverage double, weakest_key_result_id varchar",
        "key_results": "key_result_id varchar, objective_id varchar, position bigint, date date, title varchar, "
        "title_texts varchar, type varchar, kpi_id varchar, unit varchar, better varchar, owner varchar, "
        "team varchar, period varchar, period_start date, period_end date, parent varchar, ambition varchar, "
        "weight double, value double, baseline double, target double, low double, high double, progress double, "
        "score double, expected double, status varchar, status_reason varchar, is_provisional boolean, "
        "forecast_low double, forecast double, forecast_high double, probability double, confidence double, "
        "last_check_in date, last_check_in_by varchar, last_check_in_note varchar, last_check_in_next varchar, "
        "check_in_is_stale boolean, disagreement varchar, baseline_note varchar, over_range boolean, "
        "data_through date, stale_since date, provisional_from date",
        "objectives": "objective_id varchar, position bigint, date date, title varchar, title_texts varchar, "
        "description varchar, owner varchar, team varchar, team_title varchar, period varchar, period_start date, "
        "period_end date, parent varchar, ambition varchar, approved_by varchar, approved_on date, score double, "
        "expected double, status varchar, status_reason varchar, coverage double, weakest_key_result_id varchar, "
        "confidence double, last_check_in date, data_through date, stale_since date, measure_type varchar, "
        "measure_kpi_id varchar, measure_value double, measure_baseline double, measure_target double, "
        "measure_progress double, measure_score double",
        "source_health": "channel varchar, account_id varchar, account_name varchar, state varchar, "
        "data_through date, provisional_from date, last_load_at timestamptz, last_error varchar, stale_since date",
        "fct_check_in": "check_in_id varchar, key_result_id varchar, date date, author varchar, confidence double, "
        f"note varchar, next varchar, value {D}, met boolean, grade double, done varchar",
        "fct_note": "note_id varchar, date date, on_kind varchar, on_id varchar, text varchar",
        "dim_date": "date date, week_start date, month_start date, quarter varchar, year bigint, day_of_week bigint",
        "dim_period": "period_id varchar, title varchar, kind varchar, start_date date, end_date date",
        "dim_team": "team_id varchar, title varchar, title_texts varchar",
        "dim_channel": "channel varchar, title varchar, kind varchar, lookback_days bigint",
        "dim_account": "channel varchar, account_id varchar, account_name varchar, currency varchar, timezone varchar",
        "dim_campaign": "channel varchar, account_id varchar, campaign_id varchar, campaign_name varchar, "
        "campaign_group_id varchar, campaign_group_name varchar, status varchar",
        "dim_kpi": "kpi_id varchar, title varchar, title_texts varchar, description varchar, "
        "description_texts varchar, kind varchar, measure varchar, numerator varchar, denominator varchar, "
        "unit varchar, better varchar, channel varchar",
        "report_context": "organisation varchar, currency varchar, timezone varchar, locale varchar, "
        "language varchar, today date, refresh_id varchar, refreshed_at timestamptz, data_through date, "
        "status_on_track double, status_at_risk double, grace double, success_committed double, "
        "success_aspirational double",
        "health_gate": "position integer, rule varchar, is_passed boolean, met_count bigint, asked_count bigint, "
        "least_share double, first_missed varchar, last_refused_at timestamptz",
        "key_result_milestones": "key_result_id varchar, milestone_id varchar, position bigint, title varchar, "
        "weight double, due date, done_on date",
        "key_result_kpis": "key_result_id varchar, kpi_id varchar, position bigint",
        "key_result_pace": "key_result_id varchar, date date, expected double",
        "initiatives": "objective_id varchar, position bigint, title varchar, owner varchar, state varchar",
        "key_result_sources": "key_result_id varchar, channel varchar, account_id varchar, data_through date, "
        "state varchar",
        "key_result_versions": "key_result_id varchar, version bigint, valid_from date, valid_through date, "
        "type varchar, kpi_id varchar, baseline double, target double, low double, high double, unit varchar, "
        "baseline_fixed_on date, baseline_loaded_at timestamptz, changed_by varchar, changed_at timestamptz",
    }.items()
}

TEAMS = {
    "paid_social": {"es": "Publicidad en redes", "en": "Paid social"},
    "onboarding": {"es": "Incorporación de clientes", "en": "Customer onboarding"},
    "content": {"es": "Contenidos", "en": "Content"},
}

# account, id, name, group, weight; one name is hostile, one campaign is paused
CAMPAIGNS = (
    ("510001", "c1", "Q4 | Lead gen | Iberia", "Lead generation", 1.0),
    ("510001", "c2", "<script>alert('campaign')</script>", "Lead generation", 0.6),
    ("510001", "c3", '=HYPERLINK("http://evil.example","x")', "Brand", 0.0),
    ("510002", "c4", "US retargeting " + "verylongword" * 6, "Retargeting", 0.5),
)

KPIS: tuple[dict[str, Any], ...] = (
    {
        "id": "linkedin_leads",
        "title": {"es": "Clientes potenciales de LinkedIn", "en": "LinkedIn leads"},
        "about": {"es": "Formularios enviados desde anuncios de LinkedIn.", "en": "Forms sent from LinkedIn ads."},
        "kind": "flow",
        "measure": "leads",
        "unit": "count",
        "better": "higher",
        "level": 4.2,
    },
    {
        "id": "cost_per_lead",
        "title": {"es": "Coste por cliente potencial", "en": "Cost per lead"},
        "about": {"es": "Gasto entre clientes potenciales.", "en": "Spend over leads."},
        "kind": "ratio",
        "numerator": "spend",
        "denominator": "leads",
        "unit": "currency",
        "better": "lower",
        "level": 300,
        "per": 4.4,
    },
    {
        "id": "linkedin_ctr",
        "title": {"es": "Porcentaje de clics", "en": "Click-through rate"},
        "about": {"es": "Clics entre impresiones.", "en": "Clicks over impressions."},
        "kind": "ratio",
        "numerator": "clicks",
        "denominator": "impressions",
        "unit": "percent",
        "better": "higher",
        "level": 92,
        "per": 9000,
    },
    {
        "id": "ad_spend",
        "title": {"es": "Inversión publicitaria", "en": "Advertising spend"},
        "about": {"es": "Gasto en todos los canales.", "en": "Spend over all channels."},
        "kind": "flow",
        "measure": "spend",
        "unit": "currency",
        "better": "neutral",
        "level": 810,
    },
    {
        "id": "subscribers",
        "title": {"es": "Suscriptores", "en": "Subscribers"},
        "about": {"es": "Suscriptores activos del boletín.", "en": "Active newsletter subscribers."},
        "kind": "stock",
        "measure": "subscribers",
        "unit": "count",
        "better": "higher",
        "level": 12400,
    },
)


def _objective(id_: str, es: str, en: str, **more: Any) -> dict[str, Any]:
    about = {"es": "Por qué importa ahora.", "en": "Why it matters."}
    base = {
        "id": id_,
        "title": {"es": es, "en": en},
        "about": about,
        "period": "2026-Q4",
        "team": None,
        "owner": "Eva Ortiz",
        "parent": None,
        "ambition": "aspirational",
    }
    return {**base, **more}


OBJECTIVES: tuple[dict[str, Any], ...] = (
    _objective(
        "grow_pipeline",
        "Llenar el embudo para crecer en 2027",
        "Fill the pipeline to grow in 2027",
        measure=("increase", "linkedin_leads", 912.0, 400.0, 1500.0, 0.465, 0.465),
    ),
    _objective(
        "more_linkedin_leads",
        "Conseguir más clientes potenciales en LinkedIn",
        "Win more leads on LinkedIn",
        team="paid_social",
        owner="Ana Ruiz",
        parent="grow_pipeline",
        ambition="committed",
    ),
    _objective(
        "faster_onboarding",
        "Incorporar a los clientes en la mitad de tiempo",
        "Onboard customers in half the time",
        team="onboarding",
        owner="Luis Prieto",
        parent="grow_pipeline",
    ),
    _objective(
        "content_people_share",
        "Publicar contenidos que la gente comparte",
        "Publish content people share",
        team="content",
        owner="Núria Vidal",
        parent="grow_pipeline",
    ),
    _objective(
        "linkedin_basics",
        "Poner orden en LinkedIn",
        "Put LinkedIn in order",
        period="2026-Q3",
        team="paid_social",
        owner="Ana Ruiz",
        ambition="committed",
    ),
)


def _key_result(id_: str, of: str, es: str, en: str, type_: str, pace: float | None, **more: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "id": id_,
        "of": of,
        "title": {"es": es, "en": en},
        "type": type_,
        "pace": pace,
        "final": 1.0,
        "kpi": None,
        "unit": "number",
        "better": "higher",
        "baseline": None,
        "target": None,
        "low": None,
        "high": None,
        "level": False,
        "forecast": False,
        "check_ins": True,
        "confidence": 0.6,
        "owner": "Ana Ruiz",
        "note": {"es": "Los formularios se duplicaron con el anuncio nuevo.", "en": "Form fills doubled."},
        "next": {"es": "Mover el 10 % del presupuesto.", "en": "Move 10 % of the budget to it."},
        "beside": (),
        "stale": False,
        "restated": False,
    }
    return {**base, **more}


_LEADS = {"kpi": "linkedin_leads", "unit": "count", "baseline": 230.0, "target": 276.0, "forecast": True}
KEY_RESULTS: tuple[dict[str, Any], ...] = (
    _key_result(
        "pipeline_leads",
        "grow_pipeline",
        "Llegar a 1.500 clientes potenciales",
        "Reach 1,500 leads",
        "increase",
        0.97,
        **{**_LEADS, "baseline": 400.0, "target": 1500.0},
    ),
    _key_result(
        "pipeline_roi",
        "grow_pipeline",
        "Mantener el coste por cliente potencial por debajo de 75 €",
        "Keep cost per lead below 75 €",
        "at_most",
        0.86,
        kpi="cost_per_lead",
        unit="currency",
        better="lower",
        target=75.0,
        stale=True,
    ),
    _key_result(
        "linkedin_leads_up",
        "more_linkedin_leads",
        "Aumentar un 20 % los clientes potenciales de LinkedIn",
        "Raise LinkedIn leads by 20 %",
        "increase",
        0.68,
        confidence=0.8,
        restated=True,
        beside=("linkedin_ctr", "cost_per_lead"),
        **_LEADS,
    ),
    _key_result(
        "linkedin_ctr_up",
        "more_linkedin_leads",
        "Subir el porcentaje de clics del 0,9 % al 1,2 %",
        "Lift click-through rate from 0.9 % to 1.2 %",
        "increase",
        1.04,
        kpi="linkedin_ctr",
        unit="percent",
        baseline=0.009,
        target=0.012,
        level=True,
    ),
    _key_result(
        "spend_band",
        "more_linkedin_leads",
        "Mantener la inversión entre 60 y 80 mil euros",
        "Keep spend between 60 and 80 thousand euros",
        "between",
        1.0,
        kpi="ad_spend",
        unit="currency",
        better="neutral",
        low=60000.0,
        high=80000.0,
    ),
    _key_result(
        "onboarding_days_down",
        "faster_onboarding",
        "Reducir la incorporación de cinco días a dos",
        "Cut onboarding from five days to two",
        "decrease",
        0.5,
        unit="days",
        better="lower",
        baseline=5.0,
        target=2.0,
        level=True,
        owner="Luis Prieto",
        confidence=0.4,
    ),
    _key_result(
        "guide_published",
        "faster_onboarding",
        "Publicar la guía de primeros pasos",
        "Publish the getting-started guide",
        "milestones",
        1.1,
        owner="Luis Prieto",
    ),
    _key_result(
        "self_service",
        "faster_onboarding",
        "Activar el alta sin ayuda",
        "Ship self-service sign-up",
        "binary",
        None,
        check_ins=False,
    ),
    _key_result(
        "article_quality",
        "content_people_share",
        "Artículos que los expertos citan",
        "Articles experts quote",
        "qualitative",
        0.9,
        owner="Núria Vidal",
    ),
    _key_result(
        "guest_posts",
        "content_people_share",
        "Publicar entre tres y cinco firmas invitadas",
        "Publish three to five guest posts",
        "count_range",
        1.3,
        low=3.0,
        high=5.0,
        target=3.0,
        unit="count",
        owner="Núria Vidal",
    ),
    _key_result(
        "subscribers_up",
        "content_people_share",
        "Pasar de 12.400 a 13.000 suscriptores",
        "Grow from 12,400 to 13,000 subscribers",
        "increase",
        0.99,
        kpi="subscribers",
        unit="count",
        baseline=12400.0,
        target=13000.0,
        level=True,
    ),
    _key_result(
        "accounts_clean",
        "linkedin_basics",
        "Ordenar las cuentas",
        "Clean up the accounts",
        "milestones",
        1.0,
        final=1.0,
    ),
    _key_result(
        "leads_q3",
        "linkedin_basics",
        "Superar los 260 clientes potenciales",
        "Pass 260 leads",
        "increase",
        0.9,
        final=0.82,
        **{**_LEADS, "forecast": False},
    ),
)
