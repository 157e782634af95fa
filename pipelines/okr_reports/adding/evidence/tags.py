"""Components of Evidence before Core as tags of pages here: names, attributes, and what is left of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# attributes that only say how something looks, or that a static page has no use for
_LOOKS = re.compile(
    r"(?i)color|^(fill|line|border|marker|label|bar|head(er)?|row|background)\w*(opacity|width|size|shape|color|padding)"
    r"|chartAreaHeight|echarts|^series(Options|LabelFmt)|seriesColors|printEchartsConfig|renderer|connectGroup|gridlines"
    r"|baseline|tick|^(class|style|slot|id|key)$|icon|emptySet|emptyMessage|sizes?$|leftPadding|rightPadding|downloadable"
    r"|^(max|min)Width|hideDuringPrint|showLinkCol|compact|generateMarkdown|nonFinite|showAllXAxisLabels|showAllLabels"
    r"|stackTotal|stackName|yScale|swap|yLog|xLog|aggregateData|sort$|isFullPage|stickyHeader|deltaSymbol|chip|^--"
    r"|^gap|skipNull|preformatted|fullWidth|background|fixed|columnGap|gapSize|rowNumbers|cardStyle|itemsPerRow|height|width"
)
_CHART = {
    "x": "x", "y": "y", "series": "series", "xFmt": "x_fmt", "yFmt": "y_fmt", "title": "title", "subtitle": "subtitle",
    "legend": "legend", "seriesOrder": "series_order", "handleMissing": "handle_missing",
}  # fmt: skip
_NUMBER = {"value": "value", "title": "title", "fmt": "fmt", "link": "link", "description": "info"}
# of each component its tag, and its attributes by name; those not named are kept where the tag has them, else left
KNOWN: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "LineChart": ("line_chart", _CHART), "AreaChart": ("area_chart", _CHART), "BarChart": ("bar_chart", _CHART),
    "ScatterPlot": ("scatter_chart", {**_CHART, "pointTitle": "point_title", "tooltipTitle": "point_title"}),
    "BubbleChart": ("scatter_chart", {**_CHART, "tooltipTitle": "point_title"}),
    "Chart": ("combo_chart", {**_CHART, "y": ""}), "Bar": ("bar", {"y": "y", "name": "title"}),
    "Line": ("line", {"y": "y", "name": "title"}), "Area": ("line", {"y": "y", "name": "title"}),
    "Scatter": ("line", {"y": "y", "name": "title"}),
    "BigValue": ("big_value", _NUMBER), "Value": ("value", {"column": "value", "value": "value", "fmt": "fmt"}),
    "Delta": ("value", {"column": "value", "value": "value", "fmt": "fmt"}),
    "Sparkline": ("sparkline", {"dateCol": "x", "valueCol": "y", "type": "type", "valueFmt": "fmt"}),
    "DataTable": ("table", {
        "rows": "page_size", "search": "search", "title": "title", "subtitle": "subtitle", "link": "link",
        "totalRow": "show_total_row", "rowShading": "row_shading", "rowLines": "row_lines",
        "formatColumnTitles": "format_titles", "wrapTitles": "wrap_titles",
    }),
    "Column": ("column", {
        "id": "value", "title": "title", "fmt": "fmt", "align": "align", "wrap": "wrap", "description": "info",
        "colGroup": "column_group", "redNegatives": "red_negatives", "contentType": "viz", "totalAgg": "total",
    }),
    "FunnelChart": ("funnel_chart", {
        "nameCol": "category", "valueCol": "value", "title": "title", "subtitle": "subtitle", "valueFmt": "value_fmt",
        "showPercent": "show_percent", "funnelAlign": "align", "legend": "legend",
    }),
    "Heatmap": ("heatmap", {"x": "x", "y": "y", "value": "value", "valueFmt": "fmt", "title": "title",
                            "subtitle": "subtitle", "xFmt": "x_fmt", "yFmt": "y_fmt"}),
    "CalendarHeatmap": ("line_chart", {"date": "x", "value": "y", "title": "title", "subtitle": "subtitle",
                                       "valueFmt": "y_fmt"}),
    "ReferenceLine": ("reference_line", {"x": "x", "y": "y", "label": "label", "data": "data", "color": "color"}),
    "ReferenceArea": ("reference_area", {"xMin": "x_min", "xMax": "x_max", "yMin": "y_min", "yMax": "y_max",
                                         "label": "label", "data": "data"}),
    "ReferencePoint": ("reference_point", {"x": "x", "y": "y", "label": "label", "data": "data"}),
    "Details": ("details", {"title": "title", "open": "open"}), "Modal": ("details", {"title": "title"}),
    "Tabs": ("tabs", {}), "Tab": ("tab", {"label": "title"}),
    "Accordion": ("accordion", {}), "AccordionItem": ("accordion_item", {"title": "title"}),
    "Grid": ("grid", {"cols": "cols"}), "Group": ("stack", {}),
    "Alert": ("callout", {"status": "type"}), "Note": ("note", {}), "Info": ("info", {"description": "description"}),
    "DownloadData": ("download", {"text": "label", "queryID": "filename"}), "PageBreak": ("page_break", {}),
    "PrintGroup": ("print_group", {}),
    "Dropdown": ("dropdown", {
        "name": "id", "value": "value_column", "label": "label_column", "title": "title",
        "defaultValue": "initial_value",
        "multiple": "multiple", "order": "order", "where": "where",
    }),
    "DropdownOption": ("option", {"value": "value", "valueLabel": "label"}),
    "ButtonGroup": ("button_group", {
        "name": "id", "value": "value_column", "label": "label_column", "title": "title",
        "defaultValue": "initial_value",
        "order": "order", "where": "where",
    }),
    "ButtonGroupItem": ("option", {"value": "value", "valueLabel": "label"}),
    "DateRange": ("range_calendar", {"name": "id", "title": "title", "defaultValue": "default_range",
                                     "presetRanges": "preset_ranges"}),
    "Slider": ("dropdown", {"name": "id", "title": "title", "options": "options", "defaultValue": "initial_value"}),
    "Checkbox": ("toggle", {"name": "id", "title": "title", "checked": "initial_value"}),
}  # fmt: skip
# attributes that are whole numbers here, also where they are quoted
WHOLE = ("rows", "cols", "limit", "chartAreaHeight")
# drawn otherwise, or without what they add: the same rows as a table
AS_TABLE = (
    "USMap", "AreaMap", "PointMap", "BubbleMap", "BaseMap", "SankeyDiagram", "Histogram", "BoxPlot", "DimensionGrid",
    "Treemap", "PieChart", "VennDiagram",
)  # fmt: skip
# frames without a meaning of their own
UNWRAPPED = ("QueryLoad", "Points", "Areas", "Bubbles", "Center", "Fragment")
PAIRS = ("details", "tabs", "tab", "accordion", "accordion_item", "grid", "stack", "callout", "note", "combo_chart",
         "print_group")  # fmt: skip
CHARTS = ("line_chart", "bar_chart", "area_chart", "scatter_chart", "horizontal_bar_chart")
STATUS = {"info": "info", "positive": "success", "success": "success", "negative": "error", "danger": "error",
          "warning": "warning"}  # fmt: skip
VIZ = {"delta": "delta", "bar": "bar", "colorscale": "color", "sparkline": "", "sparkarea": "", "sparkbar": ""}
COLOURS = ("red", "orange", "green", "blue", "purple", "gray")
RANGES = {
    "last 7 days", "last 30 days", "last 90 days", "last 3 months", "last 6 months", "last 12 months", "last month",
    "last year", "month to date", "year to date", "all time",
}  # fmt: skip


@dataclass
class Tag:
    """A tag as it will be written; `left` are (what, why) of the component that it is not."""

    name: str
    attributes: dict[str, Any] = field(default_factory=dict)
    left: list[tuple[str, str]] = field(default_factory=list)
    after: str = ""

    def text(self, closed: bool) -> str:
        """The tag with its attributes."""
        written = " ".join(f"{name}={shown(value)}" for name, value in self.attributes.items())
        return f"{{% {self.name}{' ' + written if written else ''} {'/' if closed else ''}%}}{self.after}"


class Written(str):
    """An expression of a template, written without quotes."""


def shown(value: Any) -> str:
    """An attribute's value as pages write it."""
    if isinstance(value, Written):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{ " + " ".join(f"{name}={shown(part)}" for name, part in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(shown, value)) + "]"
    if isinstance(value, int | float):
        return str(value)
    return '"' + str(value).replace("\\", "\\\\").replace('"', "'") + '"'


def made(component: str, given: Mapping[str, Any], columns: list[str]) -> Tag:
    """The tag of a component; `given` are its attributes as values, `columns` those of its query where known."""
    name, renamed = KNOWN[component]
    tag = Tag(name)
    axes: dict[str, dict[str, Any]] = {"x_axis_options": {}, "y_axis_options": {}}
    for attribute, value in given.items():
        if attribute in WHOLE and isinstance(value, str):
            value = int(value) if value.isdigit() else None
        if value is None:
            continue
        if attribute == "data" and name not in ("range_calendar",):
            tag.attributes["data"] = value
        elif attribute in ("where", "limit"):
            tag.attributes[attribute] = value
        elif renamed.get(attribute):
            tag.attributes[renamed[attribute]] = value
        elif match := re.fullmatch(r"([xy])(AxisTitle|Min|Max|AxisLabels)", attribute):
            key = {"AxisTitle": "title", "Min": "min", "Max": "max", "AxisLabels": "labels"}[match[2]]
            if match[1] == "y" or key in ("title", "labels"):
                axes[f"{match[1]}_axis_options"][key] = value
        elif attribute in _CHANGED or _LOOKS.search(attribute):
            continue
        elif attribute in _LEFT:
            tag.left.append((f"{attribute} of <{component}>", _LEFT[attribute]))
        else:
            tag.left.append((f"{attribute} of <{component}>", f"{{% {name} %}} has nothing like it"))
    if name in (*CHARTS, "combo_chart"):
        _chart(tag, given, columns, axes)
    _special(component, tag, given, columns)
    return tag


_CHANGED = (
    "type", "swapXY", "labels", "labelFmt", "markers", "step", "lineType", "noDefault", "nullsZero", "xType",
    "agg", "row", "comparison", "comparisonTitle", "comparisonFmt", "comparisonDelta", "downIsGood",
    "sparkline", "sparklineType", "sparklineDateFmt", "sparklineValueFmt", "linkLabel", "openInNewTab",
    "dates", "start", "end", "display", "selectAllByDefault", "hideTitle", "default", "buttonText",
    "comparisonDeltaSymbol", "sparklineYScale", "neutralMin", "neutralMax", "symbolPosition", "colorScale",
    "scaleColumn", "showLabels", "min", "max", "step", "showMaxMin", "showInput",
)  # fmt: skip
_LEFT = {
    "y2": "two scales in one drawing compare what cannot be compared; draw it in a chart of its own",
    "size": "marks have one size", "filter": "tables have a search box: search=true",
}  # fmt: skip


def _chart(tag: Tag, given: Mapping[str, Any], columns: list[str], axes: Mapping[str, Mapping[str, Any]]) -> None:
    attributes = tag.attributes
    kind = given.get("type")
    if tag.name in ("bar_chart", "area_chart") and kind in ("stacked", "stacked100", "grouped"):
        attributes["stacked"] = {"stacked": True, "stacked100": "100%", "grouped": False}[kind]
    elif tag.name == "bar_chart" and (given.get("series") or isinstance(given.get("y"), list)):
        attributes["stacked"] = True
    if "handle_missing" in attributes:
        value = {"gap": "gaps", "connect": "connect", "zero": "zero"}.get(str(attributes.pop("handle_missing")), "gaps")
        if tag.name in ("line_chart", "area_chart"):
            attributes["handle_missing"] = value
    style = {key: value for key, value in (("type", given.get("lineType")), ("markers", given.get("markers")),
                                           ("step", given.get("step"))) if value}  # fmt: skip
    if style and tag.name == "line_chart":
        attributes["line_options"] = style
    if given.get("labels") is True and tag.name != "scatter_chart":
        attributes["data_labels"] = {"fmt": given["labelFmt"]} if given.get("labelFmt") else True
    if given.get("sort") is False and tag.name != "scatter_chart":
        attributes["x_sort"] = "data"
    for name, options in axes.items():
        known = {key: option for key, option in options.items() if tag.name != "scatter_chart" or key == "title"}
        if known:
            attributes[name] = known
    if tag.name != "combo_chart" or not attributes.get("x"):
        _axes(tag, columns)
    if given.get("swapXY") and tag.name == "bar_chart":
        tag.name = "horizontal_bar_chart"
        attributes["x"], attributes["y"] = attributes.get("y"), attributes.get("x")
        attributes["x_fmt"], attributes["y_fmt"] = attributes.get("y_fmt"), attributes.get("x_fmt")
        for name in ("data_labels", "x_sort", "x_axis_options", "y_axis_options"):
            attributes.pop(name, None)
        tag.attributes = {key: attribute for key, attribute in attributes.items() if attribute is not None}
    if isinstance(attributes.get("x"), list) and tag.name != "horizontal_bar_chart":
        attributes["x"] = attributes["x"][0]


def _axes(tag: Tag, columns: list[str]) -> None:
    """x and y where they are not said: the first column, and the others."""
    taken = [tag.attributes.get("series"), tag.attributes.get("x"), tag.attributes.get("point_title")]
    free = [name for name in columns if name not in taken]
    if not tag.attributes.get("x") and free:
        tag.attributes["x"] = free.pop(0)
        tag.left.append((f"x of {tag.name}", f"was not said; the first column {tag.attributes['x']!r} is taken"))
    if not tag.attributes.get("y") and tag.name != "combo_chart" and free:
        tag.attributes["y"] = free[0]
        tag.left.append((f"y of {tag.name}", f"was not said; the column {free[0]!r} is taken"))


def _special(component: str, tag: Tag, given: Mapping[str, Any], columns: list[str]) -> None:
    attributes = tag.attributes
    if tag.name in ("value", "big_value") and not attributes.get("value") and columns:
        attributes["value"] = columns[0]
    if tag.name == "value" and given.get("agg"):
        attributes["value"] = f"{given['agg']}({attributes.get('value')})"
    if tag.name == "value" and given.get("row") not in (None, 0):
        tag.left.append((f"row of <{component}>", "the first row is shown; choose another with order="))
    if component == "BigValue" and given.get("comparison") and attributes.get("data"):
        title = f" {given['comparisonTitle']}" if given.get("comparisonTitle") else ""
        fmt = {"fmt": given["comparisonFmt"]} if given.get("comparisonFmt") else {}
        beside = Tag("value", {"data": attributes["data"], "value": given["comparison"], **fmt})
        tag.after = f"\n{beside.text(closed=True)}{title}\n"
        tag.left.append(
            ("comparison of <BigValue>", "its column is written below; comparison={ compare_vs=... } compares")
        )
    if component == "BigValue" and given.get("sparkline"):
        attributes["sparkline"] = {"x": given["sparkline"]}
        if "(" not in str(attributes.get("value")):
            attributes.pop("sparkline")
            tag.left.append(("sparkline of <BigValue>", 'write value="sum(...)" and sparkline={ x="date" }'))
    if component == "Column":
        viz = str(attributes.pop("viz", ""))
        if VIZ.get(viz):
            attributes["viz"] = VIZ[viz]
        elif viz == "link":
            attributes["link"] = attributes.get("value")
        elif viz:
            tag.left.append((f"contentType={viz} of <Column>", "the cell shows the value"))
        total = attributes.pop("total", None)
        if total == "sum":
            attributes["total"] = "sum"
        elif total:
            tag.left.append(
                (f"totalAgg={total} of <Column>", 'give total_value=..., from a query; a plain column has "sum"')
            )
    if component == "Alert":
        attributes["type"] = STATUS.get(str(attributes.get("type")), "info")
    if component == "Modal":
        attributes.setdefault("title", str(given.get("buttonText") or "More"))
    if component == "AccordionItem":
        attributes.setdefault("title", "More")
    if component in ("Dropdown", "ButtonGroup"):
        _choice(tag, given)
    if component == "DateRange":
        _range(tag)
    if component.startswith("Reference") and attributes.get("color") not in (None, *COLOURS):
        attributes.pop("color")
    if tag.name in ("option",) and not isinstance(attributes.get("value"), str | int | float):
        attributes["value"] = str(attributes.get("value"))


def _choice(tag: Tag, given: Mapping[str, Any]) -> None:
    if given.get("defaultValue") in (None, "", "%") and not given.get("noDefault") and not given.get("multiple"):
        tag.attributes.pop("initial_value", None)
        tag.attributes["select_first"] = True
    if tag.attributes.pop("multiple", False):
        tag.left.append((f"multiple of {tag.name}", "one value at a time, or all"))
    if isinstance(tag.attributes.get("initial_value"), list):
        tag.attributes.pop("initial_value")


def _range(tag: Tag) -> None:
    wanted = str(tag.attributes.pop("default_range", "All Time")).lower()
    tag.attributes["default_range"] = {"last month": "previous month", "last year": "previous year"}.get(wanted, wanted)
    presets = tag.attributes.pop("preset_ranges", None)
    if isinstance(presets, str):
        presets = [presets]
    if presets:
        known = [preset for preset in (str(each).lower() for each in presets) if preset in RANGES]
        if known:
            tag.attributes["preset_ranges"] = known
    if wanted not in RANGES:
        tag.attributes["default_range"] = "all time"
        tag.left.append((f"defaultValue={wanted!r} of <DateRange>", "all time is shown first"))
