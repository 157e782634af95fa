"""A number that is to rise: a count from 0 to its target, anything else from its baseline."""

from okr_reports.key_result_types.rule import N_, WAY_DONE, KeyResultType, Size, ratio

TYPE = KeyResultType(
    name="increase",
    position=1,
    shape="move",
    better="higher",
    size=Size("change", start=1, sign=1),
    about=N_(
        "Counts: the value over the target. Rates and levels: the way from the baseline to the target that is done."
    ),
    # The baseline of a count only fixes its target.
    progress=f"""case
        when kpi_kind in ('flow', 'distinct') then {ratio("value", "target")}
        when target > baseline then {WAY_DONE}
    end""",
    no_baseline_for=("flow", "distinct"),
    forecast_side="above",
    expected_value="""case
        when kpi_kind in ('flow', 'distinct') then expected * target
        else baseline + expected * (target - baseline)
    end""",
    goal_of_count=N_("of %(target)s"),
    detail={
        "flow": N_("%(value)s of %(target)s"),
        "other": N_("from %(baseline)s to %(target)s, now %(value)s"),
    },
    sheet_words=r"increase|grow|raise|up|aumentar|subir|steigern|erh[öo]hen|augmenter|verhogen|aumentare",
    examples=[
        ({"kpi_kind": "flow", "value": 138, "baseline": 230, "target": 276}, 0.5),
        ({"kpi_kind": "stock", "value": 10000, "baseline": 10000, "target": 11000}, 0.0),
        ({"kpi_kind": "check_in", "value": 0, "baseline": -5, "target": 5}, 0.5),
        # A resolved baseline that already lies past the target leaves no way to measure.
        ({"kpi_kind": "ratio", "value": 7, "baseline": 10, "target": 5}, None),
        ({"kpi_kind": "stock", "baseline": 10, "target": 20}, None),
    ],
)
