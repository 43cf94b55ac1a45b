// A part of the steps, seen larger: by pulling across a plot, or with the keys + - 0 and Shift with an arrow. All plots
// of a chart show the same part. Where the page holds a thinned curve, the kernel is asked for the points of that part.

const LEAST = 4; // pixels: a pointer that moved less was choosing a point
const AGAIN = 1000; // ms between two questions about a part that is still being written

export class Zoom {
  constructor(panel) {
    this.panel = panel;
    this.store = panel.store;
  }

  // What uPlot is to do with a pointer that is pulled across, and with a double click.
  get cursor() {
    const bind = { dblclick: () => () => this.store.see(null) };
    return { drag: { x: true, y: false, setScale: false }, points: { size: 6 }, bind };
  }

  chosen(u) {
    const { left, width } = u.select;
    if (width < LEAST) return;
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.store.see([u.posToVal(left, "x"), u.posToVal(left + width, "x")]);
  }

  // Whether a key was one of these.
  key(event) {
    const { plot } = this.panel;
    if (!plot || event.ctrlKey || event.metaKey || event.altKey) return false;
    const { min, max } = plot.scales.x;
    const [middle, half] = [(min + max) / 2, (max - min) / 2];
    const to = (low, high) => this.store.see([low, high]);
    if (event.key === "+" || event.key === "=") to(middle - half / 2, middle + half / 2);
    else if (event.key === "-") to(middle - 2 * half, middle + 2 * half);
    else if (event.key === "0") this.store.see(null);
    else if (event.shiftKey && event.key === "ArrowLeft") to(min - half / 2, max - half / 2);
    else if (event.shiftKey && event.key === "ArrowRight") to(min + half / 2, max + half / 2);
    else return false;
    return true;
  }
}

// The part that is seen, and the points of it that the kernel sent.
export class Seen {
  constructor(store) {
    this.store = store;
    this.range = null;
    this.detail = null; // {low, high, step, curves}
    this.asked = 0;
  }

  // Kept within what there is; a part that holds everything is none.
  set(range) {
    const [first, last] = this.store.ends;
    if (range) {
      const width = Math.max(2, Math.min(range[1] - range[0], last - first));
      const low = Math.max(first, Math.min(range[0], last - width));
      range = width >= last - first ? null : [low, low + width];
    }
    this.range = range;
    this.detail = null;
    this.asked = 0;
    this.ask();
  }

  // Ask for the points of a part that is held thinned, again while its end is still being written.
  ask() {
    const { range, detail, store } = this;
    if (!range || ![...store.curves.values()].some((curve) => curve.count > curve.length)) return;
    const whole = detail && (detail.step >= range[1] || detail.step >= store.status.step);
    if (whole || performance.now() - this.asked < AGAIN) return;
    this.asked = performance.now();
    store.send({ type: "detail", low: range[0], high: range[1] });
  }

  take(content, curves) {
    const same = this.range && Math.abs(content.low - this.range[0]) < 1e-6 && Math.abs(content.high - this.range[1]) < 1e-6;
    if (same) this.detail = { step: content.step, curves };
  }

  curve(name) {
    return this.detail?.curves.get(name) ?? this.store.curves.get(name);
  }
}
