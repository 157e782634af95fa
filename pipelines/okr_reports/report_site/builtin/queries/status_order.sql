-- Every status with its place in lists, the worst first.
select unnest(['off_track', 'missed', 'at_risk', 'no_data', 'too_early', 'scheduled', 'on_track', 'achieved']) as status,
  unnest(range(1, 9)) as status_place
