"""A number that is to stay at or below its target."""

from okr_reports.key_result_types.rule import N_, WITHIN_LIMITS, KeyResultType

TYPE = KeyResultType(
    name="at_most",
    position=4,
    shape="hold",
    better="lower",
    limits=(None, "target"),
    about=N_(
        "Counts: the target over the projected end. Rates and levels: the share of the weeks at or below the limit."
    ),
    progress=WITHIN_LIMITS,
    expected_value="case when kpi_kind in ('flow', 'distinct') then elapsed * target end",
    goal=N_("at most %(value)s"),
    detail={
        "flow": N_("on course for %(projected)s, at most %(target)s"),
        "end": N_("%(limit_number)s in the last week, at most %(target)s"),
        "average": N_("%(limit_number)s over all its days, at most %(target)s"),
        "month": N_("%(weeks_kept)s of %(weeks_observed)s months at most %(target)s"),
        "end_month": N_("%(limit_number)s in the last month, at most %(target)s"),
        "quarter": N_("%(weeks_kept)s of %(weeks_observed)s quarters at most %(target)s"),
        "end_quarter": N_("%(limit_number)s in the last quarter, at most %(target)s"),
        "other": N_("%(weeks_kept)s of %(weeks_observed)s weeks at most %(target)s"),
    },
    sheet_words=(
        r"at[ _]most|maximum|max|como m[áa]ximo|h[öo]chstens|au plus|hoogstens|al massimo|no m[áa]ximo"
        r"|<="
    ),
    examples=[
        ({"kpi_kind": "flow", "limit_number": 100, "limit_high": 100}, 1.0),
        ({"kpi_kind": "flow", "limit_number": 200, "limit_high": 100}, 0.5),
        ({"kpi_kind": "flow", "limit_high": 100}, None),
        ({"kpi_kind": "flow", "is_signed": True, "limit_number": -5, "limit_high": -10}, 0.5),
        ({"kpi_kind": "flow", "is_signed": True, "limit_number": -20, "limit_high": -10}, 1.0),
        ({"kpi_kind": "stock", "hold": "end", "limit_number": 75, "limit_high": 50}, 0.5),
        ({"kpi_kind": "stock", "hold": "end", "limit_number": -15, "limit_high": -10}, 1.0),
        ({"kpi_kind": "stock", "hold": "average", "limit_number": -5, "limit_high": -10}, 0.5),
        ({"kpi_kind": "stock", "hold": "average", "limit_number": 1, "limit_high": 0}, 0.0),
        (
            {"kpi_kind": "ratio", "hold": "units", "allowed_misses": 1, "weeks_kept": 3, "weeks_observed": 4},
            1.0,
        ),
        (
            {"kpi_kind": "ratio", "hold": "units", "allowed_misses": 1, "weeks_kept": 1, "weeks_observed": 4},
            0.5,
        ),
        (
            {
                "kpi_kind": "ratio",
                "value": 9,
                "limit_high": 1,
                "hold": "units",
                "allowed_misses": 0,
                "weeks_kept": 3,
                "weeks_observed": 4,
            },
            0.75,
        ),
        (
            {
                "kpi_kind": "ratio",
                "value": 9,
                "limit_high": 1,
                "hold": "units",
                "allowed_misses": 0,
                "weeks_kept": 0,
                "weeks_observed": 0,
            },
            None,
        ),
    ],
)
