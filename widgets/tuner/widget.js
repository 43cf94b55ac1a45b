// The live picture of a search. `initialize` is called once a page, `render` for every place where it is shown.
import { element, time } from "../shared/dom.js";
import { Keeper } from "../shared/keeper.js";
import { keepKeys } from "../shared/keys.js";
import { followTheme } from "../shared/theme.js";
import { Buttons, Hand } from "./hand.js";
import { Store } from "./store.js";
import { Curves, Importance, Parallel, Reached } from "./views.js";

class Head {
  constructor(store) {
    this.store = store;
    this.node = element("div", "dl-head");
    const line = element("div", "dl-head-line");
    this.name = element("span", "dl-name");
    this.state = element("span", "dl-state");
    this.text = element("span", "dl-progress-text");
    line.append(this.name, this.state, this.text);
    this.bar = element("div", "dl-bar");
    this.fill = element("div", "dl-bar-fill");
    this.bar.setAttribute("role", "progressbar");
    this.bar.setAttribute("aria-label", "trials that are done");
    this.bar.append(this.fill);
    this.note = element("div", "dl-note dl-error");
    this.note.setAttribute("role", "alert");
    this.node.append(line, this.bar, this.note);
  }

  update() {
    const { about, status, trials } = this.store;
    this.name.textContent = about.name;
    this.state.textContent = status.state;
    this.node.dataset.state = status.state;
    this.text.textContent = this.store.headline;
    const done = [...trials.values()].filter((trial) => trial.state !== "running").length;
    const share = status.wanted ? Math.min(1, done / status.wanted) : 0;
    this.fill.style.width = `${(100 * share).toFixed(1)}%`;
    this.bar.setAttribute("aria-valuenow", String(Math.round(100 * share)));
    this.note.textContent = this.store.problem || status.error || "";
    this.note.hidden = !this.note.textContent;
  }
}

// The trial that is looked at, in words.
class Told {
  constructor(store) {
    this.store = store;
    this.node = element("div", "dl-told");
    this.node.setAttribute("aria-live", "polite");
  }

  update() {
    const { looked, status, about } = this.store;
    if (!looked) {
      this.node.textContent = "waiting for the first trial …";
      return;
    }
    const chosen = Object.entries(looked.labels).map(([name, label]) => `${name} ${label}`);
    const best = looked.number === status.best ? ", the best" : looked.by_hand ? ", by hand" : "";
    const score = looked.score === null ? looked.state : `${about.goal} ${Number(looked.score.toPrecision(4))}`;
    const parts = [`trial ${looked.number}${best}`, ...chosen, score, time(looked.seconds), looked.error];
    this.node.textContent = parts.filter(Boolean).join("  ·  ");
  }
}

function render(store, el) {
  const root = element("div", "dl-tuner dl-card");
  keepKeys(root, store.model);
  const unwatchTheme = followTheme(root);
  const views = Object.fromEntries(
    Object.entries({ Head, Curves, Reached, Parallel, Told, Importance, Hand, Buttons }).map(([name, View]) => [
      name,
      new View(store),
    ]),
  );
  const above = element("div", "dl-columns");
  above.append(views.Curves.node, views.Reached.node);
  const below = element("div", "dl-columns");
  below.append(views.Importance.node, views.Hand.node);
  root.append(views.Head.node, above, views.Parallel.node, views.Told.node, below, views.Buttons.node);
  el.append(root);
  store.roots.add(root);
  const unwatch = store.watch(() => Object.values(views).forEach((view) => view.update()));
  return () => {
    store.roots.delete(root);
    unwatchTheme();
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
