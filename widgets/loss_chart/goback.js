// Points of the chart to which the run can go back: their marks, choosing one by pointer or keys, and the question
// before it is done.
import { button, count, element } from "../shared/dom.js";

const NEAR = 4; // pixels: a pointer that moved further was drawing a zoom

// The snapshot nearest to a step, on the branch that is drawn now where two are equally near.
export function nearest(store, step) {
  let best = null;
  for (const [at, branch, pinned] of store.snapshots) {
    const distance = Math.abs(at - step) + (branch === store.status.branch ? 0 : 0.25);
    if (!best || distance < best.distance) best = { step: at, branch, pinned, distance };
  }
  return best;
}

export class GoBack {
  constructor(panel) {
    this.panel = panel;
    this.store = panel.store;
    this.chosen = null;
    this.popover = null;
    const body = panel.body;
    body.tabIndex = 0;
    body.setAttribute("role", "group");
    body.setAttribute(
      "aria-label",
      `${panel.base} chart: the arrow keys choose a point to go back to, Enter asks whether to go there; + - 0 show a part larger`,
    );
    body.addEventListener("pointerdown", (event) => (this.down = [event.clientX, event.clientY]));
    body.addEventListener("click", (event) => this.click(event));
    body.addEventListener("keydown", (event) => this.key(event));
  }

  click(event) {
    const { plot } = this.panel;
    if (!plot || !this.down || this.popover?.contains(event.target) || !plot.over.contains(event.target)) return;
    if (Math.hypot(event.clientX - this.down[0], event.clientY - this.down[1]) > NEAR) return;
    const left = event.clientX - plot.over.getBoundingClientRect().left;
    this.choose(nearest(this.store, plot.posToVal(left, "x")));
    if (this.chosen) this.ask();
  }

  key(event) {
    const moves = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };
    if (event.key === "Escape" && this.popover) this.close(true);
    else if (this.popover) return event.stopPropagation();
    else if (this.panel.zoom.key(event)) this.chosen = null;
    else if (event.key in moves) this.move(moves[event.key]);
    else if (event.key === "Enter" && this.chosen) this.ask();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  move(by) {
    const sorted = [...this.store.snapshots].sort((one, other) => one[0] - other[0] || one[1] - other[1]);
    if (!sorted.length) return;
    const { chosen } = this;
    const at = chosen ? sorted.findIndex(([step, branch]) => step === chosen.step && branch === chosen.branch) : -1;
    const from = at < 0 ? (by < 0 ? sorted.length : -1) : at;
    const [step, branch, pinned] = sorted[Math.max(0, Math.min(sorted.length - 1, from + by))];
    this.choose({ step, branch, pinned });
  }

  choose(snapshot) {
    this.chosen = snapshot;
    this.panel.repaint();
  }

  ask() {
    this.close();
    const { step, branch } = this.chosen;
    const { plot, body } = this.panel;
    const box = element("div", "dl-popover");
    box.setAttribute("role", "dialog");
    const on = this.store.branches.length > 1 ? ` (${this.store.branchName(branch)})` : "";
    const title = element("div", "dl-popover-title", `Go back to step ${count(step)}${on}?`);
    const text = "Weights, optimizer, random numbers, data and knobs become those of that step.";
    const ended = this.store.ended;
    const go = button(ended ? "Restore" : "Continue from here", "dl-go", () => {
      this.store.send({ type: "restore", step, branch });
      this.close(true);
      this.choose(null);
    });
    const no = button("Cancel", "dl-no", () => this.close(true));
    const row = element("div", "dl-popover-row");
    row.append(go, no);
    box.append(title, element("div", "dl-popover-text", text), row);
    box.setAttribute("aria-label", title.textContent);
    body.append(box);
    this.popover = box;
    const frame = body.getBoundingClientRect();
    const over = plot.over.getBoundingClientRect();
    const at = over.left - frame.left + plot.valToPos(step, "x");
    box.style.left = `${Math.max(0, Math.min(at + 8, frame.width - box.offsetWidth))}px`;
    go.focus();
  }

  close(refocus = false) {
    this.popover?.remove();
    this.popover = null;
    if (refocus) this.panel.body.focus({ preventScroll: true });
  }

  // A small triangle on the axis for every snapshot, a full line for the one that is chosen.
  draw(u, style) {
    const { ctx, bbox } = u;
    const unit = devicePixelRatio;
    const floor = bbox.top + bbox.height;
    ctx.save();
    for (const [step, branch, pinned] of this.store.snapshots) {
      const x = u.valToPos(step, "x", true);
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      const size = (pinned ? 6 : 3.5) * unit;
      ctx.fillStyle = style.getPropertyValue(color(branch)).trim() || "#888";
      ctx.beginPath();
      ctx.moveTo(x, floor - size * 1.6);
      ctx.lineTo(x - size, floor);
      ctx.lineTo(x + size, floor);
      ctx.fill();
    }
    if (this.chosen) {
      const x = Math.round(u.valToPos(this.chosen.step, "x", true));
      ctx.strokeStyle = style.getPropertyValue(color(this.chosen.branch)).trim() || "#888";
      ctx.lineWidth = 2 * unit;
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, floor);
      ctx.stroke();
    }
    ctx.restore();
  }
}

// The name of a branch's colour: the first has its own two, the others go round.
export function color(branch, kind = "train") {
  return branch === 1 ? `--dl-${kind}` : `--dl-branch-${2 + ((branch - 2) % 5)}`;
}
