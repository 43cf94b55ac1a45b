// Buttons, and a slider for every mark: values chosen by hand become the next trial.
import { button, element, format } from "../shared/dom.js";

const NOTCHES = 1000;

// The value that a place between 0 and 1 stands for.
export function valueAt(mark, place) {
  if (mark.kind === "log") return Number((mark.low * (mark.high / mark.low) ** place).toPrecision(3));
  const plain = mark.low + place * (mark.high - mark.low);
  if (mark.kind === "uniform") return Number(plain.toPrecision(3));
  return mark.low + mark.step * Math.round((plain - mark.low) / mark.step);
}

export class Buttons {
  constructor(store) {
    this.store = store;
    this.node = element("div", "dl-controls");
    this.pause = button("Pause", "dl-pause", () => {
      if (store.ended) store.send({ type: "resume", trials: Number(this.more.value) || 0 });
      else store.send({ type: store.status.state === "paused" ? "resume" : "pause" });
    });
    this.stop = button("Stop", "dl-stop", () => store.send({ type: "stop" }));
    this.more = element("input", "dl-value dl-trials");
    this.more.type = "number";
    this.more.min = "1";
    this.more.value = "10";
    this.more.setAttribute("aria-label", "how many trials more");
    this.more.onkeydown = (event) => event.stopPropagation();
    this.unit = element("span", "dl-muted", "trials more");
    this.node.append(this.pause, this.stop, this.more, this.unit);
  }

  update() {
    const { status, ended, stays } = this.store;
    this.pause.textContent = ended ? "Continue" : status.state === "paused" ? "Resume" : "Pause";
    this.pause.disabled = ended && !stays;
    this.stop.disabled = ended;
    this.more.hidden = this.unit.hidden = !ended;
  }
}

export class Hand {
  constructor(store) {
    this.store = store;
    this.node = element("section", "dl-hand");
    this.node.append(element("div", "dl-plot-title", "by hand"));
    this.rows = element("div", "dl-hand-rows");
    this.fields = new Map(); // name -> {set(place), value()}
    this.touched = false;
    this.try = button("Try these", "dl-try", () => this.attempt());
    this.copy = button("Take the chosen trial's", "dl-copy", () => this.take());
    const row = element("div", "dl-controls");
    row.append(this.try, this.copy);
    this.node.append(this.rows, row);
  }

  build() {
    for (const mark of this.store.about.marks) {
      const label = element("label", "dl-knob");
      const name = element("span", "dl-knob-name", mark.name);
      const field = mark.kind === "choice" ? this.select(mark) : this.slider(mark);
      label.append(name, ...field.nodes);
      this.rows.append(label);
      this.fields.set(mark.name, field);
    }
  }

  select(mark) {
    const select = element("select", "dl-value");
    for (const text of mark.options) select.append(new Option(text, text));
    select.onchange = () => (this.touched = true);
    select.onkeydown = (event) => event.stopPropagation();
    const set = (place) => (select.selectedIndex = Math.round(place * (mark.options.length - 1)));
    return { nodes: [select], set, value: () => select.value };
  }

  slider(mark) {
    const slider = element("input", "dl-slider");
    slider.type = "range";
    slider.min = "0";
    slider.max = String(mark.kind === "int" ? Math.round((mark.high - mark.low) / mark.step) : NOTCHES);
    slider.setAttribute("aria-label", mark.name);
    const shown = element("output", "dl-number");
    const value = () => valueAt(mark, Number(slider.value) / Number(slider.max));
    const tell = () => {
      shown.textContent = format(value());
      slider.setAttribute("aria-valuetext", shown.textContent);
    };
    slider.oninput = () => {
      this.touched = true;
      tell();
    };
    slider.onkeydown = (event) => event.stopPropagation(); // the notebook has plans for some of these keys
    const set = (place) => {
      slider.value = String(Math.round(place * Number(slider.max)));
      tell();
    };
    return { nodes: [slider, shown], set, value };
  }

  update() {
    if (!this.fields.size) this.build();
    const { looked, ended, stays } = this.store;
    this.try.disabled = ended && !stays;
    this.copy.disabled = !looked;
    if (!this.touched && looked) this.take();
  }

  take() {
    const { looked } = this.store;
    for (const [name, field] of this.fields) field.set(looked.places[name]);
  }

  attempt() {
    const values = {};
    for (const [name, field] of this.fields) values[name] = field.value();
    this.touched = true;
    this.store.send({ type: "attempt", values });
  }
}
