{# Action types that make up Meta's `lead`; they do not overlap among themselves. #}
{% macro meta_ads_lead_parts() -%}
    'onsite_conversion.lead_grouped', 'offsite_conversion.fb_pixel_lead'
{%- endmacro %}

{# Action types that make up Meta's `purchase`; they do not overlap among themselves. #}
{% macro meta_ads_purchase_parts() -%}
    'onsite_conversion.purchase',
    'offsite_conversion.fb_pixel_purchase',
    'app_custom_event.fb_mobile_purchase',
    'offline_conversion.purchase'
{%- endmacro %}
