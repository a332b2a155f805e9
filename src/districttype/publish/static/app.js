/* The page: choices, search, language, and the link that opens the same view again. */
(function (D) {
  "use strict";
  const t = D.t;
  const el = D.el;
  const $ = D.$;
  let map, found = [], active = -1, index = null, quiet = false;

  D.start = function (theMap) {
    D.load();
    map = theMap;
    document.body.append($("stage")); // who goes by keyboard meets the controls before the map
    document.body.dataset.page = D.data.page;
    map.attributionControl = undefined;
    L.control.scale({ imperial: false, position: "bottomleft", maxWidth: 160 }).addTo(map);
    D.overlays.sites = D.data.page === "focus";
    D.state.layer = layers()[0];
    D.state.set = D.data.sets.districts ? "districts" : Object.keys(D.data.sets)[0];
    D.state.lang = language();
    read();
    D.draw(map);
    controls();
    refresh();
    window.addEventListener("hashchange", function () { read(); D.repaint(); refresh(); look(); });
    look();
    D.repaint();
    map.on("moveend", write);
    map.on("click", function () { D.choose([]); });
    performance.mark("drawn");
  };

  function layers() {
    if (D.data.page === "focus") return ["more", "first"].concat(D.data.solutions.map(function (s) { return s.id; }));
    const has = Object.values(D.data.sets);
    return D.data.facets.map(function (f) { return f.id; })
      .filter(function (id) { return has.some(function (s) { return s.facets[id]; }); })
      .concat(has.some(function (s) { return s.indicators[D.data.balance.indicator]; }) ? [D.data.balance.id] : []);
  }
  function language() {
    const wishes = [D.recall("language")].concat((navigator.languages || []).map(function (l) { return l.slice(0, 2); }));
    return wishes.find(function (l) { return D.data.languages.includes(l); }) || D.data.languages[0];
  }

  /* ---- the link ---------------------------------------------------------------------- */
  let start = null;
  function read() {
    const wish = new URLSearchParams(location.hash.slice(1));
    if (D.data.languages.includes(wish.get("lang"))) D.state.lang = wish.get("lang");
    if (D.data.sets[wish.get("level")]) D.state.set = wish.get("level");
    else if (wish.get("district") !== null && D.data.sets.districts) D.state.set = "districts";
    if (layers().includes(wish.get("layer"))) D.state.layer = wish.get("layer");
    const asked = wish.get("district") !== null ? wish.get("district") : wish.get("zone");
    const set = D.set(D.state.set);
    D.state.zones = asked === null ? [] : asked.split(";").map(function (id) { return set.ids.indexOf(id); })
      .filter(function (i) { return i >= 0; });
    const view = (wish.get("view") || "").split("/").map(Number);
    start = view.length === 3 && view.every(isFinite) ? view : null;
  }
  function look() {
    quiet = true;
    if (start) map.setView([start[1], start[2]], start[0], { animate: false });
    else if (D.state.zones.length) show(D.state.zones, false);
    else whole(false);
    quiet = false;
    write();
  }
  function write() {
    if (quiet) return;
    const wish = new URLSearchParams();
    const set = D.set(D.state.set);
    if (D.state.zones.length) {
      wish.set(D.state.set === "districts" ? "district" : "zone", D.state.zones.map(function (i) { return set.ids[i]; }).join(";"));
    }
    if (D.state.set !== "districts") wish.set("level", D.state.set);
    wish.set("layer", D.state.layer);
    wish.set("lang", D.state.lang);
    const c = map.getCenter();
    wish.set("view", [map.getZoom(), c.lat.toFixed(5), c.lng.toFixed(5)].join("/"));
    history.replaceState(null, "", "#" + wish.toString().replace(/%2F/g, "/").replace(/%3B/g, ";"));
    document.querySelectorAll("#pages a").forEach(function (a) {
      a.href = a.getAttribute("href").split("#")[0] + "#" + (a.getAttribute("href").includes("report") ? "" :
        (D.state.set === "districts" && D.state.zones.length ? "district=" + encodeURIComponent(set.ids[D.state.zones[0]]) + "&" : "")) + "lang=" + D.state.lang;
    });
  }

  /* ---- where one looks --------------------------------------------------------------- */
  function paddings() {
    const narrow = window.innerWidth < 760;
    const side = $("side").getBoundingClientRect();
    if (narrow) return { paddingTopLeft: [16, side.bottom + 12], paddingBottomRight: [16, D.state.zones.length ? window.innerHeight * 0.48 : 56] };
    return { paddingTopLeft: [side.right + 24, 24], paddingBottomRight: [D.state.zones.length ? $("panel").getBoundingClientRect().width + 24 : 24, 48] };
  }
  function moving(wish) { return wish && map.options.zoomAnimation; }
  function whole(animate) {
    const b = D.data.bounds;
    map.fitBounds([[b[1], b[0]], [b[3], b[2]]], Object.assign({ animate: moving(animate) }, paddings()));
  }
  function show(zones, animate) {
    const bounds = D.zoneBounds(zones);
    if (bounds.isValid()) map.fitBounds(bounds, Object.assign({ animate: moving(animate), maxZoom: 14 }, paddings()));
  }

  D.choose = function (zones, go) {
    D.state.zones = zones;
    D.outlineChosen();
    D.showPanel();
    if (zones.length) {
      const set = D.set(D.state.set);
      $("said").textContent = D.name(set, zones[0]);
      if (go) { show(zones, true); $("panel").focus({ preventScroll: true }); }
    }
    write();
  };

  /* ---- search ------------------------------------------------------------------------ */
  function entries() {
    if (index) return index;
    index = [];
    ["districts", "stations"].concat(Object.keys(D.data.sets)).filter(function (s, k, all) { return all.indexOf(s) === k; })
      .forEach(function (name) {
        const set = D.data.sets[name];
        if (!set || !set.names || D.isLarge(set) || (name === "places" && D.data.places.length)) return;
        set.ids.forEach(function (id, i) {
          const names = [set.names[i]].concat(Object.keys(set.also).map(function (k) { return set.also[k][i]; })).filter(Boolean);
          index.push({ set: name, zones: [i], names: names, keys: names.concat([id]).map(D.fold), place: false });
        });
      });
    D.data.places.forEach(function (place) {
      const set = D.data.sets[place.set];
      if (!set) return;
      const zones = place.zones.map(function (id) { return set.ids.indexOf(id); }).filter(function (i) { return i >= 0; });
      const known = zones.length === 1 && index.find(function (e) { return e.set === place.set && e.zones[0] === zones[0]; });
      if (known) { // a zone that has one more name
        known.names = Array.from(new Set(known.names.concat(place.names)));
        known.keys = known.keys.concat(place.names.map(D.fold));
      } else if (zones.length) {
        index.push({ set: place.set, zones: zones, names: place.names, keys: place.names.map(D.fold), place: true });
      }
    });
    return index;
  }
  function matches(query) {
    const q = D.fold(query.trim());
    const rank = function (e) {
      let best = 9;
      e.keys.forEach(function (k) {
        const at = k.indexOf(q);
        if (k === q) best = Math.min(best, 0);
        else if (at === 0) best = Math.min(best, 1);
        else if (at > 0) best = Math.min(best, /[\s\-(]/.test(k[at - 1]) ? 2 : 3);
      });
      return best;
    };
    const shown = function (e) {
      return e.place && e.set !== "places" ? e.names[0] : D.name(D.data.sets[e.set], e.zones[0]);
    };
    return entries()
      .filter(function (e) { return q ? true : e.set === D.state.set && !e.place; })
      .map(function (e) { return { entry: e, rank: q ? rank(e) : 1, text: shown(e) }; })
      .filter(function (m) { return m.rank < 9; })
      .sort(function (a, b) { return a.rank - b.rank || b.entry.place - a.entry.place || a.text.localeCompare(b.text, D.state.lang); })
      .slice(0, q ? 12 : 200);
  }
  function suggest() {
    const box = $("found");
    found = matches($("search").value);
    active = -1;
    box.replaceChildren.apply(box, found.map(function (m, k) {
      const e = m.entry;
      const others = e.names.filter(function (n) { return n !== m.text; });
      const note = e.place ? t("place") : e.set !== "districts" ? t(D.data.sets[e.set].name) : "";
      const li = el("li", { role: "option", id: "found-" + k, "aria-selected": "false" },
        el("span", { text: m.text }), el("small", { text: others.concat(note ? [note] : []).join(" · ") }));
      li.addEventListener("mousedown", function (event) { event.preventDefault(); take(k); });
      return li;
    }));
    if (!found.length) box.append(el("li", { class: "none", role: "option", "aria-disabled": "true", "aria-selected": "false", text: t("Nothing has that name") }));
    box.hidden = false;
    $("search").setAttribute("aria-expanded", "true");
    $("search").removeAttribute("aria-activedescendant");
  }
  function hide() {
    $("found").hidden = true;
    $("search").setAttribute("aria-expanded", "false");
    $("search").removeAttribute("aria-activedescendant");
  }
  function move(step) {
    if (!found.length) return;
    active = (active + step + found.length) % found.length;
    Array.from($("found").children).forEach(function (li, k) {
      li.setAttribute("aria-selected", k === active ? "true" : "false");
      if (k === active) li.scrollIntoView({ block: "nearest" });
    });
    $("search").setAttribute("aria-activedescendant", "found-" + active);
  }
  function take(k) {
    const m = found[k];
    if (!m) return;
    hide();
    $("search").value = m.text;
    if (D.state.set !== m.entry.set) { D.state.set = m.entry.set; D.state.zones = []; D.repaint(); refresh(); }
    D.choose(m.entry.zones, true);
  }

  /* ---- controls ---------------------------------------------------------------------- */
  function controls() {
    const search = $("search");
    search.addEventListener("input", suggest);
    search.addEventListener("focus", suggest);
    search.addEventListener("blur", hide);
    search.addEventListener("keydown", function (e) {
      if (e.key === "ArrowDown" || e.key === "ArrowUp") { e.preventDefault(); if ($("found").hidden) suggest(); move(e.key === "ArrowDown" ? 1 : -1); }
      else if (e.key === "Enter") { e.preventDefault(); take(active < 0 ? 0 : active); }
      else if (e.key === "Escape") { hide(); search.value = ""; }
    });
    document.addEventListener("keydown", function (e) {
      const typing = /input|select|textarea/i.test(e.target.tagName) && e.target.type !== "radio" && e.target.type !== "checkbox";
      if (e.key === "/" && !typing) { e.preventDefault(); search.focus(); search.select(); }
      if (e.key === "Escape" && !typing && D.state.zones.length) { D.choose([]); search.focus(); hide(); }
    });
    $("zoom-in").addEventListener("click", function () { map.zoomIn(0.5, { animate: moving(true) }); });
    $("zoom-out").addEventListener("click", function () { map.zoomOut(0.5, { animate: moving(true) }); });
    $("zoom-all").addEventListener("click", function () { whole(true); });
    $("print").addEventListener("click", function () { window.print(); });
    $("share").addEventListener("click", share);
    $("open-sources").addEventListener("click", function () { $("sources").showModal(); });
    $("open-layers").addEventListener("click", function () {
      const open = document.body.classList.toggle("layers-open");
      $("open-layers").setAttribute("aria-expanded", String(open));
    });
    let before = null, copies = [];
    window.addEventListener("beforeprint", function () {
      quiet = true;
      before = [map.getCenter(), map.getZoom()];
      document.body.classList.add("printing");
      map.invalidateSize({ animate: false });
      if (D.state.zones.length) map.fitBounds(D.zoneBounds(D.state.zones), { animate: false, maxZoom: 13, padding: [20, 20] });
      else { const b = D.data.bounds; map.fitBounds([[b[1], b[0]], [b[3], b[2]]], { animate: false, padding: [8, 8] }); }
      copies = copied();
    });
    window.addEventListener("afterprint", function () {
      document.body.classList.remove("printing");
      copies.forEach(function (copy) { copy.previousSibling.hidden = false; copy.remove(); });
      map.invalidateSize({ animate: false });
      map.setView(before[0], before[1], { animate: false });
      quiet = false;
    });
  }

  /* A canvas is printed as the strokes that made it, and the clearing of it as a white sheet that
     hides what lies under it; a copy of it is printed as the picture that it is. */
  function copied() {
    return Array.from(document.querySelectorAll("#stage canvas")).map(function (canvas) {
      const copy = canvas.cloneNode();
      if (canvas.width && canvas.height) copy.getContext("2d").drawImage(canvas, 0, 0);
      canvas.after(copy);
      canvas.hidden = true;
      return copy;
    });
  }

  function share() {
    write();
    const done = function () { $("said").textContent = t("The link is copied"); flash(); };
    const manual = function () { window.prompt(t("Copy this link"), location.href); };
    if (navigator.clipboard && window.isSecureContext) navigator.clipboard.writeText(location.href).then(done, manual);
    else {
      const area = el("textarea", { style: { position: "fixed", opacity: 0 } });
      area.value = location.href;
      document.body.append(area);
      area.select();
      let copied = false;
      try { copied = document.execCommand("copy"); } catch (refused) { copied = false; }
      area.remove();
      if (copied) done(); else manual();
    }
  }
  function flash() {
    document.body.classList.add("told");
    setTimeout(function () { document.body.classList.remove("told"); }, 1800);
  }

  function radio(group, value, content, checked, change) {
    const input = el("input", { type: "radio", name: group, value: value, checked: checked, onchange: change });
    return el("label", {}, input, content);
  }

  /* Everything that says something is said anew when the language or a choice changes. */
  function refresh() {
    document.documentElement.lang = D.state.lang;
    document.querySelectorAll("[data-t]").forEach(function (n) { n.textContent = t(n.dataset.t); });
    document.querySelectorAll("[data-t-label]").forEach(function (n) { n.setAttribute("aria-label", t(n.dataset.tLabel)); });
    document.querySelectorAll("[data-t-placeholder]").forEach(function (n) { n.placeholder = t(n.dataset.tPlaceholder); });
    map.getContainer().setAttribute("aria-label", t("Map"));
    map.getContainer().setAttribute("role", "application");
    $("city").textContent = D.cityName();
    document.title = D.cityName() + " – " + $("kicker").textContent;
    $("languages").replaceChildren.apply($("languages"), D.data.languages.map(function (l) {
      return el("button", { type: "button", lang: l, text: l.toUpperCase(), "aria-pressed": String(l === D.state.lang),
        onclick: function () { D.state.lang = l; D.remember("language", l); refresh(); D.repaint(); D.choose(D.state.zones);
          document.querySelector("#languages [lang=" + l + "]").focus(); } });
    }));
    const sets = Object.keys(D.data.sets);
    $("levels").hidden = sets.length < 2;
    $("levels").querySelector("div").replaceChildren.apply($("levels").querySelector("div"), sets.map(function (s) {
      return radio("level", s, el("span", { text: t(D.data.sets[s].name) }), s === D.state.set, function () {
        D.state.set = s; D.state.zones = []; D.state.label = null; D.repaint(); D.showPanel(); legend(); write();
      });
    }));
    $("facets").querySelector("div").replaceChildren.apply($("facets").querySelector("div"), layers().map(function (id) {
      const facet = D.facet(id);
      const name = facet || id === D.data.balance.id ? el("span", { text: t((facet || D.data.balance).name) }) : D.ranking(id) ? el("span", { text: D.rankingName(id) })
        : el("span", { title: D.solutionName(id) }, D.code(id), el("span", { class: "sr", text: D.solutionName(id) }));
      return radio("layer", id, name, id === D.state.layer, function () {
        D.state.layer = id; D.state.label = null; D.repaint(); D.showPanel(); legend(); write();
      });
    }));
    $("light").hidden = !D.data.light.length;
    $("light").textContent = D.data.light.map(D.say).join(" ");
    const names = { roads: t("Main roads and railways"), green: t("Green areas"), names: t("Names"), stations: t("Stations"), sites: t("Sites"), blocks: t("Blocks where the need is") };
    const has = { roads: D.data.base.roads || D.data.base.rails, green: D.data.base.green, names: true, stations: D.data.stops.length, sites: D.data.sites.length, blocks: D.data.page === "focus" && Object.values(D.data.sets).some(function (s) { return s.blocks.length; }) };
    $("overlays").querySelector("div").replaceChildren.apply($("overlays").querySelector("div"), Object.keys(names).filter(function (k) { return has[k]; })
      .map(function (key) {
        return el("label", {}, el("input", { type: "checkbox", name: key, checked: D.overlays[key],
          onchange: function (e) { D.overlays[key] = e.target.checked; D.repaint(); } }), el("span", { text: names[key] }),
          keys(key));
      }).concat(D.data.tiles && navigator.onLine ? [background()] : []));
    legend();
    D.fillSources();
    D.showPanel();
  }

  /* What an overlay draws, as small as it is drawn from afar. */
  function keys(overlay) {
    if (overlay === "blocks") return D.swatch("#8b5a63", "#ffffff");
    if (overlay === "sites") return el("i", { class: "key single", "aria-hidden": "true" });
    if (overlay !== "stations") return null;
    const modes = Array.from(new Set(D.data.stops.map(function (s) { return s.mode; })));
    return el("small", {}, modes.map(function (m) {
      return el("span", {}, el("i", { class: "key " + m, "aria-hidden": "true" }), D.modeName(m));
    }));
  }

  let backdrop = null;
  function background() {
    return el("label", {}, el("input", { type: "checkbox", name: "tiles", checked: D.overlays.tiles,
      onchange: function (e) {
        D.overlays.tiles = e.target.checked;
        if (!backdrop) backdrop = L.tileLayer(D.data.tiles);
        if (e.target.checked) backdrop.addTo(map); else map.removeLayer(backdrop);
      } }), el("span", { text: t("Background map (needs a network)") }));
  }

  function legend() {
    const l = D.legend();
    $("legend-title").textContent = l.title;
    $("shown").textContent = l.title;
    $("legend-note").textContent = l.note;
    $("legend-hint").textContent = l.hint;
    $("legend").querySelector("ul").replaceChildren.apply($("legend").querySelector("ul"), l.rows.map(function (row) {
      return el("li", {}, el("button", { type: "button", "aria-pressed": String(D.state.label === row.key),
        title: row.name + " – " + t("Show only these"),
        onclick: function () { D.state.label = D.state.label === row.key ? null : row.key; D.repaint(); legend(); } },
        D.swatch(row.colour, row.hatch), el("span", { text: row.name }), el("small", { text: D.number(row.n, 0) })));
    }));
  }
})(window.districttype);
