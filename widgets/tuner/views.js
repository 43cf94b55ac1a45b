// The four plots of a search. Pointing at a trial in one of them shows it in all.
import { element, format } from "../shared/dom.js";
import { drawn, Plot } from "./plot.js";

function look(store, trial) {
  const found = [`dl-${trial.state}`];
  if (trial.number === store.status.best) found.push("dl-best");
  if (trial.number === store.chosen) found.push("dl-chosen");
  return found.join(" ");
}

// Those that matter last, so that they lie on top.
function ordered(store, trials) {
  const weight = ({ number, state }) =>
    (number === store.chosen ? 4 : 0) + (number === store.status.best ? 2 : 0) + (state === "finished" ? 1 : 0);
  return [...trials].sort((one, other) => weight(one) - weight(other));
}

// A wide invisible line over a thin one, so that it can be pointed at.
function pointed(store, plot, points, trial) {
  const node = plot.line(points, "dl-hit");
  node.dataset.trial = trial.number;
  node.onpointerenter = () => store.choose(trial.number);
}

export class Curves {
  constructor(store) {
    this.store = store;
    this.plot = new Plot("every trial, epoch by epoch", 460, 220, "curves");
    this.plot.follow(() => store.status && this.update());
    this.node = this.plot.node;
  }

  update() {
    const { store, plot } = this;
    plot.clear();
    const trials = ordered(store, store.shown()).filter((trial) => trial.curve.some(([, value]) => value !== null));
    const points = trials.flatMap((trial) => trial.curve).filter(([, value]) => value !== null);
    this.node.dataset.trials = String(trials.length);
    if (!points.length) return;
    const epochs = points.map(([epoch]) => epoch);
    plot.scale([Math.min(...epochs), Math.max(...epochs)], ends(points.map(([, value]) => value)));
    plot.title.textContent = `${store.about.goal} of every trial`;
    plot.axes("epoch");
    for (const trial of trials) {
      const path = trial.curve.filter(([, value]) => value !== null).map(([epoch, value]) => plot.at(epoch, value));
      plot.line(path, look(store, trial));
      if (trial.state !== "finished" || path.length === 1) plot.dot(path[path.length - 1], `dl-dot ${look(store, trial)}`, 2.5);
      pointed(store, plot, path, trial);
    }
  }
}

export class Reached {
  constructor(store) {
    this.store = store;
    this.plot = new Plot("best so far", 460, 220, "reached");
    this.plot.follow(() => store.status && this.update());
    this.node = this.plot.node;
  }

  update() {
    const { store, plot } = this;
    plot.clear();
    const scored = store.scored.sort((one, other) => one.number - other.number);
    if (!scored.length) return;
    const scores = scored.map((trial) => trial.score);
    plot.scale([0, Math.max(9, scored[scored.length - 1].number)], ends(scores));
    plot.title.textContent = `${store.about.goal}, best so far`;
    plot.axes("trial");
    const path = [];
    let best = scored[0].score;
    for (const { number, score } of scored) {
      if (path.length) path.push(plot.at(number, best));
      best = store.about.maximize ? Math.max(best, score) : Math.min(best, score);
      path.push(plot.at(number, best));
    }
    plot.line(path, "dl-reached");
    for (const trial of ordered(store, scored)) {
      const dot = plot.dot(plot.at(trial.number, trial.score), `dl-dot ${look(store, trial)}`, 3.5);
      dot.onpointerenter = () => store.choose(trial.number);
    }
  }
}

// The values that hold all but the wildest: one bad trial must not press the others flat.
function ends(values) {
  const sorted = [...values].sort((one, other) => one - other);
  const at = (share) => sorted[Math.round(share * (sorted.length - 1))];
  const [low, high] = [at(0.02), at(0.98)];
  const reach = 1.5 * (high - low);
  return [Math.max(sorted[0], low - reach), Math.min(sorted[sorted.length - 1], high + reach)];
}

// One upright axis for each mark and one for the goal; a trial is a line through all of them.
export class Parallel {
  constructor(store) {
    this.store = store;
    this.plot = new Plot("what was chosen, and what came of it", 940, 240, "parallel");
    this.plot.follow(() => store.status && this.update());
    this.node = this.plot.node;
    this.node.tabIndex = 0;
    this.node.setAttribute("role", "group");
    this.node.setAttribute("aria-label", "trials: the arrow keys go from one to the next, the best first");
    this.node.addEventListener("keydown", (event) => this.key(event));
  }

  key(event) {
    const moves = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1, Home: -Infinity, End: Infinity };
    if (!(event.key in moves)) return;
    event.preventDefault();
    event.stopPropagation();
    const sign = this.store.about.maximize ? -1 : 1;
    const sorted = this.store.scored.sort((one, other) => sign * (one.score - other.score));
    if (!sorted.length) return;
    const from = sorted.findIndex((trial) => trial.number === this.store.chosen);
    this.store.choose(sorted[Math.max(0, Math.min(sorted.length - 1, from + moves[event.key]))].number);
  }

  update() {
    const { store, plot } = this;
    plot.clear();
    const { marks, goal } = store.about;
    const box = { left: 30, right: plot.width - 70, top: 14, bottom: 205 };
    const across = (index) => box.left + (index * (box.right - box.left)) / marks.length;
    const up = (place) => box.bottom - place * (box.bottom - box.top);
    const scores = store.scored.map((trial) => trial.score);
    const [low, high] = scores.length ? ends(scores) : [0, 1];
    for (const trial of ordered(store, store.shown())) {
      const path = marks.map((mark, index) => [across(index), up(trial.places[mark.name])]);
      if (trial.score !== null) {
        const place = high > low ? (trial.score - low) / (high - low) : 0.5;
        path.push([across(marks.length), up(Math.max(0, Math.min(1, place)))]);
      }
      plot.line(path, look(store, trial));
      pointed(store, plot, path, trial);
    }
    marks.forEach((mark, index) => axis(plot, across(index), box, mark.name, labels(mark), up));
    axis(plot, across(marks.length), box, goal, [[0, format(low)], [1, format(high)]], up);
  }
}

function labels(mark) {
  if (mark.kind === "choice") return mark.options.map((text, index) => [index / Math.max(1, mark.options.length - 1), text]);
  const middle = mark.kind === "log" ? Math.sqrt(mark.low * mark.high) : (mark.low + mark.high) / 2;
  return [[0, format(mark.low)], [0.5, format(middle)], [1, format(mark.high)]];
}

function axis(plot, x, box, name, texts, up) {
  plot.svg.append(drawn("line", { x1: x, x2: x, y1: box.top, y2: box.bottom, class: "dl-axis" }));
  plot.svg.append(drawn("text", { x, y: box.bottom + 24, class: "dl-axis-name", "text-anchor": "middle" }, name));
  for (const [place, text] of texts) {
    plot.svg.append(drawn("text", { x: x + 5, y: up(place) + 3.5, class: "dl-tick dl-halo" }, text));
  }
}

// How much of the differences each mark explains: plain rows with bars.
export class Importance {
  constructor(store) {
    this.store = store;
    this.node = element("section", "dl-importance");
    this.node.append(element("div", "dl-plot-title", "what matters"));
    this.rows = element("div", "dl-bars");
    this.node.append(this.rows);
  }

  update() {
    const shares = Object.entries(this.store.status.importance).sort((one, other) => other[1] - one[1]);
    if (!shares.length) {
      this.rows.replaceChildren(element("span", "dl-muted", "told after four trials"));
      return;
    }
    this.rows.replaceChildren(
      ...shares.flatMap(([name, share]) => {
        const bar = element("span", "dl-share");
        const fill = element("span", "dl-share-fill");
        fill.style.width = `${(100 * share).toFixed(1)}%`;
        bar.append(fill);
        return [element("span", "dl-share-name", name), bar, element("span", "dl-number", `${Math.round(100 * share)} %`)];
      }),
    );
  }
}
