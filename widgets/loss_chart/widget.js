// The live chart of a run: curves, progress, buttons and knobs. `initialize` is called once a page, `render` for
// every place where the chart is shown; all of them draw the one copy of the history that the page holds.
import "uplot/dist/uPlot.min.css";
import { Controls, Progress } from "./controls.js";
import { element } from "../shared/dom.js";
import { Keeper } from "../shared/keeper.js";
import { keepKeys } from "../shared/keys.js";
import { followTheme } from "../shared/theme.js";
import { Panel } from "./panel.js";
import { Store } from "./store.js";

// `loss` first, then the metrics in the order in which they came; val_loss belongs to loss.
function bases(store) {
  const held = [store.curves, ...store.beside.values()].flatMap((curves) => [...curves.keys()]);
  const names = held.map((name) => name.replace(/#\d+$/, "").replace(/^val_/, ""));
  return [...new Set(["loss", ...names])].filter((base) => names.includes(base));
}

function render(store, el) {
  const root = element("div", "dl-loss-chart dl-card");
  keepKeys(root, store.model);
  const progress = new Progress(store);
  const plots = element("div", "dl-plots");
  const waiting = element("div", "dl-waiting", "waiting for the first step …");
  const controls = new Controls(store);
  plots.append(waiting);
  root.append(progress.node, plots, controls.node);
  el.append(root);
  store.roots.add(root);
  const panels = new Map();

  const unwatch = store.watch(() => {
    progress.update();
    controls.update();
    for (const base of bases(store)) {
      if (!panels.has(base)) {
        waiting.remove();
        const panel = new Panel(base, store);
        panels.set(base, panel);
        plots.append(panel.node);
      }
      panels.get(base).update();
    }
  });

  const unwatchTheme = followTheme(root, () => panels.forEach((panel) => panel.repaint()));

  return () => {
    store.roots.delete(root);
    unwatch();
    unwatchTheme();
    panels.forEach((panel) => panel.close());
  };
}

// Called once for every chart of a page, so that all its views share one store.
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
