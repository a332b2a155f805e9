/* The panel: all that is known of a zone, and how surely. */
(function (D) {
  "use strict";
  const t = D.t;
  const el = D.el;

  D.showPanel = function () {
    const panel = D.$("panel");
    const set = D.set(D.state.set);
    panel.replaceChildren();
    panel.hidden = !D.state.zones.length;
    document.body.classList.toggle("with-panel", !panel.hidden);
    if (panel.hidden) return;
    const i = D.state.zones[0];
    panel.append(head(set, i));
    if (D.state.zones.length > 1) panel.append(others(set));
    if (D.data.stamp) panel.append(el("p", { class: "warning", text: D.say(D.data.stamp) }));
    const blocks = D.data.page === "focus"
      ? [focus(set, i), labels(set, i), balance(set, i), alike(set, i), numbers(set, i)]
      : [labels(set, i), balance(set, i), focus(set, i), alike(set, i), numbers(set, i)];
    blocks.forEach(function (block) { if (block) panel.append(block); });
    panel.append(el("p", { class: "small", text: D.say(D.data.made) }));
    panel.scrollTop = 0;
  };

  function head(set, i) {
    const also = D.otherNames(set, i);
    const facts = [parent(set, i), set.ids[i],
      set.land[i] !== null ? t("land") + " " + D.quantity(set.land[i], "km2") : ""];
    return el("div", { class: "panel-head" },
      el("div", {},
        el("h2", { text: D.name(set, i) }),
        also.length ? el("p", { class: "also", text: also.join(" · ") }) : null,
        el("p", { class: "facts", text: facts.filter(Boolean).join(" · ") })),
      el("button", { type: "button", class: "close", "aria-label": t("Close"), text: "×", onclick: function () { D.choose([]); } }));
  }

  /* What a zone lies in: a greater area by its name, or a district by its id. */
  function parent(set, i) {
    const districts = D.data.sets.districts;
    const mother = set.parents && set.parents[i];
    const at = districts ? districts.ids.indexOf(mother) : -1;
    return at < 0 ? mother : D.name(districts, at);
  }

  function others(set) {
    return el("p", { class: "others" }, t("The name also stands for:"), " ",
      D.state.zones.slice(1).map(function (i, k) {
        return el("button", { type: "button", class: "link", text: D.name(set, i),
          onclick: function () { D.choose([i].concat(D.state.zones.filter(function (z) { return z !== i; }))); } });
      }));
  }

  /* ---- labels ------------------------------------------------------------------------ */
  function labels(set, i) {
    const rows = D.data.facets.filter(function (f) { return set.facets[f.id]; }).map(function (facet) {
      const columns = set.facets[facet.id];
      const found = D.label(set, facet, i);
      const flags = found.words.map(function (w) {
        return found.label && w === found.label.id ? "" : facet.words[w] ? t(facet.words[w]) : w;
      }).filter(Boolean);
      const reason = columns.reason ? D.say(columns.reason[i]) : "";
      return el("li", { class: "facet" + (D.state.layer === facet.id ? " current" : "") },
        D.swatch(found.colour, found.label ? (found.borderline ? "#ffffff" : null) : D.data.unknown.line),
        el("div", {},
          el("h4", { text: t(facet.name) }),
          el("p", { class: "label" }, el("strong", { text: found.label ? t(found.label.name) : t(D.data.unknown.name) }),
            flags.map(function (f) { return el("span", { class: "chip", text: f }); })),
          reason ? el("p", { class: "reason", text: reason }) : null,
          found.label || !reason ? sureness(facet, columns, found, i) : null));
    });
    if (!rows.length) return null;
    return el("section", {}, el("h3", { text: t("Labels and reasons") }), el("ul", { class: "facet-list" }, rows));
  }

  function sureness(facet, columns, found, i) {
    if (!found.label) {
      const cover = columns.coverage ? columns.coverage[i] : null;
      return cover === null ? null
        : el("p", { class: "sure", text: D.say(["The layers cover {share_pct} of the zone", { share_pct: cover / 100 }]) });
    }
    if (found.confidence === null) return null;
    const next = columns.runner_up && columns.runner_up[i] >= 0 ? facet.labels[columns.runner_up[i]] : null;
    const words = [t("Confidence") + " " + D.percent(found.confidence / 100)];
    if (found.borderline) words.push(t("borderline"));
    if (next && found.confidence < 100 && next.id !== found.label.id) words.push(t("next:") + " " + t(next.name));
    return el("p", { class: "sure" },
      el("span", { class: "meter", "aria-hidden": "true" }, el("i", { style: { width: found.confidence + "%" } })),
      words.join(" · "));
  }

  /* ---- focus areas ------------------------------------------------------------------- */
  function focus(set, i) {
    const areas = D.focusOf(set, i);
    if (!D.hasFocus(set)) return null;
    const section = el("section", {}, el("h3", { text: t("What to co-create here") }));
    if (!areas.length) {
      section.append(el("p", { text: t("No solution is eligible here with what is known.") }));
      return section;
    }
    areas.forEach(function (area, rank) {
      const open = D.state.layer === area.solution || (rank === 0 && !D.solution(D.state.layer));
      section.append(el("details", { class: "focus", open: open },
        el("summary", {},
          D.code(area.solution),
          el("span", { text: D.solutionName(area.solution) }),
          el("span", { class: "score", text: area.score === null ? "" : D.percent(area.score) })),
        el("dl", {},
          entry(t("Why"), (area.reasons || []).map(D.say), true),
          entry(t("Mind"), (area.cautions || []).map(D.say), true),
          entry(t("Blocks where the need is"), Array.from(new Set((area.needs || []).map(D.say))), true),
          entry(t("Who to invite"), names("actors", area.actors)),
          entry(t("Convened by"), names("actors", area.convener)),
          entry(t("Means"), names("means", area.means), true),
          entry(t("To secure first"), names("prerequisites", area.prerequisites), true),
          entry(t("Systems"), names("systems", area.systems)),
          entry(t("Level"), names("levels", area.level)),
          entry(t("Weakest evidence"), area.basis ? [basis(area.basis)] : []),
          entry(t("Among the top three"), area.stability === null || area.stability === undefined ? []
            : [D.say(["in {share_pct} of the draws", { share_pct: area.stability }])])),
        (area.checklists || []).map(steps)));
    });
    section.append(el("p", { class: "small", text: t(D.data.judgement) }));
    return section;
  }
  function steps(checklist) {
    const all = D.data.steps[checklist];
    return all ? el("details", { class: "steps" },
      el("summary", { text: t("Steps") + ": " + D.named("checklists", checklist) }),
      el("ol", {}, all.map(function (step) { return el("li", { text: step[D.state.lang] || step.en }); }))) : null;
  }
  function names(table, ids) {
    return (ids || []).map(function (id) { return D.named(table, id); });
  }
  /* `facet=basis`, or a basis alone. */
  function basis(cell) {
    const parts = cell.split("=");
    const name = D.named("bases", parts[parts.length - 1]);
    const facet = parts.length > 1 ? D.facet(parts[0]) : null;
    return facet ? t(facet.name) + ": " + name : name;
  }
  function entry(title, words, list) {
    if (!words.length) return null;
    return el("div", {}, el("dt", { text: title }),
      el("dd", {}, list && words.length > 1
        ? el("ul", {}, words.map(function (w) { return el("li", { text: w }); }))
        : words.join(", ")));
  }

  /* ---- energy balance ---------------------------------------------------------------- */
  function balance(set, i) {
    const b = D.data.balance;
    const step = D.balanceStep(set, i);
    if (!set.indicators[b.indicator]) return null;
    const range = ["_low", "_high"].map(function (end) { return (set.indicators[b.indicator + end] || [])[i]; });
    return el("section", { id: "balance" }, el("h3", { text: t(b.name) }),
      step < 0 ? el("p", { text: t("Unknown: too few buildings of known floor area") })
        : el("p", {}, D.swatch(b.colours[step], null), " ",
          D.say(["Its roofs could yield {share_pct} of the heat and electricity that its buildings use ({low_pct} to {high_pct} by what one assumes)",
            { share_pct: set.indicators[b.indicator][i], low_pct: range[0], high_pct: range[1] }]) + "."),
      el("p", { class: "reason", text: D.balanceNotes().join(" ") }));
  }

  /* ---- districts alike --------------------------------------------------------------- */
  function alike(set, i) {
    const mine = D.state.set === "districts" && D.data.kin[set.ids[i]];
    if (!mine) return null;
    const traits = mine.traits.map(D.say).join(", ");
    return el("section", {}, el("h3", { text: t("Districts alike") }),
      el("p", {}, t("Most like it:"), " ", mine.nearest.map(function (id) {
        const k = set.ids.indexOf(id);
        return el("button", { type: "button", class: "link", text: D.name(set, k), onclick: function () { D.choose([k], true); } });
      })),
      mine.because.length ? el("p", { class: "reason", text: t("Both have") + " " + mine.because.map(D.say).join(", ") }) : null,
      el("p", { class: "sure", text: traits
        ? D.say(["One of {size_int} districts with {traits}", { size_int: mine.size, traits: traits }])
        : D.say(["One of {size_int} districts without a trait of their own", { size_int: mine.size }]) }));
  }

  /* ---- indicators -------------------------------------------------------------------- */
  const THEMES = ["density", "development", "use", "mobility", "energy", "ground", "green", "services", "ownership", "coverage"];
  D.themeName = function (theme) {
    const facet = D.facet(theme);
    if (facet) return t(facet.name);
    return { green: t("Green"), services: t("Services"), coverage: t("How much the layers cover") }[theme] || theme;
  };
  function numbers(set, i) {
    const blocks = THEMES.map(function (theme) {
      const rows = D.data.indicators.filter(function (n) { return n.facet === theme && set.indicators[n.id]; })
        .map(function (n) {
          const value = set.indicators[n.id][i];
          return el("tr", {}, el("th", { scope: "row", text: t(n.name) }),
            el("td", { text: value === null ? t("unknown") : D.quantity(value, n.unit), class: value === null ? "none" : "" }));
        });
      if (!rows.length) return null;
      return el("details", { class: "theme" }, el("summary", { text: D.themeName(theme) }), el("table", {}, el("tbody", {}, rows)));
    }).filter(Boolean);
    if (!blocks.length) return null;
    return el("section", {}, el("h3", { text: t("Indicators") }), blocks);
  }

  /* ---- sources ----------------------------------------------------------------------- */
  D.fillSources = function () {
    const head = [t("Layer"), t("Provider"), t("As of"), t("Licence"), t("Attribution"), t("Rows")];
    D.$("sources-body").replaceChildren(
      D.data.stamp ? el("p", { class: "warning", text: D.say(D.data.stamp) }) : "",
      el("table", {},
        el("thead", {}, el("tr", {}, head.map(function (h) { return el("th", { scope: "col", text: h }); }))),
        el("tbody", {}, D.data.sources.map(function (s) {
          return el("tr", {}, [t(D.data.layers[s.layer]), s.provider, s.vintage, s.licence, s.attribution].map(function (v) { return el("td", { text: String(v) }); }),
            el("td", { class: "n", text: D.number(s.rows, 0) }));
        }))),
      el("p", { class: "small", text: D.say(D.data.made) + ". " + t(D.data.judgement) }));
    D.$("credits").textContent = D.data.credits.join(" · ");
    const stamp = D.$("stamp");
    stamp.hidden = !D.data.stamp;
    stamp.textContent = D.say(D.data.stamp);
  };
})(window.districttype);
