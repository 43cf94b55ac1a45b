// The network as rows with arcs beside them. Only the rows in view exist in the page, so five hundred layers cost what
// thirty do; folding decides what is in view at all, and an edge into a folded part ends at its row.
import { element } from "../shared/dom.js";

export const ROW = 26;
const INDENT = 15;
const LANE = 8;
const MOST_LANES = 14;
const SVG = "http://www.w3.org/2000/svg";

function drawn(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

export class Tree {
  constructor(choose) {
    this.choose = choose;
    this.rows = [];
    this.edges = [];
    this.closed = new Set();
    this.selected = -1;
    this.words = "";
    this.node = element("div", "dl-tree");
    this.node.tabIndex = 0;
    this.node.setAttribute("role", "tree");
    this.node.setAttribute("aria-label", "layers of the network");
    this.space = element("div", "dl-tree-space");
    this.arcs = drawn("svg", { class: "dl-arcs", "aria-hidden": "true" });
    this.space.append(this.arcs);
    this.node.append(this.space);
    this.node.addEventListener("scroll", () => this.paint());
    this.node.addEventListener("keydown", (event) => this.press(event));
    this.sight = new ResizeObserver(() => this.paint());
    this.sight.observe(this.node);
  }

  show(rows, edges, closed, wrong = []) {
    this.rows = rows;
    this.edges = edges;
    this.wrong = new Set(wrong.map(([from, to]) => `${from} ${to}`));
    this.closed = new Set(closed);
    this.inner = new Set(rows.map((row) => row.parent));
    if (this.selected < 0) this.selected = rows.findIndex((row) => row.kind === "network");
    this.arrange();
  }

  folds(place) {
    return this.inner.has(place);
  }

  opened(place) {
    return this.folds(place) && !this.closed.has(this.rows[place].path);
  }

  // Which rows are seen, and the lanes of the arcs between them.
  arrange() {
    const { rows } = this;
    this.seen = rows.map((row, place) => place);
    rows.forEach((row, place) => {
      const over = row.parent;
      if (over >= 0 && (this.seen[over] !== over || this.closed.has(rows[over].path))) this.seen[place] = this.seen[over];
    });
    this.shown = rows.map((_, place) => place).filter((place) => this.seen[place] === place);
    this.line = new Map(this.shown.map((place, line) => [place, line]));
    const leaves = this.shown.filter((place) => !this.opened(place)).map((place) => this.line.get(place));
    const after = new Map(leaves.map((line, number) => [line, leaves[number + 1]]));
    const links = new Map();
    for (const [a, b] of this.edges) {
      const [from, to] = [this.seen[a], this.seen[b]];
      const bad = this.wrong.has(`${a} ${b}`) || links.get(`${from} ${to}`)?.[2];
      if (from !== to) links.set(`${from} ${to}`, [this.line.get(from), this.line.get(to), bad]);
    }
    const lanes = [];
    this.links = [...links.values()]
      .sort((x, y) => Math.abs(x[1] - x[0]) - Math.abs(y[1] - y[0]))
      .map(([from, to, bad]) => {
        if (after.get(from) === to) return { from, to, bad, lane: -1 };
        const [low, high] = [Math.min(from, to), Math.max(from, to)];
        let lane = lanes.findIndex((taken) => taken.every(([a, b]) => high <= a || low >= b));
        if (lane < 0) lane = lanes.push([]) - 1;
        lanes[lane].push([low, high]);
        return { from, to, bad, lane: Math.min(lane, MOST_LANES) };
      });
    this.gutter = 18 + LANE * Math.min(lanes.length, MOST_LANES + 1);
    this.space.style.height = `${this.shown.length * ROW}px`;
    this.paint();
  }

  paint() {
    if (!this.shown) return;
    const first = Math.max(0, Math.floor(this.node.scrollTop / ROW) - 6);
    const last = Math.min(this.shown.length, Math.ceil((this.node.scrollTop + this.node.clientHeight) / ROW) + 6);
    this.space.querySelectorAll(".dl-row").forEach((row) => row.remove());
    for (let line = first; line < last; line++) this.space.append(this.rowAt(line));
    this.arcs.setAttribute("height", this.shown.length * ROW);
    this.arcs.setAttribute("width", this.gutter + 4);
    this.arcs.replaceChildren();
    for (const link of this.links) {
      if (Math.max(link.from, link.to) >= first && Math.min(link.from, link.to) <= last) this.arcs.append(this.arc(link));
    }
    for (let line = first; line < last; line++) {
      if (this.opened(this.shown[line])) continue;
      this.arcs.append(drawn("circle", { cx: this.gutter - 4, cy: line * ROW + ROW / 2, r: 3, class: "dl-dot" }));
    }
    this.node.setAttribute("aria-activedescendant", this.idOf(this.selected));
  }

  arc({ from, to, lane, bad }) {
    const x = this.gutter - 4;
    const [y1, y2] = [from * ROW + ROW / 2, to * ROW + ROW / 2];
    const chosen = [from, to].includes(this.line.get(this.selected)) ? " dl-chosen" : "";
    const kind = `${chosen}${bad ? " dl-bad" : ""}`;
    if (lane < 0) return drawn("path", { d: `M${x} ${y1}V${y2}`, class: `dl-flow${kind}` });
    const left = x - 6 - LANE * lane;
    const turn = y2 > y1 ? 5 : -5;
    const path = `M${x} ${y1}H${left + 5}Q${left} ${y1} ${left} ${y1 + turn}V${y2 - turn}Q${left} ${y2} ${left + 5} ${y2}H${x}`;
    return drawn("path", { d: path, class: `dl-arc${kind}` });
  }

  idOf(place) {
    return `dl-row-${this.uid ?? (this.uid = Math.random().toString(36).slice(2))}-${place}`;
  }

  rowAt(line) {
    const place = this.shown[line];
    const row = this.rows[place];
    const node = element("div", `dl-row dl-kind-${row.kind}`);
    node.id = this.idOf(place);
    node.dataset.path = row.path;
    node.style.top = `${line * ROW}px`;
    node.style.paddingLeft = `${this.gutter + 4 + INDENT * row.depth}px`;
    node.setAttribute("role", "treeitem");
    node.setAttribute("aria-level", row.depth + 1);
    node.setAttribute("aria-selected", place === this.selected);
    if (this.matches(row)) node.classList.add("dl-found");
    const fails = [...this.wrong].some((edge) => edge.endsWith(` ${place}`));
    if (fails) node.classList.add("dl-fails");
    const fold = element("span", "dl-fold", this.folds(place) ? (this.opened(place) ? "▾" : "▸") : "");
    if (this.folds(place)) node.setAttribute("aria-expanded", this.opened(place));
    fold.addEventListener("click", (event) => {
      event.stopPropagation();
      this.toggle(place);
    });
    const shape = row.shape === null ? "" : row.shape.join("×") || "one number";
    const label = element("span", "dl-label", row.label === row.name ? "" : row.label);
    label.title = row.label;
    const count = row.parameters === null ? "?" : row.parameters ? row.parameters.toLocaleString("en") : "";
    node.append(fold, element("span", "dl-row-name", row.name), label, element("span", "dl-shape", shape));
    node.append(element("span", "dl-count", fails ? "⚠ fails" : count));
    node.addEventListener("click", () => this.select(place));
    node.addEventListener("dblclick", () => this.toggle(place));
    return node;
  }

  toggle(place) {
    const { path } = this.rows[place];
    if (!this.folds(place)) return;
    if (!this.closed.delete(path)) this.closed.add(path);
    if (this.seen[this.selected] !== this.selected || this.closed.has(path)) this.arrange();
    this.arrange();
  }

  foldAll(fold) {
    this.closed = new Set(fold ? this.rows.filter((row, place) => row.depth && this.folds(place)).map((row) => row.path) : []);
    this.arrange();
    this.reveal(this.selected);
  }

  select(place) {
    this.selected = place;
    this.reveal(place);
    this.paint();
    this.choose(this.rows[place]);
  }

  // Open what a row lies in and scroll to it.
  reveal(place) {
    if (place < 0) return;
    let changed = false;
    for (let over = this.rows[place].parent; over >= 0; over = this.rows[over].parent) {
      changed = this.closed.delete(this.rows[over].path) || changed;
    }
    if (changed) this.arrange();
    const top = this.line.get(place) * ROW;
    if (top < this.node.scrollTop) this.node.scrollTop = top;
    else if (top + ROW > this.node.scrollTop + this.node.clientHeight) this.node.scrollTop = top + ROW - this.node.clientHeight;
  }

  matches(row) {
    return this.words !== "" && `${row.path} ${row.label}`.toLowerCase().includes(this.words);
  }

  // The next row that holds the words, from the chosen one on; returns how many there are.
  search(words, step) {
    this.words = words.trim().toLowerCase();
    const found = this.rows.map((_, place) => place).filter((place) => this.matches(this.rows[place]));
    if (found.length && step) {
      const next = found.find((place) => place > this.selected) ?? found[0];
      this.select(next);
    } else {
      if (found.length) this.reveal(found[0]);
      this.paint();
    }
    return found.length;
  }

  press(event) {
    const line = this.line.get(this.seen[this.selected]);
    const place = this.shown[line];
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12, Home: -1e9, End: 1e9 };
    if (event.key in moves) {
      this.select(this.shown[Math.max(0, Math.min(this.shown.length - 1, line + moves[event.key]))]);
    } else if (event.key === "ArrowRight" && this.folds(place)) {
      if (this.opened(place)) this.select(this.shown[line + 1]);
      else this.toggle(place);
    } else if (event.key === "ArrowLeft") {
      if (this.opened(place)) this.toggle(place);
      else if (this.rows[place].parent >= 0) this.select(this.rows[place].parent);
    } else if (event.key === "Enter" || event.key === " ") this.toggle(place);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  close() {
    this.sight.disconnect();
  }
}
