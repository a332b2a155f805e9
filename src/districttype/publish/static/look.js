/* How a zone looks on the chosen layer, what the legend says of it, and what the pointer is told. */
(function (D) {
  "use strict";
  const t = D.t;
  const DIM = "#ece9e2"; // a zone of which the layer has nothing to say
  const PALE_LINE = "#ffffff";
  const STEPS = 5;

  function unknown() {
    return { key: "unknown", colour: D.data.unknown.colour, hatch: D.data.unknown.line };
  }
  function addUnknown(add) {
    add("unknown", t(D.data.unknown.name), D.data.unknown.colour, D.data.unknown.line);
  }

  /* The kinds of layers. `look` is the fill of zone i, its hatching, and its entry in the legend;
     `legend` adds the entries (key, name, colour, hatching, even if empty) and returns the words
     round them; `told` is what the pointer is told of zone i, with a warning where there is one. */
  const FACET = {
    look: function (set, i) {
      const found = D.label(set, D.facet(D.state.layer), i);
      if (!found.label) return unknown();
      return {
        key: found.label.id + (found.detail ? "." + found.detail.id : ""),
        colour: found.colour,
        hatch: found.borderline ? PALE_LINE : null,
      };
    },
    legend: function (set, add) {
      const facet = D.facet(D.state.layer);
      facet.order.forEach(function (key) {
        const parts = key.split(".");
        const label = facet.labels.find(function (l) { return l.id === parts[0]; });
        const detail = facet.details.find(function (d) { return d.of === parts[0] && d.id === parts[1]; });
        add(key, t(label.name) + (detail ? ": " + t(detail.name) : ""), (detail || label).colour, null, !detail);
      });
      addUnknown(add);
      const sure = set.facets[facet.id] && set.facets[facet.id].confidence;
      return {
        title: t(facet.name),
        note: t(facet.question),
        hint: sure ? D.say(["Hatched in white: fewer than {share_pct} of the draws keep the label", { share_pct: D.data.borderline }]) : "",
      };
    },
    told: function (set, i) {
      const found = D.label(set, D.facet(D.state.layer), i);
      return [t((found.label || D.data.unknown).name), found.borderline ? t("borderline") : ""];
    },
  };

  const BALANCE = {
    look: function (set, i) {
      const step = D.balanceStep(set, i);
      return step < 0 ? unknown() : { key: "e" + step, colour: D.data.balance.colours[step], hatch: null };
    },
    legend: function (set, add) {
      const balance = D.data.balance;
      const ends = [0].concat(balance.cuts);
      balance.colours.forEach(function (colour, step) {
        const last = step === ends.length - 1;
        add("e" + step, last ? "≥ " + D.percent(ends[step]) : D.percents(ends[step], ends[step + 1]), colour, null, true);
      });
      addUnknown(add);
      return { title: t(balance.name), note: t(balance.question), hint: D.balanceHint().join(" ") };
    },
    told: function (set, i) {
      return [D.balanceStep(set, i) < 0 ? t(D.data.unknown.name) : D.percent(set.indicators[D.data.balance.indicator][i])];
    },
  };

  const RANKING = {
    look: function (set, i) {
      const lead = D.leadersOf(set, i, D.state.layer).map(function (f) { return D.solution(f.solution); });
      return lead.length
        ? { key: lead[0].id, colour: lead[0].colour, hatch: lead.length > 1 ? lead[1].colour : null }
        : { key: "none", colour: DIM, hatch: null };
    },
    legend: function (set, add) {
      const more = D.state.layer === "more";
      D.data.solutions.forEach(function (s) { add(s.id, s.id + " " + D.solutionName(s.id), s.colour, null); });
      add("none", more ? t("Nothing stands out") : t("No focus area"), DIM, null);
      const shared = set.ids.some(function (_, i) { return D.leadersOf(set, i, D.state.layer).length > 1; });
      const warnings = (set.warnings[D.ranking(D.state.layer)] || []).map(function (w) { return D.say(w) + "."; });
      return {
        title: D.rankingName(D.state.layer),
        note: more ? t("The solution that stands out most against the city's average; not the most important one.")
          : t("The solution with the most points."),
        hint: [shared ? t("Where two share the lead, the second is hatched.") : ""]
          .concat(warnings, [t(D.data.judgement)]).filter(Boolean).join(" "),
      };
    },
    told: function (set, i) {
      const lead = D.leadersOf(set, i, D.state.layer).map(function (f) { return f.solution + " " + D.solutionName(f.solution); });
      return lead.length ? [lead.join("; ")] : [D.state.layer === "more" ? t("Nothing stands out") : t("No focus area")];
    },
  };

  const SCORE = {
    look: function (set, i) {
      const mine = here(set, i);
      if (!mine || mine.score === null) return { key: "none", colour: DIM, hatch: null };
      const step = Math.min(STEPS - 1, Math.max(0, Math.floor(mine.score * STEPS)));
      return { key: "s" + step, colour: D.data.scores[step], hatch: null };
    },
    legend: function (set, add) {
      for (let step = STEPS - 1; step >= 0; step -= 1) {
        add("s" + step, D.percents(step / STEPS, (step + 1) / STEPS), D.data.scores[step], null, true);
      }
      add("none", t("Not eligible here"), DIM, null);
      return {
        title: D.state.layer + " " + D.solutionName(D.state.layer),
        note: t("Score as a share of the best that the solution can reach"),
        hint: t(D.data.judgement),
      };
    },
    told: function (set, i) {
      const mine = here(set, i);
      return [!mine || mine.score === null ? t("Not eligible here") : D.state.layer + " " + D.percent(mine.score)];
    },
  };
  function here(set, i) {
    return D.focusOf(set, i).find(function (f) { return f.solution === D.state.layer; });
  }

  function kind() {
    const layer = D.state.layer;
    return D.facet(layer) ? FACET : layer === D.data.balance.id ? BALANCE : D.ranking(layer) ? RANKING : SCORE;
  }
  D.look = function (set, i) { return kind().look(set, i); };
  D.told = function (set, i) { return kind().told(set, i); };
  D.DIM = DIM;

  /* The legend of the chosen layer: words, and its entries with how many zones each has. */
  D.legend = function () {
    const set = D.set(D.state.set);
    const counts = {};
    set.ids.forEach(function (_, i) { const k = D.look(set, i).key; counts[k] = (counts[k] || 0) + 1; });
    const rows = [];
    // Of so many zones the unknown are plain on the map, and so they are in the legend.
    const words = kind().legend(set, function (key, name, colour, hatch, always) {
      if (counts[key] || always) rows.push({ key: key, name: name, colour: colour, hatch: D.isLarge(set) ? null : hatch, n: counts[key] || 0 });
    });
    return Object.assign({ rows: rows }, words);
  };

  D.swatch = function (colour, hatch) {
    return D.el("i", { class: "swatch", "aria-hidden": "true", style: {
      background: hatch ? "repeating-linear-gradient(135deg," + colour + " 0 4px," + hatch + " 4px 6px)" : colour,
    } });
  };
})(window.districttype);
