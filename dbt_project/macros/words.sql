{#
The sentences of status_reason: key -> language -> text. Placeholders in braces are filled by fill(). What a key-result
type says of its own numbers stands in its file, as words_<type>: key 'flow' for flows, 'other' for the rest.
#}
{% macro status_words() -%}
    {{ return({
        'scheduled': {
            'en': 'Begins on {start}.',
            'es': 'Empieza el {start}.',
        },
        'too_early': {
            'en': 'Day {day} of {days}, too early to judge: {detail}.',
            'es': 'Día {day} de {days}, demasiado pronto para juzgar: {detail}.',
        },
        'running': {
            'en': '{progress} done, {expected} expected by day {day} of {days}: {detail}.',
            'es': '{progress} hecho, {expected} esperado el día {day} de {days}: {detail}.',
        },
        'running_away': {
            'en': 'Moved away from its target, {expected} of the way expected by day {day} of {days}: {detail}.',
            'es': 'Se ha alejado del objetivo, {expected} del camino esperado el día {day} de {days}: {detail}.',
        },
        'holding': {
            'en': '{progress} held by day {day} of {days}: {detail}.',
            'es': '{progress} cumplido el día {day} de {days}: {detail}.',
        },
        'final': {
            'en': '{progress} reached, {line} needed: {detail}.',
            'es': '{progress} alcanzado, {line} necesario: {detail}.',
        },
        'final_provisional': {
            'en': '{progress} reached, {line} needed: {detail}. Provisional: its sources may still restate.',
            'es': '{progress} alcanzado, {line} necesario: {detail}. Provisional: sus fuentes aún pueden corregirse.',
        },
        'final_away': {
            'en': 'Moved away from its target, {line} of the way needed: {detail}.',
            'es': 'Se alejó del objetivo, {line} del camino necesario: {detail}.',
        },
        'final_away_provisional': {
            'en': 'Moved away from its target, {line} of the way needed: {detail}. Provisional: its sources may still restate.',
            'es': 'Se alejó del objetivo, {line} del camino necesario: {detail}. Provisional: sus fuentes aún pueden corregirse.',
        },
        'no_check_in': {
            'en': 'No check-in yet.',
            'es': 'Aún no hay seguimiento.',
        },
        'no_week': {
            'en': 'No closed week with data yet.',
            'es': 'Aún no hay ninguna semana completa con datos.',
        },
        'no_baseline': {
            'en': 'No baseline: its source knows no number for {baseline_start} to {baseline_end}.',
            'es': 'Sin valor de partida: su fuente no tiene cifra del {baseline_start} al {baseline_end}.',
        },
        'no_way': {
            'en': 'The baseline {baseline} already lies past the target {target}; set another target.',
            'es': 'El valor de partida {baseline} ya supera el objetivo {target}; conviene fijar otro.',
        },
        'no_source': {
            'en': 'No data: its sources have given no closed day of the period.',
            'es': 'Sin datos: sus fuentes no han dado ningún día cerrado del periodo.',
        },
        'no_rate': {
            'en': 'No number: an exchange rate is missing; see the sources.',
            'es': 'Sin cifra: falta un tipo de cambio; ver las fuentes.',
        },
        'no_value': {
            'en': 'No data through {date}.',
            'es': 'Sin datos hasta el {date}.',
        },
        'objective_running': {
            'en': '{progress} reached, {expected} expected on average; {covered} of the weight has data.',
            'es': '{progress} alcanzado, {expected} esperado de media; {covered} del peso tiene datos.',
        },
        'objective_final': {
            'en': '{progress} reached on average, {line} needed; {covered} of the weight has data.',
            'es': '{progress} alcanzado de media, {line} necesario; {covered} del peso tiene datos.',
        },
        'objective_too_early': {
            'en': 'Day {day} of {days}, too early to judge: {progress} reached on average.',
            'es': 'Día {day} de {days}, demasiado pronto para juzgar: {progress} alcanzado de media.',
        },
        'objective_no_data': {
            'en': 'None of its key results has data.',
            'es': 'Ninguno de sus resultados clave tiene datos.',
        },
        'disagrees_high': {
            'en': 'The owner says {confidence}, the numbers say off track.',
            'es': 'Quien lo lleva dice {confidence}, las cifras dicen que no va.',
        },
        'disagrees_low': {
            'en': 'The owner says {confidence}, the numbers say on track.',
            'es': 'Quien lo lleva dice {confidence}, las cifras dicen que va bien.',
        },
        'restated': {
            'en': 'The baseline was {kept} when the target was fixed and is {now} as known now; the target stays.',
            'es': 'El valor de partida era {kept} al fijar el objetivo y hoy se sabe que es {now}; el objetivo no cambia.',
        },
        'baseline_begins': {
            'en': 'The baseline is counted from {first} on: its sources have no earlier days.',
            'es': 'El valor de partida se cuenta desde el {first}: sus fuentes no tienen días anteriores.',
        },
    }) }}
{%- endmacro %}

{# Put columns <name>_text in the place of {name}s; a null leaves the name's place empty. #}
{% macro fill(text, columns) -%}
    {%- set filled = namespace(sql=text) -%}
    {%- for column in columns -%}
        {%- set name = column | replace('_text', '') -%}
        {%- set filled.sql = "replace(" ~ filled.sql ~ ", '{" ~ name ~ "}', coalesce(" ~ column ~ ", ''))" -%}
    {%- endfor -%}
    {{ filled.sql }}
{%- endmacro %}
