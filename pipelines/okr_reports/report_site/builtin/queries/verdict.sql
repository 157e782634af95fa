-- How the key results that run today stand. All is well only where on_track = everything and late = 0.
select
  count(*) as everything,
  count(*) filter (where status = 'off_track') as off_track,
  count(*) filter (where status = 'at_risk') as at_risk,
  count(*) filter (where status = 'on_track') as on_track,
  count(*) filter (where status not in ('off_track', 'at_risk', 'on_track')) as undecided,
  count(*) filter (where stale_since is not null) as late
from key_results, report_context
where today between period_start and period_end
