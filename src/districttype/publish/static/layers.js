/* What is drawn: the zones, the base under and over them, names, stations and single spaces. */
(function (D) {
  "use strict";
  const t = D.t;
  const el = D.el;
  const SVG = "http://www.w3.org/2000/svg";
  const drawn = {};
  let map, svg, canvas, nameLayer, siteLayer, stationLayer, blockLayer, blockPaint, outline;

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

  /* ---- drawing ------------------------------------------------------------------------ */
  function style(set, i, many) {
    const v = D.look(set, i);
    const off = D.state.label && D.state.label !== v.key;
    const colour = off ? D.DIM : v.colour;
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
    const many = D.isLarge(set);
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
    const told = D.told(set, i);
    box.append(el("span", { text: told[0] }));
    if (told[1]) box.append(el("em", { text: told[1] }));
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
    const named = D.overlays.names && set.names && !D.isLarge(set);
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
      const code = D.ranking(D.state.layer) ? D.look(set, i).key : "";
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
})(window.districttype);
