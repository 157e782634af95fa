"""What has no number: a grade from 0 to 1, as the last check-in says."""

from okr_reports.key_result_types.rule import N_, KeyResultType

TYPE = KeyResultType(
    name="qualitative",
    position=9,
    shape="said",
    about=N_("The grade of the last check-in."),
    progress="value",
    is_paced=False,
    reads="grade",
    expected_value="expected",
    goal=N_("of %(target)s"),
    detail={"other": N_("grade %(value)s")},
    sheet_words=r"qualitative|cualitativo|qualitativ|qualitatif|kwalitatief|qualitativo",
    examples=[({"value": 0.75}, 0.75), ({}, None)],
)
