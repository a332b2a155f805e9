/* Data, words and numbers. Text from data only ever becomes text: never markup. */
window.districttype = window.districttype || {};
(function (D) {
  "use strict";

  D.state = { lang: "en", set: "districts", layer: "", zones: [], label: null };
  D.overlays = { roads: true, green: false, names: true, stations: true, sites: false, blocks: true, tiles: false };

  D.load = function () {
    D.data = JSON.parse(document.getElementById("data").textContent);
  };

  /* ---- language ---------------------------------------------------------------------- */
  function t(message) {
    const known = D.data.text[D.state.lang];
    return (known && known[message]) || message;
  }
  D.t = t;

  /* A cell is a message, a message with its values, or several of either. */
  D.say = function (cell) {
    if (cell === null || cell === undefined) return "";
    if (typeof cell === "string") return t(cell);
    if (Array.isArray(cell)) {
      return t(cell[0]).replace(/\{(\w+)\}/g, function (whole, key) {
        return key in cell[1] ? show(key, cell[1][key]) : whole;
      });
    }
    return cell.all.map(D.say).join("; ");
  };

  function show(key, value) {
    if (value === null) return t("unknown");
    if (key === "date") return D.date(value);
    if (typeof value === "string") return t(value);
    if (typeof value === "object") return D.say(value);
    if (key.endsWith("_pct")) return D.percent(value);
    return D.number(value, key.endsWith("_int") ? 0 : key.endsWith("_3") ? 3 : 2);
  }

  D.number = function (value, digits) {
    return new Intl.NumberFormat(D.state.lang, { maximumFractionDigits: digits }).format(value);
  };
  D.percent = function (share) { return D.number(share * 100, 0) + "\u00a0%"; };
  D.percents = function (low, high) { return D.number(low * 100, 0) + "–" + D.percent(high); };

  D.quantity = function (value, unit) {
    if (value === null || value === undefined) return "–";
    if (unit === "%") return D.percent(value);
    if (unit === "year") return String(Math.round(value)); // no thousands in it
    const size = Math.abs(value);
    const digits = size >= 100 ? 0 : size >= 10 ? 1 : 2;
    const named = t(D.data.units[unit]);
    return D.number(value, digits) + (named ? "\u00a0" + named : "");
  };

  D.date = function (iso) {
    const day = new Date(iso);
    return isNaN(day) ? iso : new Intl.DateTimeFormat(D.state.lang, { dateStyle: "long" }).format(day);
  };

  D.cityName = function () {
    return D.data.city.names[D.state.lang] || D.data.city.name;
  };

  /* ---- zones ------------------------------------------------------------------------- */
  D.set = function (name) { return D.data.sets[name]; };
  /* A set of so many zones that it travels and is drawn light. */
  D.isLarge = function (set) { return set.ids.length > D.data.many; };

  D.name = function (set, i) {
    const also = set.also[D.state.lang];
    return (also && also[i]) || (set.names ? set.names[i] : set.ids[i]);
  };

  D.otherNames = function (set, i) {
    const all = [set.names ? set.names[i] : null].concat(
      Object.keys(set.also).map(function (key) { return set.also[key][i]; }));
    const shown = D.name(set, i);
    return all.filter(function (n, k) { return n && n !== shown && all.indexOf(n) === k; });
  };

  /* The name in Latin letters, where the zone is named in others. */
  D.latin = function (set, i) {
    const latin = set.also.latin && set.also.latin[i];
    return latin && latin !== D.name(set, i) ? latin : "";
  };

  D.facet = function (id) { return D.data.facets.find(function (f) { return f.id === id; }); };
  /* The energy balance: which of its steps a zone is in, -1 where it is unknown. */
  D.balanceStep = function (set, i) {
    const values = set.indicators[D.data.balance.indicator];
    if (!values || values[i] === null) return -1;
    return D.data.balance.cuts.filter(function (cut) { return values[i] >= cut; }).length;
  };
  D.balanceHint = function () {
    return [t(D.data.balance.note)].concat(D.data.city.cooling_led ? [t(D.data.balance.cooling)] : []);
  };
  D.balanceNotes = function () {
    const heating = D.data.city.heating;
    return D.balanceHint().concat([t(D.data.balance.left_out), heating[D.state.lang] || heating.en || ""]).filter(Boolean);
  };
  /* What an id of the catalogue is called: a name by language, English where there is none. */
  D.named = function (table, id) {
    const names = D.data.names[table] && D.data.names[table][id];
    return names ? names[D.state.lang] || names.en : id;
  };
  D.solution = function (id) { return D.data.solutions.find(function (s) { return s.id === id; }); };
  D.solutionName = function (id) {
    const found = D.solution(id);
    return (found && (found.names[D.state.lang] || found.names.en || found.names.fi)) || id;
  };

  /* The label of a zone on a facet, with the detail that gives it a colour of its own. */
  D.label = function (set, facet, i) {
    const columns = set.facets[facet.id];
    const code = columns ? columns.label[i] : -1;
    const label = code < 0 ? null : facet.labels[code];
    const words = columns && columns.detail && columns.detail[i] >= 0 ? columns.details[columns.detail[i]].split(";").filter(Boolean) : [];
    const detail = label && facet.details.find(function (d) { return d.of === label.id && words.includes(d.id); });
    const sure = columns && columns.confidence ? columns.confidence[i] : null;
    return {
      label: label,
      detail: detail || null,
      words: words,
      colour: !label ? D.data.unknown.colour : detail ? detail.colour : label.colour,
      confidence: sure,
      borderline: !!label && sure !== null && sure < D.data.borderline * 100,
    };
  };

  /* The focus areas of a zone, best first; sets of many zones hold only columns of scores. */
  D.focusOf = function (set, i) {
    if (set.focus[set.ids[i]]) return set.focus[set.ids[i]];
    return Object.keys(set.scores.score || {})
      .filter(function (s) { return set.scores.score[s][i] !== null; })
      .map(function (s) {
        const relative = set.scores.relative[s][i];
        return { solution: s, score: set.scores.score[s][i] / 100, relative: relative === null ? null : relative / 100 };
      })
      .sort(function (a, b) { return b.score - a.score; })
      .map(function (f, k) { return Object.assign(f, { rank: k + 1 }); });
  };
  D.hasFocus = function (set) { return Object.keys(set.focus).length + Object.keys(set.scores).length > 0; };

  /* Two layers colour a zone by its leading solution: against the city's mean, or by points. */
  D.ranking = function (layer) {
    return { more: "relative_score", first: "score" }[layer];
  };
  D.rankingName = function (layer) {
    return layer === "more" ? t("More than elsewhere") : t("Comes first");
  };
  D.leadersOf = function (set, i, layer) {
    const focus = D.focusOf(set, i);
    if (layer === "first") return focus.filter(function (f) { return f.rank === 1; });
    const best = Math.max.apply(null, focus.map(function (f) { return f.relative ?? 0; }).concat(0));
    return focus.filter(function (f) { return best > 0 && f.relative === best; });
  };

  /* ---- shapes ------------------------------------------------------------------------ */
  D.unroll = function (steps) {
    const points = [];
    let x = 0, y = 0;
    for (let k = 0; k < steps.length; k += 2) {
      x += steps[k];
      y += steps[k + 1];
      points.push([y / D.data.scale, x / D.data.scale]);
    }
    return points;
  };
  D.rings = function (shape) {
    return shape.map(function (polygon) { return polygon.map(D.unroll); });
  };
  D.point = function (xy) { return [xy[1] / D.data.scale, xy[0] / D.data.scale]; };

  /* ---- document ---------------------------------------------------------------------- */
  D.el = function (tag, attributes) {
    const node = document.createElement(tag);
    Object.entries(attributes || {}).forEach(function (pair) {
      if (pair[0] === "text") node.textContent = pair[1];
      else if (pair[0] === "style") Object.assign(node.style, pair[1]);
      else if (pair[0].startsWith("on")) node.addEventListener(pair[0].slice(2), pair[1]);
      else if (pair[1] !== null && pair[1] !== false) node.setAttribute(pair[0], pair[1] === true ? "" : pair[1]);
    });
    Array.prototype.slice.call(arguments, 2).flat().forEach(function (child) {
      if (child !== null && child !== undefined && child !== "") node.append(child);
    });
    return node;
  };
  /* The id of a solution, on its colour. */
  D.code = function (id) {
    const solution = D.solution(id);
    return D.el("b", { class: "code", style: { background: solution.colour, color: solution.ink }, text: id });
  };
  D.$ = function (id) { return document.getElementById(id); };

  /* Letters without their marks, so that koklax finds Köklax. */
  D.fold = function (text) {
    return text.toLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, "")
      .replace(/ø/g, "o").replace(/æ/g, "ae").replace(/ð/g, "d").replace(/þ/g, "th").replace(/ß/g, "ss");
  };

  D.remember = function (key, value) {
    try { localStorage.setItem("districttype." + key, value); } catch (refused) { /* private window */ }
  };
  D.recall = function (key) {
    try { return localStorage.getItem("districttype." + key); } catch (refused) { return null; }
  };
})(window.districttype);
