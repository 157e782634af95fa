"""A number that is to fall from its baseline; a flow is projected to the whole period first."""

from okr_reports.key_result_types.rule import N_, WAY_DONE, KeyResultType, Size, ratio

TYPE = KeyResultType(
    name="decrease",
    position=2,
    shape="move",
    better="lower",
    size=Size("change", start=1, sign=-1),
    about=N_(
        "The way from the baseline down to the target that is done; counts are projected to the end of the period."
    ),
    # The baseline of a flow is the total of the baseline period.
    progress=f"""case
        when kpi_kind = 'flow' and target < baseline then {ratio("(baseline - projected)", "(baseline - target)")}
        when kpi_kind <> 'distinct' and target < baseline then {WAY_DONE}
    end""",
    refused_kinds={"distinct": "use at_most, or another KPI"},
    forecast_side="below",
    # The projected total should have moved by the share that is expected.
    expected_value="""case
        when kpi_kind = 'flow' then elapsed * (baseline - expected * (baseline - target))
        else baseline + expected * (target - baseline)
    end""",
    detail={
        "flow": N_("on course for %(projected)s, from %(baseline)s to %(target)s"),
        "other": N_("from %(baseline)s to %(target)s, now %(value)s"),
    },
    sheet_words=(
        r"decrease|reduce|lower|down|reducir|bajar|senken|reduzieren|r[ée]duire|diminuer|verlagen|ridu"
        r"rre|reduzir"
    ),
    examples=[
        ({"kpi_kind": "check_in", "value": 3.5, "baseline": 5, "target": 2}, 0.5),
        ({"kpi_kind": "check_in", "value": 0.5, "baseline": 5, "target": 2}, 1.5),
        ({"kpi_kind": "ratio", "value": 6.5, "baseline": 5, "target": 2}, -0.5),
        ({"kpi_kind": "flow", "projected": 90, "baseline": 100, "target": 80}, 0.5),
        ({"kpi_kind": "distinct", "value": 90, "baseline": 100, "target": 80}, None),
    ],
)
