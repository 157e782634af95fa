-- Every ratio with the channels that have one of its measures, and which of the two each lacks.
select w.kpi_id, w.channel, coalesce(c.title, w.channel) as channel_title, w.is_counted, w.is_listed, w.differs, w.has_numerator, w.has_denominator,
  k.unit, k.numerator, k.denominator
from kpi_channels w join dim_kpi k on k.kpi_id = w.kpi_id left join dim_channel c on c.channel = w.channel
