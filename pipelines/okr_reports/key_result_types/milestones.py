"""Steps with weights, done as check-ins say."""

from okr_reports.key_result_types.rule import N_, KeyResultType, ratio

TYPE = KeyResultType(
    name="milestones",
    position=7,
    shape="steps",
    about=N_("The weight of the milestones that are done over the weight of all."),
    progress=ratio("weight_done", "weight_total"),
    needs_dates=True,
    reads="done",
    expected_value="expected",
    goal=N_("of %(target)s"),
    detail={"other": N_("%(weight_done)s of %(weight_total)s in milestones done")},
    examples=[
        ({"kpi_kind": "check_in", "value": 2, "weight_done": 2, "weight_total": 4}, 0.5),
        ({"kpi_kind": "check_in", "value": 0, "weight_done": 0, "weight_total": 0}, None),
    ],
)
