/* Any range of days: sums, shares and their words, from the daily sums that the page holds.
   Sums are exact (BigInt); numbers are written by the patterns that the page was built with, rounded half up. */
(function () {
  "use strict";
  var DAY = 864e5;
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();

  function start() { Array.prototype.forEach.call(document.querySelectorAll("[data-range]"), filter); }

  function filter(box) {
    var data = JSON.parse(box.getAttribute("data-range")), words = box.dataset;
    var first = number(data.first), last = first + data.days - 1;
    var from = box.querySelector("[name=from]"), to = box.querySelector("[name=to]"), against = box.querySelector("[name=compare]");
    var cards = box.querySelectorAll("[data-figure]"), said = box.querySelector("[data-said]");
    var query = new URLSearchParams(location.search);
    from.value = day(query.get("from"), Math.max(first, last - 27));
    to.value = day(query.get("to"), last);
    if (["before", "year", "none"].indexOf(query.get("compare")) >= 0) against.value = query.get("compare");
    [from, to].forEach(function (input) { input.min = iso(first); input.max = iso(last); });
    box.addEventListener("change", function (event) {
      var preset = event.target.name === "preset" && event.target.value;
      if (preset) {
        to.value = iso(last);
        from.value = iso(Math.max(first, preset === "all" ? first : last - Number(preset) + 1));
      }
      draw(true);
    });
    box.hidden = false;
    draw(false);

    function number(text) {
      var parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text || "");
      return parts ? Math.round(Date.UTC(+parts[1], parts[2] - 1, +parts[3]) / DAY) : NaN;
    }
    function iso(at) { return new Date(at * DAY).toISOString().slice(0, 10); }
    function day(text, otherwise) {
      var at = number(text);
      return iso(at >= first && at <= last && iso(at) === text ? at : otherwise);
    }
    function written(at) {
      var parts = iso(at).split("-");
      return data.months[parts[1] - 1].replace("{d}", String(+parts[2])).replace("{y}", parts[0]);
    }
    function yearBefore(at) {
      var then = new Date(at * DAY), month = then.getUTCMonth();
      then.setUTCFullYear(then.getUTCFullYear() - 1);
      if (then.getUTCMonth() !== month) then.setUTCDate(0);
      return Math.round(then / DAY);
    }

    function draw(remember) {
      var start = number(from.value), end = number(to.value);
      var bad = !(start >= first && end <= last && start <= end);
      from.setAttribute("aria-invalid", bad);
      to.setAttribute("aria-invalid", bad);
      if (bad) { said.textContent = words.bad; return; }
      var length = end - start + 1, before = null;
      if (against.value === "before") before = [start - length, start - 1];
      if (against.value === "year") before = [yearBefore(start), yearBefore(end)];
      said.textContent = before ? words.against.replace("{first}", written(before[0])).replace("{last}", written(before[1])) : "";
      Array.prototype.forEach.call(cards, function (card, at) {
        var figure = data.figures[at], now = total(figure, start, end);
        var base = before && covered(figure, before[0], before[1]) ? total(figure, before[0], before[1]) : null;
        card.querySelector(".big-number").textContent = now ? text(now, figure.fmt) : data.none;
        change(card.querySelector(".big-change"), figure, now, base, length, Boolean(before));
      });
      if (!remember) return;
      query.set("from", from.value);
      query.set("to", to.value);
      query.set("compare", against.value);
      // a page from disk may refuse it; the view is there all the same
      try { history.replaceState(null, "", "?" + query.toString() + location.hash); } catch (error) { return; }
    }

    function column(name, start, end) {
      return data.columns[name][1].slice(Math.max(start - first, 0), Math.max(end - first + 1, 0));
    }
    // a share of whole numbers [upper, lower], lower above 0; null without data
    function total(figure, start, end) {
      var unit = BigInt(10) ** BigInt(data.columns[figure.of][0]);
      var values = column(figure.of, start, end).filter(function (value) { return value !== null; });
      if (figure.kind === "stock") return values.length ? [BigInt(values[values.length - 1]), unit] : null;
      var upper = sum(values);
      if (!values.length) return null;
      if (figure.kind === "flow") return [upper, unit];
      var lower = sum(column(figure.over, start, end)), below = BigInt(10) ** BigInt(data.columns[figure.over][0]);
      if (lower === BigInt(0)) return null;
      return lower < 0 ? [-upper * below, -lower * unit] : [upper * below, lower * unit];
    }
    function sum(values) {
      return values.reduce(function (all, value) { return all + BigInt(value || 0); }, BigInt(0));
    }
    // a base of which the first days are missing is none
    function covered(figure, start, end) {
      if (end < first || start < first - (figure.kind === "stock" ? data.days : 2)) return false;
      if (figure.kind === "stock") return true;
      var known = data.columns[figure.of][1].findIndex(function (value) { return value !== null; });
      return known >= 0 && known + first <= start + 2;
    }

    function change(place, figure, now, base, length, isAsked) {
      place.textContent = "";
      if (!isAsked) return;
      var part = document.createElement("span");
      part.className = "delta neutral";
      place.appendChild(part);
      if (!now || !base || base[0] === BigInt(0)) { part.textContent = words.unknown; return; }
      var upper = now[0] * base[1] - base[0] * now[1], lower = abs(base[0]) * now[1];
      var size = text([abs(upper), lower], "pct1");
      // shares this small are no change
      if (abs(upper) * BigInt(2000) <= lower) { part.textContent = text([abs(upper), lower], "pct1", upper); return; }
      var rises = upper > 0, moved = Math.abs(ratio(now) - ratio(base));
      var usual = figure.spread !== null && moved <= 1.96 * Math.sqrt(2 * (figure.kind === "flow" ? length / 7 : 7 / length) * figure.spread);
      var verdict = figure.better === "neutral" || usual ? "neutral" : rises === (figure.better === "higher") ? "good" : "bad";
      part.className = "delta " + verdict;
      var arrow = document.createElement("span");
      arrow.setAttribute("aria-hidden", "true");
      arrow.textContent = rises ? "▲" : "▼";
      part.appendChild(arrow);
      part.appendChild(document.createTextNode(" " + (rises ? "+" : "−") + size));
      var meaning = verdict === "good" ? words.better : verdict === "bad" ? words.worse : usual ? words.usual : "";
      if (usual) part.title = words.usual;
      if (!meaning) return;
      var hidden = document.createElement("span");
      hidden.className = "visually-hidden";
      hidden.textContent = " (" + meaning + ")";
      part.appendChild(hidden);
    }

    function abs(amount) { return amount < 0 ? -amount : amount; }
    function ratio(pair) { return Number(pair[0]) / Number(pair[1]); }

    // a share of whole numbers in a format of the page; `signed` writes the sign of a change before it
    function text(value, code, signed) {
      var how = data.codes[code], upper = abs(value[0]), lower = value[1];
      var digits = how.digits === null ? places(how.kind, upper, lower) : how.digits;
      if (how.kind === "pct") upper *= BigInt(100);
      var scale = BigInt(10) ** BigInt(digits);
      var rounded = (upper * scale * BigInt(2) + lower) / (lower * BigInt(2));
      var whole = String(rounded / scale), rest = digits ? how.decimal + String(rounded % scale).padStart(digits, "0") : "";
      var negative = value[0] < 0 && rounded > 0;
      var around = negative ? how.minus : how.around[how.around.length > 1 ? plural(rounded, scale) : 0];
      var sign = signed === undefined || rounded === BigInt(0) ? "" : signed > 0 ? "+" : signed < 0 ? "−" : "";
      return sign + around[0] + grouped(whole, how.sizes, how.group) + rest + around[1];
    }
    function places(kind, upper, lower) {
      if (kind === "pct") return upper > 0 && upper * BigInt(100000) < BigInt(995) * lower ? 2 : 1;
      if (upper % lower === BigInt(0)) return kind === "mult" ? 1 : 0;
      if (kind === "mult" || kind === "days") return 1;
      if (upper >= BigInt(1000) * lower) return 0;
      return kind !== "num" || upper < BigInt(10) * lower ? 2 : 1;
    }
    function plural(rounded, scale) {
      if (rounded === BigInt(0)) return 0;
      if (rounded < scale) return 1;
      return rounded === scale ? 2 : rounded < scale * BigInt(2) ? 3 : 4;
    }
    function grouped(whole, sizes, sign) {
      var parts = [], size = sizes[0];
      while (whole.length > size) {
        parts.unshift(whole.slice(-size));
        whole = whole.slice(0, -size);
        size = sizes[1];
      }
      return [whole].concat(parts).join(sign);
    }
  }
})();
