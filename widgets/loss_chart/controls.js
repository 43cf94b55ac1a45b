// The row of buttons and knobs, and the line that says how far the run is.
import { button, count, element, format, time } from "../shared/dom.js";

// The slider spans this many powers of ten to either side of where the learning rate began.
const REACH = 2.5;
const NOTCHES = 100; // a power of ten

export class Controls {
  constructor(store) {
    this.store = store;
    this.node = element("div", "dl-controls");
    this.pauseButton = button("Pause", "dl-pause", () => {
      store.send({ type: store.status.state === "paused" || store.ended ? "resume" : "pause" });
    });
    this.stopButton = button("Stop", "dl-stop", () => store.send({ type: "stop" }));
    this.stepButton = button("Step", "dl-step", () => store.send({ type: "step" }));
    this.stepButton.title = "One step, then hold";
    this.pinButton = button("Pin", "dl-pin", () => store.send({ type: "pin" }));
    this.pinButton.title = "Keep this point on disk";
    this.knobs = element("div", "dl-knobs");
    this.others = element("div", "dl-knobs dl-others");
    this.others.hidden = true;
    this.moreButton = button("more", "dl-more", () => this.toggleOthers());
    this.moreButton.title = "The other knobs, and how the curves are drawn";
    this.moreButton.hidden = true;
    this.node.append(this.pauseButton, this.stepButton, this.stopButton, this.pinButton);
    this.node.append(this.knobs, this.moreButton, this.others);
    this.fields = new Map();
    this.others.append(this.smoothing());
    this.moreButton.hidden = false;
  }

  // How wide the mean is that is drawn: nothing, then every notch twice as wide.
  smoothing() {
    const label = element("label", "dl-knob", "smoothing");
    const slider = element("input", "dl-smoothing");
    slider.type = "range";
    [slider.min, slider.max, slider.step, slider.value] = ["0", "6", "1", "3"];
    slider.setAttribute("aria-label", "smoothing");
    slider.onkeydown = (event) => event.stopPropagation();
    slider.oninput = () => {
      this.store.smoothing = slider.value === "0" ? 0 : 2 ** (Number(slider.value) - 3);
      this.store.changed();
    };
    label.append(slider);
    return label;
  }

  toggleOthers() {
    this.others.hidden = !this.others.hidden;
    this.moreButton.setAttribute("aria-expanded", String(!this.others.hidden));
  }

  update() {
    const { status, ended, snapshots, stays } = this.store;
    const steers = snapshots.length > 0;
    this.pauseButton.textContent = status.state === "paused" ? "Resume" : ended && steers ? "Train on" : "Pause";
    this.pauseButton.disabled = ended && !(steers && stays);
    this.stopButton.disabled = ended;
    this.stepButton.hidden = !steers;
    this.stepButton.disabled = ended;
    this.pinButton.hidden = !steers || !status.pins;
    for (const [name, value] of Object.entries(status.knobs)) {
      const words = status.words?.[name];
      if (!this.fields.has(name)) this.fields.set(name, words ? this.choice(name, words) : this.field(name, value));
      this.fields.get(name)(value, ended);
    }
  }

  // A knob that is one of a few words. Returns its update.
  choice(name, words) {
    const label = element("label", "dl-knob", name);
    const select = element("select", "dl-value");
    select.setAttribute("aria-label", name);
    for (const word of words) select.append(new Option(word.replace("_", " "), word));
    select.onchange = () => this.store.send({ type: "set", name, value: select.value });
    select.onkeydown = (event) => event.stopPropagation();
    label.append(select);
    this.others.append(label);
    this.moreButton.hidden = false;
    return (value, ended) => {
      select.disabled = ended;
      if (document.activeElement !== select) select.value = value;
    };
  }

  // One knob: a number to type, and for the learning rate a slider over powers of ten. Returns its update.
  field(name, first) {
    const label = element("label", "dl-knob", name === "lr" ? "learning rate" : name);
    const input = element("input", "dl-value");
    input.type = "text";
    input.inputMode = "decimal";
    input.setAttribute("aria-label", name);
    const slider = name === "lr" && first > 0 ? this.slider(first) : null;
    if (slider) label.append(slider);
    label.append(input);
    const place = slider ? this.knobs : this.others;
    place.append(label);
    if (place === this.others) this.moreButton.hidden = false;
    let shown = null; // what the kernel said last
    let touched = 0; // a moving hand is not to be pulled back by an older message
    const turn = (value) => {
      touched = performance.now();
      this.store.send({ type: "set", name, value });
    };
    input.onchange = () => {
      const value = Number(input.value);
      if (input.value.trim() !== "" && Number.isFinite(value) && value >= 0) {
        turn(value);
        if (slider && value > 0) slider.value = String(Math.round(Math.log10(value) * NOTCHES));
      } else {
        input.value = format(shown);
      }
    };
    input.onkeydown = (event) => event.stopPropagation(); // the notebook has plans for some of these keys
    if (slider) {
      slider.onkeydown = (event) => event.stopPropagation();
      slider.oninput = () => {
        const value = Number((10 ** (Number(slider.value) / NOTCHES)).toPrecision(3));
        input.value = format(value);
        turn(value);
      };
    }
    return (value, ended) => {
      input.disabled = ended;
      if (slider) slider.disabled = ended;
      if (value === shown || performance.now() - touched < 400) return;
      shown = value;
      if (document.activeElement !== input) input.value = format(value);
      if (slider && value > 0) slider.value = String(Math.round(Math.log10(value) * NOTCHES));
    };
  }

  slider(first) {
    const slider = element("input", "dl-slider");
    slider.type = "range";
    slider.setAttribute("aria-label", "learning rate");
    const middle = Math.log10(first) * NOTCHES;
    slider.min = String(Math.round(middle - REACH * NOTCHES));
    slider.max = String(Math.round(middle + REACH * NOTCHES));
    slider.step = "1";
    slider.value = String(Math.round(middle));
    return slider;
  }
}

export class Progress {
  constructor(store) {
    this.store = store;
    this.node = element("div", "dl-head");
    this.name = element("span", "dl-name");
    this.state = element("span", "dl-state");
    this.text = element("span", "dl-progress-text");
    this.bar = element("div", "dl-bar");
    this.fill = element("div", "dl-bar-fill");
    this.note = element("div", "dl-note");
    this.bar.append(this.fill);
    this.bar.setAttribute("role", "progressbar");
    this.bar.setAttribute("aria-label", "steps that are done");
    const line = element("div", "dl-head-line");
    line.append(this.name, this.state, this.text);
    this.node.append(line, this.bar, this.note);
  }

  update() {
    const { status, events } = this.store;
    this.name.textContent = status.name;
    this.state.textContent = status.state;
    this.node.dataset.state = status.state;
    const done = status.steps_total ? Math.min(1, status.step / status.steps_total) : 0;
    this.fill.style.width = `${(100 * done).toFixed(2)}%`;
    this.bar.setAttribute("aria-valuenow", String(Math.round(100 * done)));
    const of = status.steps_total ? ` of ${count(status.steps_total)}` : "";
    const parts = [`epoch ${status.epoch} of ${status.epochs}`, `step ${count(status.step)}${of}`];
    if (status.samples_per_second) parts.push(`${count(Math.round(status.samples_per_second))} samples/s`);
    if (this.store.ended) parts.push(`took ${time(status.seconds)}`);
    else if (status.seconds_left !== null) parts.push(`${time(status.seconds_left)} left`);
    this.text.textContent = parts.join("  ·  ");
    const notes = events.filter((event) => event.kind === "note").map((event) => event.data.text);
    this.note.textContent = status.error ?? notes.join("; ");
    this.note.hidden = !this.note.textContent;
    this.note.classList.toggle("dl-error", Boolean(status.error));
  }
}
