"""The rows that definitions become in the warehouse, schema `definitions`: dbt reads these, never YAML.

Grain and meaning stand beside each table. Amounts are DECIMAL(28,9); shares and progress are doubles; texts are
plain strings in the report's language, with all languages as JSON in the column of the same name plus `_texts`.
"""

from __future__ import annotations

import pyarrow as pa

AMOUNT = pa.decimal128(28, 9)
RATE = pa.decimal128(28, 12)
_text, _int, _share, _bool, _date = pa.string(), pa.int64(), pa.float64(), pa.bool_(), pa.date32()
_moment = pa.timestamp("us", tz="UTC")


def _table(**columns: pa.DataType) -> pa.Schema:
    return pa.schema(list(columns.items()))


TABLES: dict[str, pa.Schema] = {
    # one row: the refresh these definitions were landed by; `today` is the reporting zone's day
    "context": _table(today=_date, refresh_id=_text, refreshed_at=_moment),
    # one row; language is the first part of locale; days_before_monday: how far before Monday weeks start (Sunday: 1)
    "settings": _table(
        organisation=_text,
        currency=_text,
        timezone=_text,
        locale=_text,
        language=_text,
        status_on_track=_share,
        status_at_risk=_share,
        grace=_share,
        success_committed=_share,
        success_aspirational=_share,
        check_in_stale_after_days=_int,
        close_after_days=_int,
        days_before_monday=_int,
        gate_stale_after_days=_int,
        gate_least_fresh=_share,
        gate_least_kept=_share,
        check_in_repository=_text,
        check_in_host=_text,
        check_in_branch=_text,
        check_in_folder=_text,
        check_in_desk=_text,
        check_in_form=_text,
    ),
    # one row a period: those defined and every built-in one that an objective names; kind: quarter|month|year|custom
    "periods": _table(period_id=_text, title=_text, kind=_text, start_date=_date, end_date=_date),
    # one row a team; who gets its digest is read from the definitions alone, so that no copy holds people's addresses
    "teams": _table(team_id=_text, title=_text, title_texts=_text),
    # one row a KPI; kind: flow|ratio|stock|distinct; flow, stock and distinct have measure, ratio has the other two;
    # overview_position: its place at the head of the overview, null where the settings do not name it; names_of:
    # of_the_day | latest; model: of the workspace, null where it takes measures of channels; grain: the
    # coarsest of its file sources (day | week | month | quarter); definition: what fixes
    # its number, as JSON; signature: a digest of that; another one starts a new version; changed_by/changed_at:
    # as of key_results
    "kpis": _table(
        kpi_id=_text,
        title=_text,
        title_texts=_text,
        description=_text,
        description_texts=_text,
        kind=_text,
        measure=_text,
        numerator=_text,
        denominator=_text,
        unit=_text,
        better=_text,
        overview_position=_int,
        names_of=_text,
        definition=_text,
        signature=_text,
        changed_by=_text,
        changed_at=_moment,
        min_denominator=AMOUNT,
        is_signed=_bool,
        grain=_text,
        model=_text,
    ),
    # one row a value of a `where` condition. A campaign-day belongs to the KPI when it meets every
    # condition_no (field `model.<column>`: a column of the KPI's model): for operator `in` / `like` one of its values
    # matches, for `not_in` / `not_like` none does
    "kpi_conditions": _table(kpi_id=_text, condition_no=_int, field=_text, operator=_text, value=_text),
    # one row a measure known, of the catalogue, file sources and KPIs; is_money: converted to the reporting currency;
    # definition: where each channel takes it from; source: those channels
    "measures": _table(
        measure=_text,
        title=_text,
        unit=_text,
        is_money=_bool,
        definition=_text,
        definition_parts=_text,
        source=_text,
    ),
    "objectives": _table(
        objective_id=_text,
        position=_int,
        title=_text,
        title_texts=_text,
        description=_text,
        period_id=_text,
        team_id=_text,
        owner=_text,
        parent_id=_text,
        ambition=_text,
        approved_by=_text,
        approved_on=_date,
        path=_text,
        line=_int,
    ),
    # one row a scored number. role: key_result | objective_measure (an objective's own `measure`, then
    # key_result_id is `objective/<objective_id>`, scored by the same rules and left out of every mean).
    # baseline_kind: number | null, or with an interval previous_period | same_period_last_year | same_weeks_last_year.
    # owner: null where the objective's owner answers for it; contributors: names with commas between.
    # evidence_target, evidence_of: how many cases its check-ins are to rest on, and of what (`5 users`), as written.
    # hold: units | end | average, null where nothing is held; allowed_misses: null where none is named. due: the day
    # that a yes or no is due; milestones have days of their own. starts: its first day, null where it is the period's.
    # least_coverage: the share of its days that a relative baseline needs data on.
    # change is the size of the move as a share (0.2). pace_kind: linear | table | seasonal.
    # last_year_start/end: the same period a year before, for the seasonal pace. signature: a digest of what
    # fixes the target (period, type, kpi, target, change, low, high, baseline and its interval): a change of it starts
    # a new version. definition: the entry as JSON; definition_signature: a digest of what fixes the score besides the
    # target. change_reason: why the target was changed last, as written. changed_by/changed_at: the last commit of the
    # file; null without git, and for edits not committed.
    "key_results": _table(
        key_result_id=_text,
        role=_text,
        objective_id=_text,
        position=_int,
        title=_text,
        title_texts=_text,
        owner=_text,
        contributors=_text,
        evidence_target=_int,
        evidence_of=_text,
        type=_text,
        kpi_id=_text,
        unit=_text,
        target=AMOUNT,
        plan_kpi_id=_text,
        change=_share,
        low=AMOUNT,
        high=AMOUNT,
        baseline_kind=_text,
        baseline_value=AMOUNT,
        baseline_start=_date,
        baseline_end=_date,
        hold=_text,
        allowed_misses=_int,
        due=_date,
        starts=_date,
        least_coverage=_share,
        weight=_share,
        pace_kind=_text,
        last_year_start=_date,
        last_year_end=_date,
        signature=_text,
        definition=_text,
        definition_signature=_text,
        change_reason=_text,
        path=_text,
        line=_int,
        changed_by=_text,
        changed_at=_moment,
    ),
    # one row a type of key result: key_result_types/rule.py says what each column means
    "key_result_types": _table(
        type=_text,
        position=_int,
        shape=_text,
        about=_text,
        better=_text,
        is_held=_bool,
        is_paced=_bool,
        needs_dates=_bool,
        is_share=_bool,
        reads=_text,
        limit_low_from=_text,
        limit_high_from=_text,
        size_start=_int,
        size_sign=_int,
        forecast_side=_text,
        progress=_text,
        expected_value=_text,
    ),
    # one row a point of a pace table, shares 0..1; (start - 1, 0) and (end, 1) are always among them
    "pace_points": _table(key_result_id=_text, date=_date, share=_share),
    "milestones": _table(key_result_id=_text, milestone_id=_text, position=_int, title=_text, weight=_share, due=_date),
    # days that count for nothing, first and last in
    "pauses": _table(key_result_id=_text, first_day=_date, last_day=_date, reason=_text),
    # KPIs tracked beside a key result, never scored
    "key_result_kpis": _table(key_result_id=_text, kpi_id=_text, position=_int),
    # one row a person besides the owner who works on a key result, as written
    "contributors": _table(key_result_id=_text, position=_int, name=_text),
    # one row a name as written of who owns or works on anything; person_id: whom it means, the folder of the person's
    # page; title: the person's name as first written
    "people": _table(name=_text, person_id=_text, title=_text),
    "initiatives": _table(objective_id=_text, position=_int, title=_text, owner=_text, state=_text),
    # one row a check-in; position is its place among all (file path, then order in the file): the later one of
    # one date counts
    "check_ins": _table(
        check_in_id=_text,
        position=_int,
        date=_date,
        key_result_id=_text,
        author=_text,
        confidence=_share,
        note=_text,
        next=_text,
        previous_next=_text,
        value=AMOUNT,
        met=_bool,
        grade=_share,
        evidence=_int,
        path=_text,
        line=_int,
    ),
    # one row a milestone that a check-in reports done
    "check_in_milestones": _table(check_in_id=_text, milestone_id=_text),
    # on_kind: kpi | key_result | objective | channel ...; from `on: kpi/linkedin_leads`
    "notes": _table(note_id=_text, date=_date, on_kind=_text, on_id=_text, text=_text, path=_text, line=_int),
    # one row an event, both days in; factor: what a usual day is multiplied by, null: not known
    "events": _table(
        event_id=_text,
        title=_text,
        title_texts=_text,
        start_date=_date,
        end_date=_date,
        factor=AMOUNT,
        path=_text,
        line=_int,
    ),
    # one row a KPI or channel that an event names, kind: kpi | channel; an event that names none has no row
    "event_scopes": _table(event_id=_text, on_kind=_text, on_id=_text),
    # one row a KPI that `alerts` watches; is_daily: its days say something of their own, else its sources and targets
    # alone are watched
    "alerts": _table(kpi_id=_text, is_daily=_bool),
    # one row a KPI of which days through muted_through raise no alert, null: none at all
    "mutes": _table(kpi_id=_text, muted_through=_date),
    # one row an entry of `reopen`, in order: the key result's result is closed anew, the one before stays
    "reopenings": _table(position=_int, key_result_id=_text, reopened_on=_date, reopened_by=_text, reason=_text),
    # 1 unit of currency = rate in the reporting currency, which has no rows
    "exchange_rates": _table(date=_date, currency=_text, rate=RATE),
    # one row a channel: those with settings (is_off: `enabled = false`, their rows do not count), those that were
    # loaded and have lost their settings, and those that file sources make; lookback_days: how far back each refresh
    # reads again, so how long a day stays provisional; kind: as in dim_channel
    # conversions: what they count, in a word of the setting; conversions_means, conversions_source: in words, and by
    # whose. *_from: the measures, with commas between, that take the place of conversions, their value and leads; null:
    # as staged; counted_by: what of all this was chosen, null where nothing was; api_version, api_version_ends,
    # api_announced: the version in use, its end, and where that is announced; grain: as of kpis, over all measures of
    # the channel
    "channels": _table(
        channel=_text,
        title=_text,
        kind=_text,
        lookback_days=_int,
        is_off=_bool,
        is_file=_bool,
        conversions=_text,
        conversions_means=_text,
        conversions_source=_text,
        conversions_from=_text,
        conversion_value_from=_text,
        leads_from=_text,
        counted_by=_text,
        api_version=_text,
        api_version_ends=_date,
        api_version_is_estimate=_bool,
        api_announced=_text,
        grain=_text,
    ),
}
