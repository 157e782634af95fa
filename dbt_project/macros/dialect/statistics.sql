{# The 90 % quantile of Student's t, by Cornish and Fisher: two of them span 80 %. Within 1 % from 3 degrees on. #}
{% macro t_quantile_90(degrees) -%}
    {%- set z = 1.2815515655446004 -%}
    ({{ z }} + {{ (z ** 3 + z) / 4 }} / {{ degrees }}
    + {{ (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96 }} / ({{ degrees }} * {{ degrees }}))
{%- endmacro %}

{# A value of Student's t as the standard normal one of about the same chance (Wallace 1959; to the third decimal). #}
{% macro t_to_normal(x, degrees) -%}
    (case when {{ x }} < 0 then -1 else 1 end * (8.0 * {{ degrees }} + 1) / (8.0 * {{ degrees }} + 3)
    * sqrt({{ degrees }} * ln(1 + {{ x }} * {{ x }} / {{ degrees }})))
{%- endmacro %}

{# The standard normal distribution function of a column (Zelen & Severo 26.2.17: absolute error below 7.5e-8). #}
{% macro normal_cdf(z) %}{{ return(adapter.dispatch('normal_cdf')(z)) }}{% endmacro %}

{% macro default__normal_cdf(z) -%}
    {%- set t = '(1 / (1 + 0.2316419 * abs(' ~ z ~ ')))' -%}
    abs(
        case when {{ z }} >= 0 then 1 else 0 end
        - 0.3989422804014327 * exp(-{{ z }} * {{ z }} / 2) * {{ t }} * (
            0.319381530 + {{ t }} * (
                -0.356563782 + {{ t }} * (1.781477937 + {{ t }} * (-1.821255978 + {{ t }} * 1.330274429))
            )
        )
    )
{%- endmacro %}
