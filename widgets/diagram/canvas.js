// The drawing: boxes that can be chosen with a click or the arrow keys, and arrows that are pulled from a box's foot.
import { element } from "../shared/dom.js";
import { layout } from "./layout.js";

const SVG = "http://www.w3.org/2000/svg";

function drawn(tag, attributes, text) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

function curve(points) {
  let path = `M${points[0][0]} ${points[0][1]}`;
  for (let at = 1; at < points.length; at++) {
    const [[x0, y0], [x1, y1]] = [points[at - 1], points[at]];
    const bend = Math.min(26, Math.abs(y1 - y0) / 2);
    path += x0 === x1 ? `L${x1} ${y1}` : `C${x0} ${y0 + bend} ${x1} ${y1 - bend} ${x1} ${y1}`;
  }
  return path;
}

function cut(text, most) {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

export class Canvas {
  constructor({ choose, connect, remove }) {
    this.choose = choose;
    this.connect = connect;
    this.remove = remove;
    this.uid = Math.random().toString(36).slice(2);
    this.selected = 0;
    this.node = element("div", "dl-canvas");
    this.node.tabIndex = 0;
    this.node.setAttribute("role", "listbox");
    this.node.setAttribute("aria-label", "lines of the network");
    this.svg = drawn("svg", {});
    this.node.append(this.svg);
    this.node.addEventListener("keydown", (event) => this.press(event));
    this.node.addEventListener("pointermove", (event) => this.pull(event));
    this.node.addEventListener("pointerup", (event) => this.drop(event));
  }

  show(rows, selected) {
    this.rows = rows;
    this.found = layout(rows);
    this.selected = rows.some((row) => row.line === selected) ? selected : rows[0]?.line ?? 0;
    this.paint();
    this.reveal();
  }

  paint() {
    const { boxes, wires, width, height } = this.found;
    this.svg.setAttribute("width", width);
    this.svg.setAttribute("height", height);
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const head = (id, kind) => {
      const marker = drawn("marker", { id: `${id}-${this.uid}`, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 8, markerHeight: 8, orient: "auto", markerUnits: "userSpaceOnUse" });
      marker.append(drawn("path", { d: "M0 0L8 4L0 8z", class: kind }));
      return marker;
    };
    const defs = drawn("defs", {});
    defs.append(head("head", "dl-head"), head("wrong", "dl-head dl-bad"));
    const frames = [...boxes.values()].filter((box) => box.row.kind === "repeat").map((box) => this.box(box));
    const leaves = [...boxes.values()].filter((box) => box.row.kind !== "repeat").map((box) => this.box(box));
    this.svg.replaceChildren(defs, ...frames, ...wires.flatMap((wire) => this.wire(wire)), ...leaves);
    this.node.setAttribute("aria-activedescendant", this.idOf(this.selected));
  }

  idOf(line) {
    return `dl-box-${this.uid}-${line}`;
  }

  wire({ points, shape, bad, from, to }) {
    const path = drawn("path", {
      d: curve(points),
      class: bad ? "dl-wire dl-bad" : "dl-wire",
      "marker-end": `url(#${bad ? "wrong" : "head"}-${this.uid})`,
      "data-from": from,
      "data-to": to,
    });
    const parts = [path];
    const [x, y] = points[points.length - 1];
    const [x0, y0] = points[points.length - 2];
    if (shape) parts.push(drawn("text", { x: (x + x0) / 2 + 5, y: (y + y0) / 2 + 4, class: bad ? "dl-wire-text dl-bad" : "dl-wire-text" }, shape));
    return parts;
  }

  box({ row, x, y, w, h }) {
    const chosen = row.line === this.selected;
    const group = drawn("g", {
      class: `dl-box dl-kind-${row.kind}${row.error ? " dl-bad" : ""}${chosen ? " dl-chosen" : ""}`,
      id: this.idOf(row.line),
      role: "option",
      "aria-selected": chosen,
      "aria-label": this.said(row),
      "data-line": row.line,
      transform: `translate(${x} ${y})`,
    });
    const round = row.kind === "input" || row.kind === "entry" ? 22 : row.kind === "join" ? 12 : 4;
    group.append(drawn("rect", { width: w, height: h, rx: round, class: "dl-frame" }));
    const title = row.kind === "repeat" ? row.text.replace(/:$/, " times") : row.text;
    group.append(drawn("text", { x: row.kind === "repeat" ? 12 : w / 2, y: 18, class: "dl-line", "text-anchor": row.kind === "repeat" ? "start" : "middle" }, cut(title, Math.floor((w - 12) / 7.1))));
    if (row.kind !== "repeat") {
      const count = row.parameters ? `${row.parameters.toLocaleString("en")} parameters` : "";
      const facts = [row.kind === "entry" ? "" : row.name, count].filter(Boolean).join("  ");
      group.append(drawn("text", { x: w / 2, y: 35, class: "dl-facts", "text-anchor": "middle" }, cut(facts, Math.floor((w - 8) / 5.8))));
    }
    if (row.error) group.append(drawn("text", { x: w - 8, y: 16, class: "dl-sign", "text-anchor": "end" }, "⚠"));
    const port = drawn("circle", { cx: w / 2, cy: h, r: 5, class: "dl-port" });
    port.append(drawn("title", {}, "pull to another box to connect"));
    port.addEventListener("pointerdown", (event) => this.begin(event, row.line));
    group.append(port);
    group.addEventListener("click", (event) => {
      event.stopPropagation();
      this.select(row.line);
    });
    return group;
  }

  said(row) {
    const parts = [row.name && row.name !== row.text ? `${row.name}: ${row.text}` : row.text];
    if (row.shape) parts.push(`makes ${row.shape}`);
    if (row.parameters) parts.push(`${row.parameters} parameters`);
    const names = row.sources.map(([line]) => this.rows.find((other) => other.line === line)?.name).filter(Boolean);
    if (names.length) parts.push(`takes ${names.join(" and ")}`);
    if (row.error) parts.push(`mistake: ${row.error}`);
    return parts.join(", ");
  }

  select(line) {
    this.mark(this.selected, false);
    this.selected = line;
    this.mark(line, true);
    this.node.setAttribute("aria-activedescendant", this.idOf(line));
    this.reveal();
    this.choose(line);
  }

  mark(line, chosen) {
    const box = this.svg.getElementById(this.idOf(line));
    box?.classList.toggle("dl-chosen", chosen);
    box?.setAttribute("aria-selected", chosen);
  }

  reveal() {
    const box = this.found.boxes.get(this.selected);
    if (!box) return;
    const { node } = this;
    if (box.y < node.scrollTop) node.scrollTop = box.y - 16;
    else if (box.y + box.h > node.scrollTop + node.clientHeight && box.h < node.clientHeight) node.scrollTop = box.y + box.h - node.clientHeight + 16;
    if (box.x < node.scrollLeft) node.scrollLeft = box.x - 16;
    else if (box.x + box.w > node.scrollLeft + node.clientWidth) node.scrollLeft = box.x + box.w - node.clientWidth + 16;
  }

  press(event) {
    const at = this.rows.findIndex((row) => row.line === this.selected);
    const moves = { ArrowDown: 1, ArrowUp: -1, ArrowRight: 1, ArrowLeft: -1, PageDown: 10, PageUp: -10, Home: -1e9, End: 1e9 };
    if (event.key in moves && !event.ctrlKey && !event.metaKey) {
      this.select(this.rows[Math.max(0, Math.min(this.rows.length - 1, at + moves[event.key]))].line);
    } else if (event.key === "Delete" || event.key === "Backspace") this.remove(this.selected);
    else if (event.key === "Enter") this.choose(this.selected, "line");
    else if (event.key.toLowerCase() === "r" && !event.ctrlKey && !event.metaKey) this.choose(this.selected, "turns");
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // Pulling an arrow: from the foot of a box to the box that shall take its value.
  begin(event, line) {
    event.stopPropagation();
    event.preventDefault();
    const box = this.found.boxes.get(line);
    this.pulled = { line, start: [box.x + box.w / 2, box.y + box.h], path: drawn("path", { class: "dl-pulled" }) };
    this.svg.append(this.pulled.path);
    this.node.setPointerCapture?.(event.pointerId);
  }

  point(event) {
    const corner = this.svg.getBoundingClientRect();
    return [event.clientX - corner.left, event.clientY - corner.top];
  }

  pull(event) {
    if (!this.pulled) return;
    const [x, y] = this.point(event);
    this.pulled.path.setAttribute("d", `M${this.pulled.start.join(" ")}L${x} ${y}`);
  }

  drop(event) {
    if (!this.pulled) return;
    const { line, path } = this.pulled;
    this.pulled = null;
    path.remove();
    const [x, y] = this.point(event);
    const inside = [...this.found.boxes.values()].filter((box) => x >= box.x && x <= box.x + box.w && y >= box.y && y <= box.y + box.h);
    const target = inside.find((box) => box.row.kind !== "repeat") ?? inside.at(-1);
    if (target && target.row.line !== line) this.connect(line, target.row.line);
  }
}
