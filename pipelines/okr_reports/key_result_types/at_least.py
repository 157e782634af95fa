"""A number that is to stay at or above its target."""

from okr_reports.key_result_types.rule import N_, WITHIN_LIMITS, KeyResultType

TYPE = KeyResultType(
    name="at_least",
    position=3,
    shape="hold",
    better="higher",
    limits=("target", None),
    about=N_(
        "Counts: the projected end over the target. Rates and levels: the share of the weeks at or above the limit."
    ),
    progress=WITHIN_LIMITS,
    expected_value="case when kpi_kind in ('flow', 'distinct') then elapsed * target end",
    goal=N_("at least %(value)s"),
    detail={
        "flow": N_("on course for %(projected)s, at least %(target)s"),
        "end": N_("%(limit_number)s in the last week, at least %(target)s"),
        "average": N_("%(limit_number)s over all its days, at least %(target)s"),
        "month": N_("%(weeks_kept)s of %(weeks_observed)s months at least %(target)s"),
        "end_month": N_("%(limit_number)s in the last month, at least %(target)s"),
        "quarter": N_("%(weeks_kept)s of %(weeks_observed)s quarters at least %(target)s"),
        "end_quarter": N_("%(limit_number)s in the last quarter, at least %(target)s"),
        "other": N_("%(weeks_kept)s of %(weeks_observed)s weeks at least %(target)s"),
    },
    sheet_words=r"at[ _]least|minimum|min|al menos|mindestens|au moins|minstens|almeno|pelo menos|>=",
    examples=[
        ({"kpi_kind": "flow", "limit_number": 120, "limit_low": 100}, 1.0),
        ({"kpi_kind": "flow", "limit_number": 50, "limit_low": 100}, 0.5),
        ({"kpi_kind": "flow", "limit_number": -10, "limit_low": 0}, 0.0),
        (
            {
                "kpi_kind": "check_in",
                "value": 0,
                "limit_low": 1,
                "hold": "units",
                "allowed_misses": 0,
                "weeks_kept": 1,
                "weeks_observed": 2,
            },
            0.5,
        ),
    ],
)
