// One plot with a heading: the curves that share a scale, such as loss and val_loss.
import uPlot from "uplot";
import { element, format } from "../shared/dom.js";
import { color as branchColor, GoBack } from "./goback.js";
import { Zoom } from "./zoom.js";

const HEIGHT = 230;
const DOTS = 40;

// The mean over a window around each point. A mean of the past alone would trail behind the curve. The first points
// have smaller windows, else the steep beginning of a curve would be levelled.
function smooth(values, factor) {
  const reach = Math.round(factor * Math.max(2, Math.min(40, values.length / 60)));
  const sums = new Float64Array(values.length + 1);
  const counts = new Uint32Array(values.length + 1);
  for (let i = 0; i < values.length; i++) {
    const good = Number.isFinite(values[i]);
    sums[i + 1] = sums[i] + (good ? values[i] : 0);
    counts[i + 1] = counts[i] + good;
  }
  const out = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const half = Math.min(reach, i);
    const [low, high] = [i - half, Math.min(i + half + 1, values.length)];
    out[i] = (sums[high] - sums[low]) / (counts[high] - counts[low]); // nothing by nothing is NaN, a gap
  }
  return out;
}

// One mark for one movement of the hand: changes of a knob that follow each other within a second.
function turns(events) {
  const marks = [];
  for (const event of events) {
    if (event.kind !== "knob") continue;
    const before = marks[marks.length - 1];
    if (before && before.data.name === event.data.name && event.seconds - before.seconds < 1) marks.pop();
    marks.push(event);
  }
  return marks;
}

const finite = (value) => (Number.isFinite(value) ? value : null);

export class Panel {
  constructor(base, store) {
    this.base = base;
    this.store = store;
    this.log = false;
    this.node = element("div", "dl-panel");
    this.node.dataset.name = base;
    const head = element("div", "dl-panel-head");
    head.append(element("span", "dl-panel-title", base));
    this.legend = element("span", "dl-legend");
    head.append(this.legend);
    this.scaleButton = element("button", "dl-scale", "log");
    this.scaleButton.title = "Logarithmic scale";
    this.scaleButton.setAttribute("aria-pressed", "false");
    this.scaleButton.onclick = () => this.toggleScale();
    this.wholeButton = element("button", "dl-scale dl-whole", "whole");
    this.wholeButton.title = "Show all steps again (double click, or the key 0)";
    this.wholeButton.onclick = () => this.store.see(null);
    this.wholeButton.hidden = true;
    head.append(this.wholeButton);
    if (base === "loss" || base === "lr") head.append(this.scaleButton);
    this.body = element("div", "dl-plot");
    this.node.append(head, this.body);
    this.plot = null;
    this.lines = []; // what is drawn: one entry a column of the plot's data
    this.zoom = new Zoom(this);
    this.back = new GoBack(this);
    this.resizer = new ResizeObserver(() => this.resize());
    this.resizer.observe(this.body);
  }

  // The curves there are, branch by branch: training faint and smoothed, then validation.
  drawn() {
    const found = [];
    const several = this.store.branches.length > 1;
    for (const [branch] of this.store.branches) {
      const tail = branch === 1 ? "" : `#${branch}`;
      const train = this.store.seen.curve(this.base + tail);
      const val = this.store.seen.curve(`val_${this.base}${tail}`);
      const name = several ? this.store.branchName(branch) : "";
      if (train) found.push({ kind: "train", branch, curve: train, label: name || "train" });
      if (val) found.push({ kind: "val", branch, curve: val, label: name ? `${name} validation` : "validation" });
    }
    let place = 2; // colours as those of branches
    for (const [label, curves] of this.store.beside) {
      for (const [kind, name] of [["beside", this.base], ["val", `val_${this.base}`]]) {
        const curve = curves.get(name);
        const text = kind === "val" ? `${label} validation` : label;
        if (curve) found.push({ kind, branch: place, curve, label: text, other: true });
      }
      place += 1;
    }
    return found;
  }

  data(curves) {
    const tables = [];
    this.lines = [];
    const factor = this.store.smoothing;
    for (const { kind, branch, curve, label } of curves) {
      const steps = curve.steps.subarray(0, curve.length);
      const values = curve.values.subarray(0, curve.length);
      const line = { kind, branch, curve, label, color: branchColor(branch, kind) };
      if (kind === "train") {
        this.lines.push({ ...line, kind: "faint", color: branch === 1 ? "--dl-train-faint" : line.color }, line);
        tables.push([steps, Array.from(values, finite), Array.from(smooth(values, factor), finite)]);
      } else if (kind === "beside") {
        this.lines.push(line);
        tables.push([steps, Array.from(smooth(values, factor), finite)]);
      } else {
        this.lines.push(line);
        tables.push([steps, Array.from(values, finite)]);
      }
    }
    return tables.length ? uPlot.join(tables) : null;
  }

  // How each column is drawn. Validation of later branches is dashed in the branch's colour.
  series(color) {
    return this.lines.map((line) => {
      if (line.kind === "faint") {
        const alpha = line.branch === 1 ? 1 : 0.3;
        return { stroke: color(line.color), alpha, width: 1, points: { show: false }, spanGaps: true };
      }
      if (line.kind === "train" || line.kind === "beside") return { stroke: color(line.color), width: 2, points: { show: false }, spanGaps: true };
      const show = () => line.curve.length <= DOTS; // few values are shown as dots, many would run together
      const dash = line.branch === 1 ? undefined : [6, 4];
      return { stroke: color(line.color), width: 2, dash, spanGaps: true, points: { show, size: 6, fill: color(line.color) } };
    });
  }

  options(width) {
    const color = (name) => () => getComputedStyle(this.node).getPropertyValue(name).trim() || "#888";
    const axis = {
      stroke: color("--dl-muted"),
      grid: { stroke: color("--dl-grid"), width: 1 },
      ticks: { stroke: color("--dl-grid"), width: 1, size: 4 },
      font: "11px system-ui, sans-serif",
    };
    return {
      width,
      height: HEIGHT,
      legend: { show: false },
      padding: [10, 14, 0, 0],
      cursor: this.zoom.cursor,
      scales: { x: { time: false }, y: this.log ? { distr: 3 } : { range: (u, low, high) => span(low, high) } },
      axes: [
        { ...axis, size: 30, values: (u, ticks) => ticks.map((t) => (Number.isInteger(t) ? compact(t) : "")) },
        { ...axis, size: 52, values: (u, ticks) => ticks.map((t) => (t === null ? "" : format(t))) },
      ],
      series: [{}, ...this.series(color)],
      hooks: { draw: [(u) => this.marks(u)], setCursor: [(u) => this.describe(u.cursor.idx)], setSelect: [(u) => this.zoom.chosen(u)] },
    };
  }

  // A dashed line where a knob was turned.
  marks(u) {
    const { ctx, bbox } = u;
    const style = getComputedStyle(this.node);
    this.back.draw(u, style);
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = style.getPropertyValue("--dl-muted").trim() || "#888";
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
    ctx.textAlign = "left";
    ctx.textBaseline = "alphabetic";
    ctx.font = `${10 * devicePixelRatio}px system-ui, sans-serif`;
    let free = -Infinity;
    for (const event of turns(this.store.events)) {
      const x = Math.round(u.valToPos(event.step, "x", true));
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      const text = `${event.data.name} ${format(event.data.value)}`;
      const width = ctx.measureText(text).width;
      const left = x + width + 6 > bbox.left + bbox.width ? x - width - 4 : x + 4;
      if (left > free) {
        ctx.fillText(text, left, bbox.top + 10 * devicePixelRatio);
        free = left + width + 6;
      }
    }
    ctx.restore();
  }

  update() {
    const begun = performance.now();
    const curves = this.drawn();
    const data = this.data(curves);
    if (!data || !data[0].length) return;
    const { range } = this.store.seen;
    // For whoever looks at the page from outside: from which step on, how many points of the kernel's, what is drawn.
    this.node.dataset.first = String(this.store.seen.curve(this.base)?.steps[0] ?? data[0][0]);
    this.node.dataset.points = String(this.store.curves.get(this.base)?.count ?? 0);
    this.node.dataset.branches = String(new Set(curves.filter((curve) => !curve.other).map((c) => c.branch)).size);
    this.node.dataset.drawn = String(data[0].length);
    this.wholeButton.hidden = !range;
    const shape = this.lines.map((line) => line.kind + line.branch).join();
    if (this.plot && shape !== this.shape) this.drop();
    if (!this.plot) {
      const width = this.body.clientWidth;
      if (!width) return; // not on the page yet; the size observer calls again
      this.shape = shape;
      this.plot = new uPlot(this.options(width), data);
      this.body.prepend(this.plot.root);
    } else {
      this.plot.setData(data, !range);
    }
    if (range) this.plot.setScale("x", { min: range[0], max: range[1] });
    this.describe(this.plot.cursor.idx);
    this.node.dataset.milliseconds = (performance.now() - begun).toFixed(2);
  }

  drop() {
    this.plot?.destroy();
    this.plot = null;
  }

  // The numbers under the pointer, or the newest ones.
  describe(index) {
    const parts = [];
    this.lines.forEach((line, place) => {
      if (line.kind === "faint") return;
      const values = this.plot?.data[place + 1] ?? [];
      const last = line.curve.last();
      let value = last;
      if (index !== null && index !== undefined) value = values[index] ?? null;
      else if (line.kind === "train" && last !== null && Number.isFinite(last)) value = lastOf(values) ?? last;
      if (last === null) return;
      const entry = element("span", "dl-legend-entry");
      const swatch = element("span", "dl-swatch");
      swatch.style.background = `var(${line.color})`;
      entry.append(swatch, element("span", "", line.label), element("b", "", format(value) || "–"));
      parts.push(entry);
    });
    this.legend.replaceChildren(...parts);
  }

  toggleScale() {
    this.log = !this.log;
    this.scaleButton.setAttribute("aria-pressed", String(this.log));
    this.drop();
    this.update();
  }

  resize() {
    const width = this.body.clientWidth;
    if (!width) return;
    if (!this.plot) this.update();
    else if (Math.abs(width - this.plot.width) > 1) this.plot.setSize({ width, height: HEIGHT });
  }

  repaint() {
    this.plot?.redraw(false, true);
  }

  close() {
    this.resizer.disconnect();
    this.plot?.destroy();
  }
}

function lastOf(values) {
  for (let i = values.length - 1; i >= 0; i--) if (values[i] !== null && values[i] !== undefined) return values[i];
  return null;
}

// A little air above and below; never an empty range.
function span(low, high) {
  if (low === null || high === null) return [0, 1];
  const room = (high - low || Math.abs(high) || 1) * 0.06;
  const floor = low - room;
  return [low >= 0 && floor < 0 ? 0 : floor, high + room];
}

function compact(value) {
  if (value >= 1e6) return `${value / 1e6}M`;
  return value >= 1e4 ? `${value / 1e3}k` : String(value);
}
