-- Every measure with what each channel counts for it.
select p.measure, coalesce(c.title, p.part.channel) as channel, p.part.says, p.part.title, p.part."column", p.part.minus, p.part.source
from (
  select measure, unnest(from_json(definition_parts, '[{"channel": "varchar", "says": "varchar", "title": "varchar", "column": "varchar", "minus": "varchar", "source": "varchar"}]')) as part
  from dim_measure
) p left join dim_channel c on c.channel = p.part.channel
