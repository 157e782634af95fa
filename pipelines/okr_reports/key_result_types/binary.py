"""Met or not, as the last check-in says."""

from okr_reports.key_result_types.rule import N_, KeyResultType

TYPE = KeyResultType(
    name="binary",
    position=8,
    shape="said",
    about=N_("Done or not, said at a check-in."),
    progress="value",
    is_paced=False,
    needs_dates=True,
    reads="met",
    expected_value="expected",
    goal="",
    detail={"other": N_("as the last check-in says")},
    sheet_words=(
        r"binary|yes/no|done|milestone|s[íi]/no|ja/nein|oui/non|ja/nee|s[ìi]/no|sim/n[ãa]o|bin[áa]rio|"
        r"bin[äa]r"
    ),
    examples=[({"value": 1}, 1.0), ({"value": 0}, 0.0), ({}, None)],
)
