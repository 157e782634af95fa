"""A number that is to stay between two limits, limits included."""

from okr_reports.key_result_types.rule import N_, WITHIN_LIMITS, KeyResultType

TYPE = KeyResultType(
    name="between",
    position=5,
    shape="band",
    better="neutral",
    limits=("low", "high"),
    about=N_("Counts: how near the projected end is to the band. Rates and levels: the share of the weeks inside it."),
    progress=WITHIN_LIMITS,
    goal=N_("between %(low)s and %(high)s"),
    detail={
        "flow": N_("on course for %(projected)s, between %(low)s and %(high)s"),
        "end": N_("%(limit_number)s in the last week, between %(low)s and %(high)s"),
        "average": N_("%(limit_number)s over all its days, between %(low)s and %(high)s"),
        "month": N_("%(weeks_kept)s of %(weeks_observed)s months between %(low)s and %(high)s"),
        "end_month": N_("%(limit_number)s in the last month, between %(low)s and %(high)s"),
        "quarter": N_("%(weeks_kept)s of %(weeks_observed)s quarters between %(low)s and %(high)s"),
        "end_quarter": N_("%(limit_number)s in the last quarter, between %(low)s and %(high)s"),
        "other": N_("%(weeks_kept)s of %(weeks_observed)s weeks between %(low)s and %(high)s"),
    },
    examples=[
        ({"kpi_kind": "flow", "limit_number": 100, "limit_low": 100, "limit_high": 120}, 1.0),
        ({"kpi_kind": "flow", "limit_number": 50, "limit_low": 100, "limit_high": 120}, 0.5),
        ({"kpi_kind": "flow", "limit_number": 160, "limit_low": 100, "limit_high": 120}, 0.75),
        ({"kpi_kind": "flow", "limit_number": -10, "limit_low": 0, "limit_high": 120}, 0.0),
        ({"kpi_kind": "flow", "limit_low": 100, "limit_high": 120}, None),
        (
            {
                "kpi_kind": "stock",
                "value": 1,
                "hold": "units",
                "allowed_misses": 0,
                "weeks_kept": 1,
                "weeks_observed": 4,
            },
            0.25,
        ),
    ],
)
