// What the page knows of a search: its marks and its trials, as the kernel tells them.
import { standing } from "./plot.js";

export class Store {
  constructor(model) {
    this.model = model;
    this.about = null; // name, goal, maximize, marks, modelId
    this.status = null; // state, wanted, best, importance, error
    this.trials = new Map();
    this.chosen = null; // the number of the trial that is looked at
    this.problem = "";
    this.stays = false;
    this.roots = new Set();
    this.watchers = new Set();
    this.scheduled = false;
    this.receive = (content) => this.take(content);
    model.on("msg:custom", this.receive);
    this.ask(250);
  }

  // The first message of a page may wait behind a busy cell; so the question is repeated, less and less often.
  ask(pause) {
    if (this.about) return;
    this.send({ type: "hello" });
    if (pause < 60000) this.again = setTimeout(() => this.ask(3 * pause), pause);
  }

  send(content) {
    this.problem = "";
    this.model.send(content);
  }

  take(content) {
    if (content.type === "error") {
      this.problem = content.text;
      return this.changed();
    }
    if (content.type === "search") {
      const { name, goal, maximize, marks, model_id: modelId } = content;
      this.about = { name, goal, maximize, marks, modelId };
      this.stays = content.stays;
      this.trials.clear();
    } else if (content.type !== "update" || !this.about) {
      return;
    }
    const { state, wanted, best, importance, error } = content;
    this.status = { state, wanted, best, importance, error };
    for (const trial of content.trials) this.trials.set(trial.number, trial);
    this.changed();
  }

  choose(number) {
    if (number === this.chosen) return;
    this.chosen = number;
    this.changed();
  }

  // The trial that is looked at, else the best.
  get looked() {
    return this.trials.get(this.chosen) ?? this.trials.get(this.status?.best) ?? null;
  }

  get scored() {
    return [...this.trials.values()].filter((trial) => trial.score !== null && trial.state === "finished");
  }

  // Many trials run together: the best ones and the newest are drawn.
  shown(most = 400) {
    const all = [...this.trials.values()];
    if (all.length <= most) return all;
    const sign = this.about.maximize ? -1 : 1;
    const best = [...this.scored].sort((one, other) => sign * (one.score - other.score)).slice(0, most / 2);
    const kept = new Set([...best, ...all.slice(-most / 2)]);
    return all.filter((trial) => kept.has(trial));
  }

  get modelId() {
    return this.about?.modelId;
  }

  get ended() {
    return ["stopped", "finished", "failed"].includes(this.status?.state);
  }

  get headline() {
    const { status, about } = this;
    const best = this.trials.get(status.best);
    const pruned = [...this.trials.values()].filter((trial) => trial.state === "pruned").length;
    const parts = [`${this.trials.size} of ${status.wanted} trials`];
    if (pruned) parts.push(`${pruned} ended early`);
    if (best) parts.push(`best ${about.goal} ${Number(best.score.toPrecision(4))} (trial ${best.number})`);
    return parts.join("  ·  ");
  }

  watch(callback) {
    this.watchers.add(callback);
    if (this.status) callback();
    return () => this.watchers.delete(callback);
  }

  changed() {
    if (this.scheduled || !this.status) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      this.watchers.forEach((callback) => callback());
    });
  }

  // What stays when the kernel is gone.
  drawn() {
    const root = [...this.roots].find((view) => view.isConnected);
    if (!root || !this.status) return null;
    const text = `${this.about.name}: the kernel ended; ${this.headline}`;
    return { data: { "image/svg+xml": standing(root, text), "text/plain": text }, metadata: {} };
  }

  close() {
    clearTimeout(this.again);
    this.model.off("msg:custom", this.receive);
    this.watchers.clear();
  }
}
