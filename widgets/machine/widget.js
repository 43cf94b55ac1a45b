// The monitor: one reading a second while it can be seen, none otherwise.
import { element, format } from "../shared/dom.js";
import { Keeper } from "../shared/keeper.js";
import { keepKeys } from "../shared/keys.js";
import { followTheme } from "../shared/theme.js";
import { drawn, Plot, standing } from "../tuner/plot.js";

const PERIOD = 1000;
const KEPT = 120;
const GIBIBYTE = 2 ** 30;
const MEBIBYTE = 2 ** 20;

class Store {
  constructor(model) {
    this.model = model;
    this.readings = [];
    this.arena = null;
    this.modelId = null;
    this.ended = false; // a monitor has no end of its own
    this.stays = true;
    this.roots = new Set();
    this.watchers = new Set();
    this.receive = (content) => this.take(content);
    model.on("msg:custom", this.receive);
    this.ask(250);
    this.timer = setInterval(() => this.read(), PERIOD);
  }

  ask(pause) {
    if (this.modelId) return;
    this.send({ type: "hello" });
    if (pause < 60000) this.again = setTimeout(() => this.ask(3 * pause), pause);
  }

  send(content) {
    this.model.send(content);
  }

  // Only for somebody who looks: the page is in front, and a view is on the screen.
  read() {
    const seen = [...this.roots].some((root) => root.isConnected && root.dataset.sight === "true");
    if (this.modelId && seen && document.visibilityState === "visible") this.send({ type: "read" });
  }

  take(content) {
    if (content.type === "machine") {
      this.modelId = content.model_id;
      this.arena = content.arena;
      this.readings = content.readings;
    } else if (content.type === "reading") {
      this.readings.push(content);
      this.readings.splice(0, this.readings.length - KEPT);
    } else return;
    this.watchers.forEach((callback) => callback());
  }

  watch(callback) {
    this.watchers.add(callback);
    if (this.modelId) callback();
    return () => this.watchers.delete(callback);
  }

  drawn() {
    const root = [...this.roots].find((view) => view.isConnected);
    if (!root || !this.readings.length) return null;
    const text = "the machine, until the kernel ended";
    return { data: { "image/svg+xml": standing(root, text), "text/plain": text }, metadata: {} };
  }

  close() {
    clearInterval(this.timer);
    clearTimeout(this.again);
    this.model.off("msg:custom", this.receive);
  }
}

// One plot of two lines over the last two minutes; `curves` gives [name, value of a reading, class] for each.
class Lines {
  constructor(name, title, top, curves) {
    this.plot = new Plot(title, 300, 150, name);
    this.plot.box.left = 42;
    this.plot.follow(() => this.readings && this.update(this.readings));
    [this.top, this.curves] = [top, curves];
    this.node = this.plot.node;
    this.legend = element("div", "dl-legend");
    this.node.append(this.legend);
  }

  update(readings) {
    const { plot } = this;
    this.readings = readings;
    plot.clear();
    const now = readings[readings.length - 1];
    const values = this.curves.map(([, value]) => readings.map(value));
    const most = this.top(now) ?? Math.max(1, ...values.flat().filter((value) => value !== null));
    plot.scale([Math.min(-10, readings[0].seconds - now.seconds), 0], [0, most]);
    plot.axes("seconds");
    this.curves.forEach(([, , look], index) => {
      const points = readings
        .map((reading, place) => [reading.seconds - now.seconds, values[index][place]])
        .filter(([, value]) => value !== null)
        .map(([x, y]) => plot.at(x, y));
      if (points.length > 1) plot.line(points, look);
    });
    this.legend.replaceChildren(
      ...this.curves.map(([name, value, look]) => {
        const entry = element("span", `dl-entry ${look}`, `${name} `);
        const last = value(now);
        entry.append(element("b", "", last === null ? "–" : format(Number(last.toPrecision(3)))));
        return entry;
      }),
    );
  }
}

const share = (value) => (value === null ? null : 100 * value);
const part = (value, unit) => (value === null ? null : value / unit);

function views(gpus) {
  const found = [
    new Lines("processors", "processors, %", () => 100, [
      ["machine", (r) => share(r.machine), "dl-whole"],
      ["this process", (r) => part(share(r.process), r.cores), "dl-own"],
    ]),
    new Lines("memory", "memory, GiB", (r) => part(r.total, GIBIBYTE), [
      ["machine", (r) => part(r.used, GIBIBYTE), "dl-whole"],
      ["this process", (r) => part(r.resident, GIBIBYTE), "dl-own"],
    ]),
    new Lines("arrays", "arrays, MiB", () => null, [
      ["with the pool", (r) => (r.allocated + r.cached) / MEBIBYTE, "dl-whole"],
      ["in use", (r) => r.allocated / MEBIBYTE, "dl-own"],
    ]),
  ];
  gpus.forEach((gpu, index) => {
    const of = (r) => r.gpus[index];
    found.push(
      new Lines(`gpu${index}`, `${gpu.name}, %`, () => 100, [
        ["memory", (r) => (100 * of(r).used) / of(r).total, "dl-whole"],
        ["busy", (r) => share(of(r).busy), "dl-own"],
      ]),
    );
  });
  return found;
}

// Bars for the layers whose values take most of the memory that a compiled network shares.
function bars({ name, bytes, layers }) {
  const rows = [...layers].sort((one, other) => other[1] - one[1]).slice(0, 14);
  const plot = new Plot(`${name}: arena by layer (${format(bytes / MEBIBYTE)} MiB shared)`, 300, 20 + 16 * rows.length, "arena");
  const most = Math.max(...rows.map(([, size]) => size), 1);
  const draw = () => {
    plot.clear();
    rows.forEach(([path, size], index) => {
      const [y, wide] = [8 + 16 * index, ((plot.width - 170) * size) / most];
      plot.svg.append(drawn("text", { x: 86, y: y + 9, class: "dl-tick", "text-anchor": "end" }, path || "itself"));
      plot.svg.append(drawn("rect", { x: 92, y, width: wide, height: 11, class: "dl-rect" }));
      plot.svg.append(drawn("text", { x: 96 + wide, y: y + 9, class: "dl-tick" }, `${format(size / MEBIBYTE)} MiB`));
    });
  };
  draw();
  plot.follow(draw);
  return plot.node;
}

function render(store, el) {
  const root = element("div", "dl-machine dl-card");
  keepKeys(root, store.model);
  const unwatchTheme = followTheme(root);
  el.append(root);
  store.roots.add(root);
  const sight = new IntersectionObserver(([entry]) => (root.dataset.sight = String(entry.isIntersecting)));
  sight.observe(root);
  let plots = null;
  const unwatch = store.watch(() => {
    if (!plots) {
      plots = views(store.readings[0].gpus);
      root.append(...plots.map((plot) => plot.node));
      if (store.arena?.layers.length) root.append(bars(store.arena));
    }
    root.dataset.readings = String(store.readings.length);
    plots.forEach((plot) => plot.update(store.readings));
  });
  return () => {
    store.roots.delete(root);
    unwatchTheme();
    sight.disconnect();
    unwatch();
  };
}

export default function () {
  let store = null;
  return {
    initialize({ model }) {
      store = new Store(model);
      const keeper = new Keeper(model, store);
      return () => {
        keeper.close();
        store.close();
      };
    },
    render({ el }) {
      return render(store, el);
    },
  };
}
