{{ config(materialized='table') }}

{% set phrases = {} %}
{% do phrases.update(status_words()) %}
{% for type in var('key_result_types') %}
    {% for kind, texts in context['words_' ~ type]().items() %}
        {% do phrases.update({type ~ '/' ~ kind: texts}) %}
    {% endfor %}
{% endfor %}

with

settings as (
    select * from {{ ref('stg_definitions__settings') }}
),

phrases as (
    {% for key, texts in phrases.items() %}
    select
        '{{ key }}' as phrase,
        {% for language, text in texts.items() -%}
        '{{ text | replace("'", "''") }}' as text_{{ language }}{{ ',' if not loop.last }}
        {% endfor %}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

final as (
    select
        phrases.phrase,
        case when settings.language = 'es' then phrases.text_es else phrases.text_en end as text
    from phrases
    cross join settings
)

select * from final
