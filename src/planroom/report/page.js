"use strict";
(() => {
  const SHOWN = 60; // buttons in a trail's step; the rest is counted
  const index = JSON.parse(document.getElementById("index").textContent);
  const trail = document.getElementById("trail");
  const rows = new Map([...document.querySelectorAll("tr[data-q]")].map((row) => [Number(row.dataset.q), row]));
  const sheets = [...document.querySelectorAll(".sheet")].map(openSheet);
  let marked = [];

  // -- one sheet: its view, its shapes, its lines --------------------------------------------------------------

  function openSheet(section) {
    const svg = section.querySelector(".drawing > svg");
    const full = svg.getAttribute("viewBox").split(" ").map(Number);
    const sheet = { section, svg, full, view: full, data: null, shapes: null };
    for (const button of section.querySelectorAll(".toggle"))
      button.addEventListener("click", () => {
        const hidden = svg.classList.toggle("no-" + button.dataset.kind);
        button.setAttribute("aria-pressed", String(!hidden));
      });
    for (const button of section.querySelectorAll("[data-zoom]"))
      button.addEventListener("click", () => {
        const step = { in: 0.7, out: 1 / 0.7 }[button.dataset.zoom];
        if (step) zoom(sheet, step, centre(sheet.view)); else show(sheet, full);
      });
    svg.addEventListener("wheel", (event) => {
      if (event.deltaY > 0 && sheet.view[2] >= full[2]) return; // already whole: let the page scroll
      event.preventDefault();
      zoom(sheet, Math.exp(event.deltaY * 0.0015), pointAt(svg, event));
    }, { passive: false });
    svg.addEventListener("dblclick", () => show(sheet, full));
    letDrag(sheet);
    return sheet;
  }

  // Lines and names are read only once they are asked for: a set holds many sheets.
  function dataOf(sheet) {
    return (sheet.data ??= JSON.parse(sheet.section.querySelector(".data").textContent));
  }

  function shapesOf(sheet) {
    sheet.shapes ??= new Map([...sheet.svg.querySelectorAll("[data-e]")].map((shape) => [Number(shape.dataset.e), shape]));
    return sheet.shapes;
  }

  function show(sheet, view) {
    sheet.view = view;
    sheet.svg.setAttribute("viewBox", view.map((value) => value.toFixed(2)).join(" "));
  }

  function zoom(sheet, factor, [x, y]) {
    const [x0, y0, width, height] = sheet.view;
    const step = Math.min(1, Math.max(sheet.full[2] / 60, width * factor) / sheet.full[2]) * sheet.full[2] / width;
    show(sheet, within(sheet, [x - (x - x0) * step, y - (y - y0) * step, width * step, height * step]));
  }

  function within({ full }, [x, y, width, height]) {
    const keep = (at, size, whole) => Math.min(Math.max(at, 0), Math.max(0, whole - size));
    return [keep(x, width, full[2]), keep(y, height, full[3]), width, height];
  }

  const centre = ([x, y, width, height]) => [x + width / 2, y + height / 2];

  function pointAt(svg, event) {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    return [point.x, point.y];
  }

  function letDrag(sheet) {
    const { svg } = sheet;
    let from = null, moved = false;
    svg.addEventListener("pointerdown", (event) => { if (event.button === 0) { from = pointAt(svg, event); moved = false; } });
    svg.addEventListener("pointermove", (event) => {
      if (!from || !(event.buttons & 1)) return;
      const [x, y] = pointAt(svg, event);
      const perPixel = 1 / svg.getScreenCTM().a;
      if (!moved && Math.hypot(x - from[0], y - from[1]) < 4 * perPixel) return;
      if (!moved) svg.setPointerCapture(event.pointerId);
      moved = true;
      svg.classList.add("dragging");
      const [x0, y0, width, height] = sheet.view;
      show(sheet, within(sheet, [x0 - (x - from[0]), y0 - (y - from[1]), width, height]));
    });
    for (const end of ["pointerup", "pointercancel"])
      svg.addEventListener(end, () => { from = null; svg.classList.remove("dragging"); });
    svg.addEventListener("click", (event) => {
      const shape = event.target.closest("[data-e]");
      if (!moved && shape) pickElement([sheets.indexOf(sheet), Number(shape.dataset.e)]);
    });
  }

  // -- marking -------------------------------------------------------------------------------------------------

  function mark(node, name) {
    if (!node) return;
    node.classList.add(name);
    node.querySelector(".pick")?.setAttribute("aria-pressed", "true");
    marked.push([node, name]);
  }

  function clear() {
    for (const [node, name] of marked) {
      node.classList.remove(name);
      node.querySelector(".pick")?.setAttribute("aria-pressed", "false");
    }
    marked = [];
    for (const { svg } of sheets) for (const path of svg.querySelectorAll(".halo, .lines")) path.removeAttribute("d");
    trail.hidden = true;
    document.body.classList.remove("trailing");
  }

  function markElements(elements) {
    for (const [s, own] of bySheet(elements)) {
      const sheet = sheets[s], shapes = shapesOf(sheet), { lines } = dataOf(sheet);
      mark(sheet.svg, "picked");
      let path = "";
      for (const [, e] of own) {
        mark(shapes.get(e), "on");
        const flat = lines[e];
        for (let i = 0; i < flat.length; i += 4) path += `M${flat[i]} ${flat[i + 1]}L${flat[i + 2]} ${flat[i + 3]}`;
      }
      for (const node of sheet.svg.querySelectorAll(".halo, .lines")) node.setAttribute("d", path);
    }
  }

  function bySheet(elements) {
    const groups = new Map();
    for (const element of elements) {
      if (!groups.has(element[0])) groups.set(element[0], []);
      groups.get(element[0]).push(element);
    }
    return groups;
  }

  // The part of the sheet that holds what is marked, with room around it; the whole sheet where that is most of it.
  function goTo(s, nodes) {
    const sheet = sheets[s];
    sheet.section.querySelector(".work").scrollIntoView({ block: "nearest" });
    const boxes = nodes.filter(Boolean).map((node) => node.getBBox());
    if (!boxes.length) return;
    const x0 = Math.min(...boxes.map((b) => b.x)), x1 = Math.max(...boxes.map((b) => b.x + b.width));
    const y0 = Math.min(...boxes.map((b) => b.y)), y1 = Math.max(...boxes.map((b) => b.y + b.height));
    const [, , width, height] = sheet.full;
    const part = Math.max((x1 - x0) / width, (y1 - y0) / height, 0.12) * 2.2;
    if (part >= 1) return show(sheet, sheet.full);
    const size = [width * part, height * part];
    show(sheet, within(sheet, [(x0 + x1) / 2 - size[0] / 2, (y0 + y1) / 2 - size[1] / 2, ...size]));
  }

  // -- picking: a total leads to quantities, a quantity to elements, an element back up --------------------------

  function elementsOf(q, seen = new Set()) {
    if (seen.has(q)) return [];
    seen.add(q);
    const { elements, quantities } = index.quantities[q];
    return [...elements, ...quantities.flatMap((child) => elementsOf(child, seen))];
  }

  function pickQuantity(q) {
    const quantity = index.quantities[q], elements = elementsOf(q);
    clear();
    mark(rows.get(q), "on");
    for (const child of quantity.quantities) mark(rows.get(child), "with");
    for (const parent of parentsOf(q)) mark(rows.get(parent), "with");
    markElements(elements);
    const s = rows.get(q)?.closest(".sheet")?.dataset.s;
    if (s !== undefined) {
      goTo(Number(s), elements.filter(([at]) => at === Number(s)).map(([, e]) => shapesOf(sheets[s]).get(e)));
      reveal(rows.get(q));
    }
    history.replaceState(null, "", "#q-" + encodeURIComponent(quantity.id));
    openTrail(`${quantity.name}: ${quantity.number}`, [
      ["part of", parentsOf(q), quantityButton],
      ["adds up", quantity.quantities, quantityButton],
      ["rests on", quantity.elements, elementButton],
    ]);
  }

  function pickElement([s, e]) {
    const sheet = sheets[s], data = dataOf(sheet);
    const direct = index.quantities.flatMap(({ elements }, q) => (elements.some(([a, b]) => a === s && b === e) ? [q] : []));
    clear();
    for (const q of direct) mark(rows.get(q), "on");
    for (const q of direct) for (const parent of parentsOf(q)) mark(rows.get(parent), "with");
    markElements([[s, e]]);
    if (direct.length) reveal(rows.get(direct[0]));
    openTrail(data.names[e], [
      ["counts in", direct, quantityButton],
      ["read from", [...data.sources[e], `${data.lines[e].length / 4} lines`], (text) => made("span", text)],
    ]);
  }

  function pickFinding(f, button) {
    const finding = index.findings[f];
    clear();
    mark(button.closest("tr"), "on");
    markElements(finding.elements);
    if (finding.sheet >= 0) {
      const box = sheets[finding.sheet].svg.querySelector(`.finding[data-f="${f}"]`);
      mark(box, "on");
      goTo(finding.sheet, [box, ...finding.elements.map(([s, e]) => shapesOf(sheets[s]).get(e))]);
    }
    openTrail(finding.name, [["concerns", finding.elements, elementButton]]);
  }

  const parentsOf = (q) => index.quantities.flatMap(({ quantities }, parent) => (quantities.includes(q) ? [parent] : []));

  function reveal(row) {
    const list = row?.closest(".list");
    if (!list) return;
    const gap = row.getBoundingClientRect().top - list.getBoundingClientRect().top;
    if (gap < 30 || gap > list.clientHeight - 40) list.scrollTop += gap - list.clientHeight / 3;
  }

  // -- the trail -------------------------------------------------------------------------------------------------

  function quantityButton(q) {
    const { name, number, sheet } = index.quantities[q];
    return made("button", [sheet, name, number].filter(Boolean).join(" · "), () => pickQuantity(q));
  }

  function elementButton([s, e]) {
    return made("button", dataOf(sheets[s]).names[e], () => {
      pickElement([s, e]);
      goTo(s, [shapesOf(sheets[s]).get(e)]);
    });
  }

  function made(tag, text, onClick) {
    const node = document.createElement(tag);
    node.textContent = text;
    if (onClick) { node.type = "button"; node.addEventListener("click", onClick); }
    return node;
  }

  function openTrail(title, steps) {
    const close = made("button", "Close", clear);
    close.className = "close";
    trail.replaceChildren(close, made("strong", title));
    for (const [name, items, makeNode] of steps) {
      if (!items.length) continue;
      const line = document.createElement("p"), word = made("span", name);
      word.className = "step";
      line.append(word, ...items.slice(0, SHOWN).map(makeNode));
      if (items.length > SHOWN) line.append(made("span", `and ${items.length - SHOWN} more`));
      trail.append(line);
    }
    trail.hidden = false;
    document.body.classList.add("trailing");
  }

  // -- the page --------------------------------------------------------------------------------------------------

  document.querySelector("main").addEventListener("click", (event) => {
    const finding = event.target.closest("button[data-f]");
    if (finding) return pickFinding(Number(finding.dataset.f), finding);
    const row = event.target.closest("tr[data-q]");
    if (row && !getSelection().toString()) pickQuantity(Number(row.dataset.q));
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") clear(); });

  function follow() {
    const hash = location.hash;
    if (!hash.startsWith("#q-")) return;
    const id = decodeURIComponent(hash.slice(3));
    const q = index.quantities.findIndex((quantity) => quantity.id === id);
    if (q < 0) return;
    pickQuantity(q);
    if (!rows.get(q)?.closest(".sheet")) rows.get(q)?.scrollIntoView({ block: "center" });
  }
  addEventListener("hashchange", follow);
  follow();
})();
