"""Names of variables that are of one workspace, one Dagster or one set of secrets: no other workspace is given them."""

NOT_PASSED = (
    "OKR_",
    "DAGSTER_",
    "DLT_",
    "SOURCES__",
    "DESTINATION__",
    "CREDENTIALS__",
    "RUNTIME__",
    "DUCKLAKE__",
    "SPARK__",
)
