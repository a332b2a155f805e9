/* What is drawn: zones in the colour of the chosen layer, the base under and over them, names. */
(function (D) {
  "use strict";
  const t = D.t;
  const el = D.el;
  const SVG = "http://www.w3.org/2000/svg";
  const MANY = 1500;
  const DIM = "#ece9e2";
  const drawn = {};
  let map, svg, canvas, nameLayer, siteLayer, stationLayer, blockLayer, blockPaint, outline, tip;

  /* ---- hatching ---------------------------------------------------------------------- */
  const Canvas = L.Canvas.extend({
    _fillStroke: function (ctx, layer) {
      const o = layer.options;
      const weight = o.weight;
      o.weight = weight * Math.min(1, Math.pow(2, map.getZoom() - 13)); // far away, borders would pale the zones
      L.Canvas.prototype._fillStroke.call(this, ctx, layer);
      o.weight = weight;
      if (!o.hatch) return;
      ctx.save();
      ctx.globalAlpha = 1;
      ctx.fillStyle = tile(ctx, o.hatch);
      ctx.fill("evenodd");
      ctx.restore();
    },
  });
  const tiles = {};
  function tile(ctx, colour) {
    if (!tiles[colour]) {
      const c = document.createElement("canvas");
      c.width = c.height = 8;
      const p = c.getContext("2d");
      p.strokeStyle = colour;
      p.lineWidth = 1.8;
      [[-2, 2, 2, -2], [0, 8, 8, 0], [6, 10, 10, 6]].forEach(function (l) {
        p.beginPath(); p.moveTo(l[0], l[1]); p.lineTo(l[2], l[3]); p.stroke();
      });
      tiles[colour] = ctx.createPattern(c, "repeat");
    }
    return tiles[colour];
  }
  function pattern(colour, line) {
    const id = "hatch" + colour.slice(1) + line.slice(1);
    if (!D.$(id)) {
      const node = document.createElementNS(SVG, "pattern");
      const set = function (n, a) { Object.keys(a).forEach(function (k) { n.setAttribute(k, a[k]); }); return n; };
      set(node, { id: id, width: 8, height: 8, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" });
      node.append(
        set(document.createElementNS(SVG, "rect"), { width: 8, height: 8, fill: colour }),
        set(document.createElementNS(SVG, "rect"), { width: 2.4, height: 8, fill: line }));
      D.$("hatches").append(node);
    }
    return "url(#" + id + ")";
  }

  /* ---- colours of the chosen layer --------------------------------------------------- */
  const PALE_LINE = "#ffffff";

  /* How zone i of a set looks: its fill, whether it is hatched, and which legend entry it is. */
  function look(set, i) {
    const layer = D.state.layer;
    const facet = D.facet(layer);
    if (facet) {
      const found = D.label(set, facet, i);
      if (!found.label) return { key: "unknown", colour: found.colour, hatch: D.data.unknown.line };
      return {
        key: found.label.id + (found.detail ? "." + found.detail.id : ""),
        colour: found.colour,
        hatch: found.borderline ? PALE_LINE : null,
      };
    }
    if (layer === D.data.balance.id) {
      const step = D.balanceStep(set, i);
      return step < 0 ? { key: "unknown", colour: D.data.unknown.colour, hatch: D.data.unknown.line }
        : { key: "e" + step, colour: D.data.balance.colours[step], hatch: null };
    }
    if (D.ranking(layer)) {
      const lead = D.leadersOf(set, i, layer).map(function (f) { return D.solution(f.solution); });
      return lead.length
        ? { key: lead[0].id, colour: lead[0].colour, hatch: lead.length > 1 ? lead[1].colour : null }
        : { key: "none", colour: DIM, hatch: null };
    }
    const mine = D.focusOf(set, i).find(function (f) { return f.solution === layer; });
    if (!mine || mine.score === null) return { key: "none", colour: DIM, hatch: null };
    const step = Math.min(4, Math.max(0, Math.floor(mine.score * 5)));
    return { key: "s" + step, colour: D.data.scores[step], hatch: null };
  }
  D.look = look;

  function style(set, i, many) {
    const v = look(set, i);
    const off = D.state.label && D.state.label !== v.key;
    const colour = off ? DIM : v.colour;
    const hatch = off ? null : v.hatch;
    return {
      fill: true,
      fillOpacity: 1,
      fillColor: hatch && !many ? pattern(colour, hatch) : colour,
      hatch: many && v.key !== "unknown" ? hatch : null,
      color: off ? "#d5d1c8" : "#ffffff",
      weight: many ? 0.8 : 1.1,
      opacity: 1,
      lineJoin: "round",
    };
  }

  /* ---- legend ------------------------------------------------------------------------ */
  D.legend = function () {
    const set = D.set(D.state.set);
    const facet = D.facet(D.state.layer);
    const counts = {};
    set.ids.forEach(function (_, i) { const k = look(set, i).key; counts[k] = (counts[k] || 0) + 1; });
    const rows = [];
    const add = function (key, name, colour, hatch, always) {
      if (counts[key] || always) rows.push({ key: key, name: name, colour: colour, hatch: hatch, n: counts[key] || 0 });
    };
    if (facet) {
      facet.order.forEach(function (key) {
        const parts = key.split(".");
        const label = facet.labels.find(function (l) { return l.id === parts[0]; });
        const detail = facet.details.find(function (d) { return d.of === parts[0] && d.id === parts[1]; });
        add(key, t(label.name) + (detail ? ": " + t(detail.name) : ""), (detail || label).colour, null, !detail);
      });
      add("unknown", t(D.data.unknown.name), D.data.unknown.colour, D.data.unknown.line);
      return {
        title: t(facet.name),
        note: t(facet.question),
        rows: rows,
        hint: set.facets[facet.id] && set.facets[facet.id].confidence
          ? D.say(["Hatched in white: fewer than {share_pct} of the draws keep the label", { share_pct: D.data.borderline }]) : "",
      };
    }
    if (D.state.layer === D.data.balance.id) {
      D.data.balance.colours.forEach(function (colour, step) { add("e" + step, D.balanceRange(step), colour, null, true); });
      add("unknown", t(D.data.unknown.name), D.data.unknown.colour, D.data.unknown.line);
      return { title: t(D.data.balance.name), note: t(D.data.balance.question), rows: rows, hint: D.balanceHint().join(" ") };
    }
    if (D.ranking(D.state.layer)) {
      D.data.solutions.forEach(function (s) { add(s.id, s.id + " " + D.solutionName(s.id), s.colour, null); });
      add("none", D.state.layer === "more" ? t("Nothing stands out") : t("No focus area"), DIM, null);
      return {
        title: D.rankingName(D.state.layer),
        note: D.state.layer === "more"
          ? t("The solution that stands out most against the city's average; not the most important one.")
          : t("The solution with the most points; where two share the lead, the second is hatched."),
        rows: rows,
        hint: (set.warnings[D.ranking(D.state.layer)] || []).map(function (w) { return D.say(w) + "."; })
          .concat([t(D.data.judgement)]).join(" "),
      };
    }
    for (let step = 4; step >= 0; step -= 1) {
      add("s" + step, D.percent(step / 5) + "–" + D.percent((step + 1) / 5), D.data.scores[step], null, true);
    }
    add("none", t("Not eligible here"), DIM, null);
    return {
      title: D.state.layer + " " + D.solutionName(D.state.layer),
      note: t("Score as a share of the best that the solution can reach"),
      rows: rows,
      hint: t(D.data.judgement),
    };
  };

  /* ---- drawing ----------------------------------------------------------------------- */
  D.draw = function (theMap) {
    map = theMap;
    [["water", 210], ["zones", 400], ["green", 420], ["roads", 430], ["blocks", 440], ["outline", 450], ["names", 640]].forEach(function (p) {
      map.createPane(p[0]).style.zIndex = p[1];
      if (p[0] !== "zones") map.getPane(p[0]).style.pointerEvents = "none";
    });
    svg = L.svg({ pane: "zones", padding: 0.5 });
    canvas = new Canvas({ pane: "zones", padding: 0.3 });
    const defs = document.createElementNS(SVG, "svg");
    const inner = document.createElementNS(SVG, "defs");
    defs.setAttribute("width", 0); defs.setAttribute("height", 0); defs.setAttribute("aria-hidden", "true");
    defs.style.position = "absolute";
    inner.id = "hatches";
    defs.append(inner);
    document.body.append(defs);
    base();
    nameLayer = L.layerGroup();
    siteLayer = L.layerGroup();
    stationLayer = L.layerGroup();
    blockLayer = L.layerGroup();
    blockPaint = new Canvas({ pane: "blocks", padding: 0.3 });
    outline = L.layerGroup().addTo(map);
    map.on("zoomend resize", placeNames);
    const far = function () { map.getContainer().classList.toggle("far", map.getZoom() < 12); };
    map.on("zoomend", far);
    far();
  };

  function base() {
    const b = D.data.base;
    const flat = L.svg({ pane: "water", padding: 0.5 });
    const over = L.svg({ pane: "roads", padding: 0.5 });
    const soft = L.svg({ pane: "green", padding: 0.5 });
    const add = function (shapes, options) {
      return L.polygon(shapes.map(D.rings).flat(), Object.assign({ interactive: false, stroke: false, fillOpacity: 1 }, options));
    };
    if (b.city) add(b.city, { renderer: flat, pane: "water", fillColor: "#fbfaf7" }).addTo(map);
    if (b.water) add(b.water, { renderer: flat, pane: "water", fillColor: "#c9dde8" }).addTo(map);
    D.roads = L.layerGroup();
    const line = function (lines, options) {
      D.roads.addLayer(L.polyline(lines.map(D.unroll), Object.assign({ renderer: over, pane: "roads", interactive: false, smoothFactor: 0.5 }, options)));
    };
    if (b.roads) {
      line(b.roads, { color: "#ffffff", weight: 3, opacity: 0.75 });
      line(b.roads, { color: "#3d444d", weight: 1.1, opacity: 0.85 });
    }
    if (b.rails) {
      line(b.rails, { color: "#1b2530", weight: 2.4, opacity: 0.9 });
      line(b.rails, { color: "#ffffff", weight: 1.2, opacity: 1, dashArray: "6 6" });
    }
    D.green = L.layerGroup();
    if (b.green) {
      D.green.addLayer(add(b.green, { renderer: soft, pane: "green", fillColor: dots(), stroke: true, color: "#23603c", weight: 0.8, opacity: 0.7 }));
    }
  }
  function dots() {
    const node = document.createElementNS(SVG, "pattern");
    const dot = document.createElementNS(SVG, "circle");
    Object.entries({ id: "dots", width: 6, height: 6, patternUnits: "userSpaceOnUse" }).forEach(function (a) { node.setAttribute(a[0], a[1]); });
    Object.entries({ cx: 3, cy: 3, r: 1.1, fill: "#23603c" }).forEach(function (a) { dot.setAttribute(a[0], a[1]); });
    node.append(dot);
    D.$("hatches").append(node);
    return "url(#dots)";
  }

  /* Zones of a set are made when they are first asked for. */
  function zonesOf(name) {
    if (drawn[name]) return drawn[name];
    const set = D.set(name);
    const many = set.ids.length > MANY;
    const group = L.featureGroup();
    const paths = set.shapes.map(function (shape, i) {
      if (!shape.length) return null;
      const path = L.polygon(D.rings(shape), Object.assign(style(set, i, many), {
        renderer: many ? canvas : svg, pane: "zones", smoothFactor: many ? 0 : 0.6,
      }));
      path.zone = i;
      path.on("add", function () { if (path.getElement()) path.getElement().setAttribute("tabindex", -1); });
      group.addLayer(path);
      return path;
    });
    group.on("click", function (e) { L.DomEvent.stop(e); D.choose([e.propagatedFrom.zone]); });
    group.bindTooltip(function (path) { return tooltip(name, path.zone); }, { sticky: true, direction: "top", offset: [0, -6], className: "tip" });
    drawn[name] = { group: group, paths: paths, many: many };
    return drawn[name];
  }

  function tooltip(name, i) {
    const set = D.set(name);
    const box = el("div", {}, el("strong", { text: D.name(set, i) }));
    if (D.latin(set, i)) box.append(el("span", { text: D.latin(set, i) }));
    const facet = D.facet(D.state.layer);
    if (facet) {
      const found = D.label(set, facet, i);
      box.append(el("span", { text: found.label ? t(found.label.name) : t(D.data.unknown.name) }));
      if (found.borderline) box.append(el("em", { text: t("borderline") }));
    } else if (D.state.layer === D.data.balance.id) {
      const step = D.balanceStep(set, i);
      box.append(el("span", { text: step < 0 ? t(D.data.unknown.name) : D.percent(set.indicators[D.data.balance.indicator][i]) }));
    } else {
      const focus = D.focusOf(set, i).find(function (f) { return f.solution === (D.ranking(D.state.layer) ? look(set, i).key : D.state.layer); });
      box.append(el("span", { text: focus ? focus.solution + " " + D.solutionName(focus.solution) : t("No focus area") }));
    }
    return box;
  }

  D.repaint = function () {
    Object.keys(drawn).forEach(function (name) {
      if (name !== D.state.set) map.removeLayer(drawn[name].group);
    });
    const mine = zonesOf(D.state.set);
    const set = D.set(D.state.set);
    mine.paths.forEach(function (path, i) {
      if (path) path.setStyle(style(set, i, mine.many));
    });
    if (!map.hasLayer(mine.group)) mine.group.addTo(map);
    toggle(D.roads, D.overlays.roads);
    toggle(D.green, D.overlays.green);
    drawStations();
    drawSites();
    D.outlineChosen();
    placeNames();
  };
  function toggle(layer, on) {
    if (on && !map.hasLayer(layer)) layer.addTo(map);
    if (!on && map.hasLayer(layer)) map.removeLayer(layer);
  }

  D.zoneBounds = function (indexes) {
    const bounds = L.latLngBounds([]);
    indexes.forEach(function (i) {
      const path = zonesOf(D.state.set).paths[i];
      if (path) bounds.extend(path.getBounds());
    });
    return bounds;
  };

  D.outlineChosen = function () {
    outline.clearLayers();
    drawBlocks();
    const set = D.set(D.state.set);
    D.state.zones.forEach(function (i) {
      const rings = D.rings(set.shapes[i]);
      [["#ffffff", 7], ["#111820", 3.2]].forEach(function (o) {
        outline.addLayer(L.polygon(rings, { pane: "outline", color: o[0], weight: o[1], fill: false, interactive: false, lineJoin: "round" }));
      });
    });
  };

  /* ---- names, stations, sites -------------------------------------------------------- */
  function placeNames() {
    if (!map) return;
    nameLayer.clearLayers();
    const set = D.set(D.state.set);
    const named = D.overlays.names && set.names && set.ids.length <= MANY;
    toggle(nameLayer, named);
    if (!named) return;
    const taken = [];
    const free = function (box) {
      return !taken.some(function (b) { return box[0] < b[2] && box[2] > b[0] && box[1] < b[3] && box[3] > b[1]; });
    };
    const order = set.ids.map(function (_, i) { return i; }).sort(function (a, b) { return (set.land[b] || 0) - (set.land[a] || 0); });
    order.forEach(function (i) {
      if (!set.centres[i]) return;
      const at = D.point(set.centres[i]);
      const p = map.latLngToLayerPoint(at);
      const text = D.name(set, i);
      const code = D.ranking(D.state.layer) ? look(set, i).key : "";
      const latin = D.latin(set, i);
      const half = Math.max(text.length, latin.length) * 3.7 + 6;
      const box = [p.x - half, p.y - 9, p.x + half, p.y + 9 + (latin ? 14 : 0) + (code && code !== "none" ? 15 : 0)];
      if (!free(box)) return;
      taken.push(box);
      const html = el("span", { text: text });
      if (latin) html.append(el("i", { text: latin }));
      if (code && code !== "none") html.append(el("b", { text: code }));
      nameLayer.addLayer(L.marker(at, { pane: "names", interactive: false, keyboard: false, icon: L.divIcon({ className: "zone-name", html: html, iconSize: null }) }));
    });
  }

  const MODE_LETTERS = { metro: "M", rail: "R", light_rail: "L", tram: "T" };
  D.modeName = function (mode) {
    return { metro: t("metro"), rail: t("rail"), light_rail: t("light rail"), tram: t("tram") }[mode] || mode;
  };
  function drawStations() {
    stationLayer.clearLayers();
    toggle(stationLayer, D.overlays.stations);
    if (!D.overlays.stations) return;
    D.data.stops.forEach(function (stop) {
      const name = [stop.name, D.modeName(stop.mode)].filter(Boolean).join(", ");
      const icon = L.divIcon({ className: "stop " + stop.mode, html: el("span", { text: MODE_LETTERS[stop.mode] || "•" }), iconSize: [18, 18] });
      stationLayer.addLayer(L.marker(D.point(stop.at), { icon: icon, keyboard: false, alt: name })
        .bindTooltip(el("div", {}, el("strong", { text: name })), { className: "tip", direction: "top", offset: [0, -8] }));
    });
  }
  function drawSites() {
    siteLayer.clearLayers();
    toggle(siteLayer, D.overlays.sites);
    if (!D.overlays.sites) return;
    const set = D.set(D.state.set);
    D.data.sites.forEach(function (site) {
      if (site.set !== D.state.set) return;
      if (D.solution(D.state.layer) && site.solution && site.solution !== D.state.layer) return;
      const kind = D.named("sites", site.kind);
      const icon = L.divIcon({ className: "site", html: el("span", { text: site.solution || "•" }), iconSize: [26, 26] });
      const box = el("div", {}, el("strong", { text: site.name || kind }), el("span", { text: kind }), el("span", { text: D.say(site.reason) }));
      const marker = L.marker(D.point(site.at), { icon: icon, keyboard: false, alt: site.name || kind });
      marker.bindTooltip(box, { className: "tip", direction: "top", offset: [0, -12] });
      const i = set.ids.indexOf(site.zone);
      if (i >= 0) marker.on("click", function () { D.choose([i]); });
      siteLayer.addLayer(marker);
    });
  }
  /* Of one solution the blocks of every zone; of the leading solutions those of the chosen zone. */
  function drawBlocks() {
    blockLayer.clearLayers();
    const set = D.set(D.state.set);
    toggle(blockLayer, D.data.page === "focus" && D.overlays.blocks);
    if (!map.hasLayer(blockLayer)) return;
    const ranked = D.ranking(D.state.layer);
    (ranked ? D.state.zones : Array.from(set.ids.keys())).forEach(function (i) {
      const shown = ranked ? D.leadersOf(set, i, D.state.layer)
        : D.focusOf(set, i).filter(function (f) { return f.solution === D.state.layer; });
      shown.forEach(function (area) {
        (area.blocks || []).forEach(function (k) {
          blockLayer.addLayer(L.polygon(D.rings(set.blocks[k]), { renderer: blockPaint, pane: "blocks", interactive: false,
            color: "#17202b", weight: 2.2, fillColor: "#17202b", fillOpacity: 0.12, hatch: "#ffffff" }));
        });
      });
    });
  }
  D.swatch = function (colour, hatch) {
    return el("i", { class: "swatch", "aria-hidden": "true", style: {
      background: hatch ? "repeating-linear-gradient(135deg," + colour + " 0 4px," + hatch + " 4px 6px)" : colour,
    } });
  };
})(window.districttype);
