{# The measures of advertising, a column each in fct_ad_daily. #}
{% macro ad_measures() -%}
    {{ return([
        'impressions', 'clicks', 'link_clicks', 'spend', 'conversions', 'conversion_value', 'leads', 'video_views'
    ]) }}
{%- endmacro %}
