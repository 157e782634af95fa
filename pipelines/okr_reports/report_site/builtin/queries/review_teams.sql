-- The teams of the weekly review in its order: those with topics first, the company before them, then most off track.
with counted as (
  select team, count(*) as key_results, count(*) filter (where is_topic) as topics,
    count(*) filter (where status = 'off_track') as off_track, count(*) filter (where status = 'at_risk') as at_risk,
    count(*) filter (where status = 'on_track') as on_track,
    count(*) filter (where status not in ('off_track', 'at_risk', 'on_track')) as undecided,
    count(*) filter (where stale_since is not null) as late,
    count(*) filter (where is_topic and this_week_next is null) as without_step,
    count(*) filter (where said_next is not null and outcome = 'done') as steps_done,
    count(*) filter (where said_next is not null and outcome = 'open') as steps_open,
    count(*) filter (where said_next is not null and outcome = 'dropped') as steps_dropped,
    count(*) filter (where said_next is not null and outcome is null) as steps_unanswered
  from ${review_topics} group by team
), placed as (
  select c.*, t.title, row_number() over (order by c.topics = 0, c.team is not null, c.off_track desc, c.topics desc, c.at_risk desc, t.title, c.team) as place
  from counted c left join dim_team t on t.team_id = c.team
)
select p.*, b.team as team_before, b.title as title_before, b.place is not null as has_before,
  n.team as team_after, n.title as title_after, n.place is not null as has_after
from placed p
left join placed b on b.place = p.place - 1 and b.topics > 0
left join placed n on n.place = p.place + 1 and n.topics > 0
order by p.place
