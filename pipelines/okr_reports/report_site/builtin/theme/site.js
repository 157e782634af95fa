/* Everything here is extra: filters, sorting, tooltips, tabs, search, theme. Without it every page is complete.
   Numbers and words are shown as they were written at build time; nothing is formatted here. */
(function () {
  "use strict";
  // Before the page is drawn: the reader's theme, and that this script is there. The style hides nothing without it.
  var root = document.documentElement;
  var saved = stored("okr-theme");
  if (saved === "light" || saved === "dark") root.setAttribute("data-theme", saved);
  root.classList.add("js");
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();

  function stored(key, value) {
    try {
      if (value === undefined) return window.localStorage.getItem(key);
      window.localStorage.setItem(key, value);
    } catch (error) { return null; }
    return value;
  }

  function start() {
    var tools = document.querySelector("[data-tools]");
    var base = document.body.getAttribute("data-root") || "";

    function make(tag, attributes, text) {
      var element = document.createElement(tag);
      for (var name in attributes || {}) element.setAttribute(name, attributes[name]);
      if (text !== undefined) element.textContent = text;
      return element;
    }
    function all(selector, within) { return Array.prototype.slice.call((within || document).querySelectorAll(selector)); }

    // theme
    if (tools) {
      var label = tools.getAttribute("data-theme-label");
      var theme = make("button", { type: "button", "class": "button", "aria-label": label, title: label }, "◐");
      theme.addEventListener("click", function () {
        var dark = root.getAttribute("data-theme") === "dark" ||
          (!root.hasAttribute("data-theme") && window.matchMedia("(prefers-color-scheme: dark)").matches);
        root.setAttribute("data-theme", stored("okr-theme", dark ? "light" : "dark") || (dark ? "light" : "dark"));
      });
      tools.appendChild(search());
      tools.appendChild(theme);
    }

    // search over titles; the index is a script, because a page opened from disk may not read other files
    function search() {
      var box = make("div", { "class": "search", role: "search" });
      var word = tools.getAttribute("data-search-label");
      var input = make("input", { type: "search", placeholder: word, "aria-label": word, autocomplete: "off" });
      var list = make("ul", { "class": "search-results", hidden: "" });
      var loading = false;
      function load() {
        if (loading) return;
        loading = true;
        var script = make("script", { src: base + "assets/search.js" });
        script.onload = show;
        document.head.appendChild(script);
      }
      function plain(text) { return text.toLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, ""); }
      function show() {
        var wanted = plain(input.value.trim());
        list.textContent = "";
        list.hidden = !wanted;
        if (!wanted || !window.okrPages) return;
        var found = window.okrPages.filter(function (page) { return plain(page[0]).indexOf(wanted) >= 0; }).slice(0, 8);
        found.forEach(function (page) {
          var item = make("li");
          item.appendChild(make("a", { href: base + (page[1] ? page[1] + "/" : "") + "index.html" }, page[0]));
          if (page[2]) item.lastChild.appendChild(make("span", { "class": "sub" }, page[2]));
          list.appendChild(item);
        });
        if (!found.length) list.appendChild(make("li", { "class": "empty" }, tools.getAttribute("data-none")));
      }
      input.addEventListener("focus", load);
      input.addEventListener("input", function () { load(); show(); });
      box.addEventListener("keydown", function (event) {
        if (event.key === "Escape") { list.hidden = true; input.value = ""; input.focus(); }
      });
      document.addEventListener("click", function (event) { if (!box.contains(event.target)) list.hidden = true; });
      box.appendChild(input);
      box.appendChild(list);
      return box;
    }

    // a text of a style sheet without its quotes and escapes
    function plain(text) {
      return text.trim().replace(/^"|"$/g, "").replace(/\\([0-9a-f]{1,6}) ?/gi, function (all, number) {
        return String.fromCodePoint(parseInt(number, 16));
      });
    }

    // the age of an old page, in words made at build time, in the place of the moment (which stays in the foot)
    all("[data-built]").forEach(function (stamp) {
      var moments = getComputedStyle(stamp), built = stamp.querySelector(".moment-built");
      var days = Math.floor((Date.now() - Date.parse(plain(moments.getPropertyValue("--built")))) / 864e5);
      if (!(days >= 1) || !built) return;
      var moment = plain(getComputedStyle(built, "::after").content);
      built.style.minWidth = built.offsetWidth + "px";
      built.textContent = days === 1 ? stamp.getAttribute("data-one") : stamp.getAttribute("data-many").replace("{n}", days);
      built.classList.add("old");
      built.classList.toggle("young", days < 3);
      built.title = moment;
    });

    // what a piece of a page can do: tables, tabs, charts; again for what is put in the place of another
    var groups = 0;
    function enhance(within) {
      // sorting
      all("[data-table] table", within).forEach(function (table) {
        var head = table.tHead && table.tHead.rows[table.tHead.rows.length - 1];
        var body = table.tBodies[table.tBodies.length - 1];
        if (!head || !body || body.rows.length < 3) return;
        Array.prototype.forEach.call(head.cells, function (cell, column) {
          var button = make("button", { type: "button", "class": "sort" }, cell.textContent);
          cell.textContent = "";
          cell.appendChild(button);
          button.addEventListener("click", function () {
            var up = cell.getAttribute("aria-sort") !== "ascending";
            Array.prototype.forEach.call(head.cells, function (other) { other.removeAttribute("aria-sort"); });
            cell.setAttribute("aria-sort", up ? "ascending" : "descending");
            var rows = Array.prototype.slice.call(body.rows);
            rows.sort(function (a, b) { return compare(key(a, column), key(b, column)) * (up ? 1 : -1); });
            rows.forEach(function (row) { body.appendChild(row); });
          });
        });
      });
      // columns that stay in sight: where each begins is known when the table is drawn
      all("[data-freeze]", within).forEach(function (table) {
        var count = Number(table.getAttribute("data-freeze"));
        all("tr", table).forEach(function (row) {
          for (var n = 1, left = 0; n < count && row.cells[n] && row.cells[n].colSpan === 1; n++) {
            left += row.cells[n - 1].offsetWidth;
            row.cells[n].classList.add("held");
            row.cells[n].style.left = left + "px";
          }
        });
      });
      // a search box over a table's rows, and the first rows of a long one
      all("[data-search]", within).forEach(function (block) {
        var word = block.getAttribute("data-search");
        var input = make("input", { type: "search", placeholder: word, "aria-label": word, autocomplete: "off" });
        var box = make("div", { "class": "table-tools" });
        input.addEventListener("input", function () {
          var wanted = input.value.trim().toLowerCase();
          block.classList.toggle("searched", !!wanted);
          all("tbody tr", block).forEach(function (row) {
            row.classList.toggle("not-found", !!wanted && row.textContent.toLowerCase().indexOf(wanted) < 0);
          });
        });
        box.appendChild(input);
        block.insertBefore(box, block.firstChild);
      });
      all("[data-page-size]", within).forEach(function (block) {
        var rows = all("tbody tr", block), size = Number(block.getAttribute("data-page-size"));
        if (rows.length <= size) return;
        var more = make("button", { type: "button", "class": "button" }, block.getAttribute("data-more"));
        block.setAttribute("data-paged", "");
        function cut() { all("tbody tr", block).forEach(function (row, n) { row.classList.toggle("later", n >= size); }); }
        cut();
        block.addEventListener("click", function (event) { if (event.target.closest("th")) setTimeout(cut, 0); });
        more.addEventListener("click", function () { block.removeAttribute("data-paged"); more.remove(); });
        block.appendChild(more);
      });
      // tabs; their buttons are in the page, so that nothing moves when this runs
      all("[data-tabs]", within).forEach(function (tabs) {
        var group = groups++;
        var parts = all(".tab", tabs).filter(function (part) { return part.parentNode === tabs; });
        var bar = tabs.querySelector(".tabs-bar");
        if (!bar || bar.parentNode !== tabs) return;
        var buttons = all("[role=tab]", bar);
        buttons.forEach(function (button, number) {
          var part = parts[number];
          button.id = "tab-" + group + "-" + number;
          part.id = button.id + "-panel";
          button.setAttribute("aria-controls", part.id);
          part.setAttribute("role", "tabpanel");
          part.setAttribute("aria-labelledby", button.id);
          button.addEventListener("click", function () { open(number); });
          button.addEventListener("keydown", function (event) {
            var step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
            if (step) { var next = (number + step + parts.length) % parts.length; open(next); buttons[next].focus(); }
          });
        });
        function open(which) {
          parts.forEach(function (part, number) {
            part.hidden = number !== which;
            buttons[number].setAttribute("aria-selected", number === which ? "true" : "false");
            buttons[number].tabIndex = number === which ? 0 : -1;
          });
        }
        tabs.classList.add("live");
        open(parts.findIndex(function (part) { return !part.classList.contains("later"); }));
      });

      // the numbers below the pointer, from the chart's own table
      all("[data-chart]", within).forEach(function (figure) {
        var chart = figure.querySelector(".chart");
        var rows = all("tr[data-x]", figure).filter(function (row) { return row.getAttribute("data-x") !== ""; });
        if (!chart || !rows.length) return;
        var stretch = chart.querySelector(".stretch") || chart;
        var heads = all("thead th", figure).map(function (cell) { return cell.textContent; });
        var tip = make("div", { "class": "tip", hidden: "", "aria-hidden": "true" });
        figure.appendChild(tip);
        chart.addEventListener("pointermove", function (event) {
          var box = stretch.getBoundingClientRect();
          var at = (event.clientX - box.left) / box.width * 1000;
          var near = rows[0], gap = Infinity;
          rows.forEach(function (row) {
            var distance = Math.abs(Number(row.getAttribute("data-x")) - at);
            if (distance < gap) { gap = distance; near = row; }
          });
          tip.textContent = "";
          Array.prototype.forEach.call(near.cells, function (cell, column) {
            var line = make("p");
            line.appendChild(make(column ? "span" : "strong", {}, column ? heads[column] + ": " + cell.textContent : cell.textContent));
            tip.appendChild(line);
          });
          tip.hidden = false;
          var frame = figure.getBoundingClientRect();
          var x = box.left - frame.left + Number(near.getAttribute("data-x")) / 1000 * box.width;
          var left = x + 12 + tip.offsetWidth > frame.width ? x - tip.offsetWidth - 12 : x + 12;
          tip.style.transform = "translate(" + Math.max(left, 0) + "px," +
            (chart.getBoundingClientRect().top - frame.top + 16) + "px)";
        });
        chart.addEventListener("pointerleave", function () { tip.hidden = true; });
      });
    }
    enhance(document);
    function key(row, column) {
      var cell = row.cells[column];
      if (!cell) return "";
      var value = cell.getAttribute("data-v");
      return value === null ? cell.textContent : value;
    }
    function compare(a, b) {
      if (a === "" || b === "") return a === b ? 0 : a === "" ? 1 : -1;
      var x = Number(a), y = Number(b);
      if (!isNaN(x) && !isNaN(y)) return x - y;
      return a.localeCompare(b, root.lang);
    }

    // what the address holds, as #name=value&...: a page opened from disk may change no other part of it
    function remembered() {
      var found = {};
      location.hash.slice(1).split("&").forEach(function (pair) {
        var at = pair.indexOf("=");
        if (at > 0) try { found[pair.slice(0, at)] = decodeURIComponent(pair.slice(at + 1)); } catch (error) { return; }
      });
      return found;
    }
    function keep(values) {
      var now = remembered();
      for (var name in values) now[name] = values[name];
      var hash = Object.keys(now).filter(function (key) { return now[key]; })
        .map(function (key) { return key + "=" + encodeURIComponent(now[key]); }).join("&");
      history.replaceState(null, "", hash ? "#" + hash : location.pathname + location.search);
    }

    // inputs: the page has all its variants; the chosen one is put in place
    var board = document.querySelector("[data-inputs]");
    if (board) {
      var inputs = JSON.parse(board.getAttribute("data-inputs")), picked = {};
      var said = make("p", { "class": "visually-hidden", role: "status" });
      board.parentNode.insertBefore(said, board);
      function pick() {
        inputs.forEach(function (input) {
          var at = input[1].indexOf(remembered()[input[0]]);
          picked[input[0]] = at < 0 ? input[2] : at;
        });
      }
      function choose(name, place) {
        picked[name] = place;
        var kept = {};
        inputs.forEach(function (input) {
          kept[input[0]] = picked[input[0]] === input[2] ? "" : input[1][picked[input[0]]] || "";
        });
        keep(kept);
        show();
      }
      function show() {
        var number = String(inputs.reduce(function (sum, input) { return sum * input[1].length + picked[input[0]]; }, 0));
        var held = document.activeElement, box = held && held.closest("[data-input]");
        all(".variants").forEach(function (variants) {
          var now = variants.querySelector(":scope > .variant");
          function holds(variant) { return variant.getAttribute("data-for").split(" ").indexOf(number) >= 0; }
          if (holds(now)) return;
          var next = all(":scope > template", variants).filter(holds)[0];
          var left = make("template", { "data-for": now.getAttribute("data-for"), "data-seen": "" });
          while (now.firstChild) left.content.appendChild(now.firstChild);
          now.appendChild(next.content);
          now.setAttribute("data-for", next.getAttribute("data-for"));
          variants.replaceChild(left, next);
          if (!next.hasAttribute("data-seen")) enhance(now);
        });
        var words = all("[data-input]").map(function (control) {
          var name = control.getAttribute("data-input");
          var input = inputs.filter(function (each) { return each[0] === name; })[0], code = input[1][picked[name]];
          all("select", control).forEach(function (select) { select.selectedIndex = picked[name]; });
          all("button", control).forEach(function (button, at) {
            button.setAttribute("aria-pressed", at === picked[name] ? "true" : "false");
          });
          var from = control.querySelector("select") ? control.querySelectorAll("option") : control.querySelectorAll("button");
          control.querySelector(".input-now strong").textContent = from[picked[name]] ? from[picked[name]].textContent : code;
          return control.querySelector(".input-now").textContent.trim();
        });
        said.textContent = words.join(", ");
        if (box && !document.contains(held)) {
          var again = document.querySelector('[data-input="' + box.getAttribute("data-input") + '"]');
          if (again) again.querySelector("select, [aria-pressed=true]").focus();
        }
      }
      document.addEventListener("change", function (event) {
        var control = event.target.closest("[data-input]");
        if (control) choose(control.getAttribute("data-input"), event.target.selectedIndex);
      });
      document.addEventListener("click", function (event) {
        var button = event.target.closest("[data-input] button"), control = button && button.closest("[data-input]");
        if (control) choose(control.getAttribute("data-input"), all("button", control).indexOf(button));
      });
      window.addEventListener("hashchange", function () { pick(); show(); });
      pick();
      show();
    }

    // filters: rows and cards that say which team, period or channel they belong to
    var filters = document.querySelector("[data-filters]");
    if (filters) {
      var kinds = ["team", "period", "channel"];
      var chosen = {};
      kinds.forEach(function (kind) { chosen[kind] = remembered()[kind] || ""; });
      all("select", filters).forEach(function (select) {
        var kind = select.name;
        if (chosen[kind]) select.value = chosen[kind];
        select.addEventListener("change", function () { chosen[kind] = select.value; apply(true); });
      });
      filters.hidden = false;
      apply(false);
    }
    function apply(remember) {
      all("main tr[data-team], main tr[data-period], main tr[data-channel], main article[data-team], main li[data-team]")
        .forEach(function (item) {
          item.hidden = kinds.some(function (kind) {
            return chosen[kind] && item.hasAttribute("data-" + kind) &&
              item.getAttribute("data-" + kind).split(" ").indexOf(chosen[kind]) < 0;
          });
        });
      if (remember) keep(chosen);
    }

    // the form of a check-in: its answers as the YAML of `okr check-in`, by the same rules
    all("[data-check-in]").forEach(function (form) {
      var data = form.dataset, box = form.closest("details"), read = form.querySelector("[data-read]");
      function part(name) { return box.querySelector("[data-" + name + "]"); }
      var said = part("said"), shown = part("yaml"), save = part("save"), desk = part("desk"), mail = part("mail");
      var wrong = false, text = "", file = "";

      // "3,2" "3.2" "1.234,5" "1 234,5"; one sign before exactly three digits groups where it is not the locale's own
      function number(raw) {
        var plain = raw.replace(/[\s\u00a0\u202f'\u2019]/g, "").replace("\u2212", "-");
        var percent = plain.slice(-1) === "%";
        if (percent) plain = plain.slice(0, -1);
        if (percent && !data.percent || !/^[-+]?\d[\d.,]*$/.test(plain)) return null;
        var comma = plain.lastIndexOf(","), point = plain.lastIndexOf("."), sign = "";
        if (comma >= 0 && point >= 0) sign = comma > point ? "," : ".";
        else if (comma >= 0 || point >= 0) {
          var mark = comma >= 0 ? "," : ".", parts = plain.split(mark);
          var groups = parts.length > 2 || parts[1].length === 3 && mark !== data.decimal && !/^[-+]?0$/.test(parts[0]);
          sign = groups ? "" : mark;
        }
        var at = sign ? plain.lastIndexOf(sign) : plain.length;
        var whole = plain.slice(0, at), rest = plain.slice(at + 1);
        if (sign && !/^\d+$/.test(rest) || !/^[-+]?(\d+|\d{1,3}([.,])\d{3}(\2\d{3})*)$/.test(whole)) return null;
        if (sign && whole.indexOf(sign) >= 0) return null;
        whole = whole.replace(/[.,+]/g, "");
        return { yaml: whole + (rest ? "." + rest : "") + (data.percent ? "%" : ""),
          shown: whole + (rest ? data.decimal + rest : "") + (data.percent ? " %" : "") };
      }
      function quoted(words) {
        return JSON.stringify(words).replace(/[\u007f\u0085\u2028\u2029\ufeff]/g, function (letter) {
          return "\\u" + ("000" + letter.charCodeAt(0).toString(16)).slice(-4);
        });
      }
      function today() {
        try { return new Intl.DateTimeFormat("en-CA", { timeZone: data.zone, year: "numeric", month: "2-digit", day: "2-digit" }).format(new Date()); }
        catch (error) { return data.day; }
      }
      function draw() {
        var answers = new FormData(form), day = today(), lines = ["check_ins:", "  - date: " + day, "    key_result: " + data.keyResult];
        function put(key, value) { if (value) lines.push("    " + key + ": " + value); }
        function words(key, line) {
          var typed = (answers.get(key) || "").replace(/\r\n/g, "\n").trim();
          if (line) typed = typed.replace(/\s+/g, " ");
          put(key, typed && quoted(typed));
        }
        var raw = (answers.get("value") || "").trim(), value = raw && number(raw);
        wrong = Boolean(raw) && !value;
        if (read) {
          form.elements.value.setAttribute("aria-invalid", wrong ? "true" : "false");
          read.classList.toggle("bad", wrong);
          read.textContent = wrong ? data.bad : value ? data.good.replace("{number}", value.shown) : "";
        }
        words("author", true);
        put("confidence", answers.get("confidence") && answers.get("confidence") + "%");
        words("note");
        words("next");
        put("previous_next", answers.get("previous_next"));
        put("value", value && value.yaml);
        var done = answers.getAll("done");
        put("done", done.length && "[" + done.join(", ") + "]");
        put("met", answers.get("met"));
        put("grade", answers.get("grade") && answers.get("grade") + "%");
        put("evidence", /^\d{1,5}$/.test((answers.get("evidence") || "").trim()) && String(Number(answers.get("evidence"))));
        text = lines.join("\n") + "\n";
        shown.textContent = text;
        file = day + "_" + data.keyResult + (data.taken === day ? "_02" : "") + ".yml";
        var folder = part("name").textContent.replace(/[^/]*$/, "");
        part("name").textContent = folder + file;
        if (save) {
          var filled = data.file.replace("{file}", file).replace("{text}", encodeURIComponent(text));
          // longer addresses are refused by the hosts' servers: the text is pasted instead
          var long = filled.length > 7500;
          save.href = long ? data.file.replace("{file}", file).replace("{text}", "") : filled;
          save.paste = long || Boolean(data.paste);
          said.textContent = save.paste ? data.long : "";
        }
        if (desk) {
          var query = new URLSearchParams(answers);
          desk.href = desk.href.split("?")[0] + "?" + query.toString();
        }
        if (mail) mail.href = mail.href.replace(/body=.*$/, "body=" + encodeURIComponent(text));
      }
      function copy(then) {
        function byHand() { window.getSelection().selectAllChildren(shown); then(data.selected); }
        if (!navigator.clipboard) return byHand();
        navigator.clipboard.writeText(text).then(function () { then(data.copied); }, byHand);
      }
      function stop(event) {
        if (!wrong) return false;
        event.preventDefault();
        form.elements.value.focus();
        return true;
      }
      form.addEventListener("input", draw);
      form.addEventListener("submit", function (event) { event.preventDefault(); });
      [save, desk, mail].forEach(function (way) { if (way) way.addEventListener("click", stop); });
      if (save) save.addEventListener("click", function () { if (save.paste && !wrong) copy(function () {}); });
      var button = part("copy"), download = part("download");
      button.addEventListener("click", function (event) { if (!stop(event)) copy(function (word) { said.textContent = word; }); });
      download.addEventListener("click", function (event) {
        if (stop(event)) return;
        download.href = URL.createObjectURL(new Blob([text], { type: "text/yaml" }));
        download.setAttribute("download", file);
      });
      button.hidden = download.hidden = false;
      if (location.hash === "#check-in") box.open = true;
      draw();
    });

    // the weekly review: an arrow key leads to the next team, or back
    var steps = all("[data-step]");
    if (steps.length) document.addEventListener("keydown", function (event) {
      var by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!by || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
      if (/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) return;
      // the last ones of a page cannot be scrolled to its top: the step that the address names counts while it is seen
      var seen = steps.filter(function (step) {
        var box = step.getBoundingClientRect();
        return "#" + step.id === location.hash && box.top < innerHeight && box.bottom > 0;
      })[0];
      var passed = steps.filter(function (step) { return step.getBoundingClientRect().top < innerHeight / 3; }).length;
      var next = steps[(seen ? steps.indexOf(seen) : passed - 1) + by];
      if (next) location.hash = "#" + next.id;
    });

    // the key results of a card are folded on a phone
    var phone = matchMedia("(max-width: 640px)");
    function fold() {
      all("details.fold").forEach(function (details) { details.open = !phone.matches; });
    }
    phone.addEventListener("change", fold);
    fold();

    // paper shows what is folded away
    window.addEventListener("beforeprint", function () {
      all("details.more, details.fold").forEach(function (details) {
        if (!details.open) { details.open = true; details.setAttribute("data-reopened", ""); }
      });
    });
    window.addEventListener("afterprint", function () {
      all("[data-reopened]").forEach(function (details) { details.open = false; details.removeAttribute("data-reopened"); });
    });
  }
})();
