"""A count that is to end between two limits: enough is enough, more is flagged and not punished."""

from okr_reports.key_result_types.rule import N_, KeyResultType, ratio

TYPE = KeyResultType(
    name="count_range",
    position=6,
    shape="range",
    about=N_("Done from the lower number on; more than the upper one is shown, not punished."),
    progress=f"""case
        when value >= low then 1.0
        when value > 0 then {ratio("value", "low")}
        when value <= 0 then 0.0
    end""",
    forecast_side="above",
    expected_value="expected * low",
    goal=N_("between %(low)s and %(high)s"),
    detail={"other": N_("%(value)s of %(low)s to %(high)s")},
    examples=[
        ({"kpi_kind": "check_in", "value": 0, "low": 4, "high": 5}, 0.0),
        ({"kpi_kind": "check_in", "value": 1, "low": 4, "high": 5}, 0.25),
        ({"kpi_kind": "flow", "value": 4, "low": 4, "high": 5}, 1.0),
        ({"kpi_kind": "flow", "value": 7, "low": 4, "high": 5}, 1.0),
        ({"kpi_kind": "flow", "value": -1, "low": 4, "high": 5}, 0.0),
        ({"kpi_kind": "flow", "low": 4, "high": 5}, None),
    ],
)
