{# The grain holds: no key is there twice and no part of it is null. #}
{% test key(model, columns) %}
select
    {{ columns | join(', ') }},
    count(*) as row_count
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1 {% for column in columns %} or {{ column }} is null{% endfor %}
{% endtest %}
