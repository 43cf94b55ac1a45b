import { picture } from "./picture.js";
import { Seen } from "./zoom.js";

// What the page knows of a run. The kernel owns the history; this is a copy that is asked for again
// whenever it turns out to have a gap, so a message that was lost costs nothing but a moment.

// Beyond this many points a curve is asked for again, thinned: the page's memory and its work stay bounded.
const ROOM = 24000;

class Curve {
  constructor() {
    this.steps = new Float64Array(1024);
    this.values = new Float64Array(1024);
    this.length = 0; // points held here
    this.count = 0; // points of the kernel's series that they stand for
  }

  append(steps, values, from) {
    const more = steps.length - from;
    if (this.length + more > this.steps.length) {
      const size = 2 * (this.length + more);
      this.steps = grown(this.steps, size);
      this.values = grown(this.values, size);
    }
    this.steps.set(steps.subarray(from), this.length);
    this.values.set(values.subarray(from), this.length);
    this.length += more;
    this.count += more;
  }

  last() {
    return this.length ? this.values[this.length - 1] : null;
  }
}

function grown(array, size) {
  const larger = new Float64Array(size);
  larger.set(array);
  return larger;
}

// The steps and values of each part of a message; they lie one after the other in its only buffer.
function columns(series, [view]) {
  if (!view) return [];
  // A DataView may start anywhere; typed arrays must not.
  const all = new Float64Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
  let at = 0;
  const next = (points) => all.subarray(at, (at += points));
  return series.map((part) => [part, next(part.points), next(part.points)]);
}

export class Store {
  constructor(model) {
    this.model = model;
    this.curves = new Map();
    this.events = [];
    this.status = null;
    this.snapshots = []; // [step, branch, pinned], the points to which the run can go back
    this.seen = new Seen(this);
    this.smoothing = 1; // how wide the mean is that is drawn of a curve; 0 for the points themselves
    this.beside = new Map(); // other runs, drawn beside this one: name -> curves
    this.stays = false; // whether the chart of a run that has ended is to stay live
    this.asked = false;
    this.roots = new Set(); // the places on the page where the chart is shown
    this.modelId = null; // the page's own copy of the model does not tell
    this.watchers = new Set();
    this.scheduled = false;
    this.receive = (content, buffers) => this.take(content, buffers);
    model.on("msg:custom", this.receive);
    this.ask();
  }

  // The first message of a page may wait behind a busy cell, while later ones go through a side entrance that
  // JupyterLab is only then opening; so the question is repeated, less and less often.
  ask(pause = 250) {
    if (pause === 250 && this.asked) return;
    this.asked = true;
    this.send({ type: "hello" });
    clearTimeout(this.again);
    if (pause < 60000) this.again = setTimeout(() => this.asked && this.ask(3 * pause), pause);
  }

  send(content) {
    this.model.send(content);
  }

  take(content, buffers) {
    if (content.type === "detail" || content.type === "beside") return this.more(content, buffers);
    if (content.type === "history") {
      this.asked = false;
      this.modelId = content.model_id;
      this.stays = content.stays;
      this.curves.clear();
      this.events = [];
    } else if (content.type !== "update") {
      return;
    } else if (!this.status && !content.status.state) {
      return; // only what has changed, before anything is known
    }
    this.status = { ...this.status, ...content.status };
    this.snapshots = this.status.snapshots ?? [];
    if (content.first_event <= this.events.length) {
      this.events.length = content.first_event;
      this.events.push(...content.events);
    } else {
      this.ask();
    }
    columns(content.series, buffers).forEach((part) => this.extend(...part));
    this.seen.ask();
    this.changed();
  }

  // Points of a part that is seen larger, or the curves of another run.
  more(content, buffers) {
    const curves = new Map();
    for (const [part, steps, values] of columns(content.series, buffers)) {
      const curve = new Curve();
      curve.append(steps, values, 0);
      curves.set(part.name, curve);
    }
    if (content.type === "beside") this.beside.set(content.label, curves);
    else this.seen.take(content, curves);
    this.changed();
  }

  see(range) {
    this.seen.set(range);
    this.changed();
  }

  // The first and the last step of all that is drawn.
  get ends() {
    const all = [this.curves, ...this.beside.values()].flatMap((curves) => [...curves.values()]).filter((c) => c.length);
    return [Math.min(...all.map((c) => c.steps[0])), Math.max(...all.map((c) => c.steps[c.length - 1]))];
  }

  extend(part, steps, values) {
    let curve = this.curves.get(part.name);
    if (!curve) this.curves.set(part.name, (curve = new Curve()));
    const known = curve.count - part.start;
    if (known < 0) return this.ask();
    if (known >= part.count) return;
    curve.append(steps, values, Math.min(known, steps.length));
    curve.count = part.start + part.count;
    if (curve.length > ROOM) this.ask();
  }

  watch(callback) {
    this.watchers.add(callback);
    if (this.status) callback();
    return () => this.watchers.delete(callback);
  }

  // However many messages come, a frame is drawn once.
  changed() {
    if (this.scheduled || !this.status) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      this.watchers.forEach((callback) => callback());
    });
  }

  // [number, name, parent, step] of each line of the run.
  get branches() {
    return this.status?.branches ?? [[1, "main", null, 0]];
  }

  branchName(number) {
    return this.branches.find((branch) => branch[0] === number)?.[1].split(",")[0] ?? `branch ${number}`;
  }

  get ended() {
    return ["stopped", "finished", "failed"].includes(this.status?.state);
  }

  drawn() {
    return picture(this);
  }

  close() {
    clearTimeout(this.again);
    this.model.off("msg:custom", this.receive);
    this.watchers.clear();
  }
}
