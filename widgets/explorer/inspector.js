// The right side: what is inside the chosen layer. One tab for its values, one for what the compiler makes of it.
import { Samples } from "./samples.js";
import { element } from "../shared/dom.js";

const SVG = "http://www.w3.org/2000/svg";
const TITLES = { weights: "Weights", activations: "Activations", gradients: "Gradients", attention: "Attention" };
const WIDE = 240;
const TALL = 46;

export function short(value) {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  if (value === 0) return "0";
  return size >= 1e5 || size < 1e-3 ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}

function histogram(measure) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${WIDE} ${TALL}`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("class", "dl-histogram");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `histogram from ${short(measure.low)} to ${short(measure.high)}`);
  const most = Math.max(...measure.counts, 1);
  const step = WIDE / measure.counts.length;
  let path = "";
  measure.counts.forEach((count, place) => {
    // Square roots, so that the few far from the middle can be seen beside the many in it.
    const height = count ? Math.max(1, TALL * Math.sqrt(count / most)) : 0;
    if (height) path += `M${place * step} ${TALL}v${-height}h${step - 0.6}v${height}z`;
  });
  const bars = document.createElementNS(SVG, "path");
  bars.setAttribute("d", path);
  svg.append(bars);
  if (measure.low < 0 && measure.high > 0) {
    const zero = document.createElementNS(SVG, "path");
    zero.setAttribute("class", "dl-zero");
    zero.setAttribute("d", `M${(WIDE * -measure.low) / (measure.high - measure.low)} 0v${TALL}`);
    svg.append(zero);
  }
  return svg;
}

// 128 is zero; below it blue, above it orange, zero the paper of the theme.
function colours(dark) {
  const paper = dark ? [24, 24, 24] : [255, 255, 255];
  const [low, high] = dark ? [[121, 170, 255], [255, 171, 94]] : [[36, 87, 197], [193, 84, 4]];
  return Array.from({ length: 256 }, (_, value) => {
    const share = Math.min(1, Math.abs(value - 128) / 127);
    const end = value < 128 ? low : high;
    return paper.map((part, channel) => Math.round(part + (end[channel] - part) * share));
  });
}

function pictures(measure, bytes) {
  const [count, rows, columns] = measure.tiles;
  const side = count === 1 ? 160 : Math.max(36, Math.min(44, columns * 8));
  const across = Math.max(1, Math.min(count, Math.floor(352 / (side + 2))));
  const scale = Math.max(1, Math.floor(side / Math.max(rows, columns)) || 1);
  const [wide, tall] = [columns * scale + 2, rows * scale + 2];
  const canvas = element("canvas", "dl-pictures");
  canvas.width = across * wide;
  canvas.height = Math.ceil(count / across) * tall;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `${count} pictures of ${rows} by ${columns}, from -${short(measure.reach)} to ${short(measure.reach)}`);
  const table = colours(document.body.dataset.jpThemeLight === "false");
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  for (let tile = 0; tile < count; tile++) {
    const [left, top] = [(tile % across) * wide, Math.floor(tile / across) * tall];
    for (let y = 0; y < rows * scale; y++) {
      for (let x = 0; x < columns * scale; x++) {
        const value = bytes[(tile * rows + Math.floor(y / scale)) * columns + Math.floor(x / scale)];
        const at = 4 * ((top + y) * canvas.width + left + x);
        image.data.set(table[value], at);
        image.data[at + 3] = 255;
      }
    }
  }
  context.putImageData(image, 0, 0);
  canvas.style.width = `${Math.min(canvas.width, 360)}px`;
  return canvas;
}

function card(measure, bytes) {
  const node = element("div", bytes ? "dl-card dl-wide" : "dl-card");
  node.dataset.name = measure.name;
  const head = element("div", "dl-card-head");
  head.append(element("b", "", measure.name), element("span", "dl-muted", `${measure.shape.join("×") || "one number"} ${measure.dtype}`));
  const facts = element("div", "dl-facts", `mean ${short(measure.mean)}   std ${short(measure.std)}   zeros ${(100 * measure.zeros).toFixed(1)} %`);
  const wrong = [];
  if (measure.nan) wrong.push(`${measure.nan.toLocaleString("en")} NaN`);
  if (measure.inf) wrong.push(`${measure.inf.toLocaleString("en")} infinite`);
  if (measure.dead) wrong.push(`${measure.dead} of ${measure.units} units dead`);
  const ends = element("div", "dl-ends");
  ends.append(element("span", "", short(measure.low)), element("span", "", short(measure.high)));
  node.append(head, facts);
  if (wrong.length) node.append(element("div", "dl-wrong", `⚠ ${wrong.join(", ")}`));
  node.append(histogram(measure), ends);
  if (bytes) node.append(pictures(measure, bytes));
  return node;
}

export class Inspector {
  constructor(ask, send) {
    this.ask = ask;
    this.samples = new Samples(send);
    this.tab = "values";
    this.node = element("div", "dl-inspector");
    const tabs = element("div", "dl-tabs");
    tabs.setAttribute("role", "tablist");
    this.tabs = Object.entries({ values: "Values", program: "Program" }).map(([key, title]) => {
      const tab = element("button", "dl-tab", title);
      tab.dataset.tab = key;
      tab.setAttribute("role", "tab");
      tab.addEventListener("click", () => this.turn(key));
      return tab;
    });
    tabs.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      this.turn(this.tab === "values" ? "program" : "values");
      this.tabs.find((tab) => tab.dataset.tab === this.tab).focus();
    });
    tabs.append(...this.tabs);
    this.title = element("div", "dl-layer-title");
    this.status = element("div", "dl-status dl-muted");
    this.body = element("div", "dl-body");
    this.body.setAttribute("role", "tabpanel");
    this.node.append(this.title, tabs, this.status, this.body);
    this.mark();
  }

  mark() {
    for (const tab of this.tabs) {
      tab.setAttribute("aria-selected", tab.dataset.tab === this.tab);
      tab.tabIndex = tab.dataset.tab === this.tab ? 0 : -1;
    }
  }

  turn(key) {
    this.tab = key;
    this.mark();
    this.body.replaceChildren();
    this.status.textContent = "";
    this.ask();
  }

  choose(row) {
    this.title.replaceChildren(element("b", "", row.path || row.name), document.createTextNode(` ${row.label}`));
    this.body.replaceChildren();
    this.status.textContent = row.kind === "operator" ? "an operator outside the layers" : row.kind === "input" ? "the input" : "";
  }

  // The input's own tab: the samples, to be clicked.
  pictures(content, buffers) {
    this.last = null;
    this.samples.show(content, buffers);
    this.body.replaceChildren(this.samples.node);
  }

  values(content, buffers) {
    this.last = [content, buffers];
    const said = [];
    if (content.step !== null) said.push(`step ${content.step.toLocaleString("en")}`);
    if (content.loss !== null) said.push(`loss ${short(content.loss)}`);
    if (content.note) said.push(content.note);
    this.status.textContent = said.join(" · ");
    const parts = [];
    let place = 0;
    for (const section of Object.keys(TITLES)) {
      const found = content.measures.filter((measure) => measure.section === section);
      if (!found.length) continue;
      const box = element("section", `dl-section dl-${section}`);
      box.append(element("h4", "", TITLES[section]));
      const cards = element("div", "dl-cards");
      for (const measure of found) {
        const view = measure.tiles ? buffers[place++] : null;
        const bytes = view && new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
        cards.append(card(measure, bytes));
      }
      box.append(cards);
      parts.push(box);
    }
    if (!parts.length && !content.note) parts.push(element("p", "dl-muted", "no values of its own"));
    this.body.replaceChildren(...parts);
  }

  repaint() {
    if (this.tab === "values" && this.last && this.body.childElementCount) this.values(...this.last);
  }

  program(content) {
    const total = content.kernels.reduce((sum, kernel) => sum + kernel.seconds, 0);
    const share = content.seconds ? ` · ${((100 * total) / content.seconds).toFixed(1)} % of the forward pass` : "";
    this.status.textContent = `${content.calls.length} calls, ${content.kernels.length} of ${content.count} kernels, ${short(total * 1e6)} µs${share}`;
    const list = element("div", "dl-kernels");
    const most = Math.max(...content.kernels.map((kernel) => kernel.seconds), 1e-12);
    for (const kernel of content.kernels) {
      const row = element("div", "dl-kernel");
      const bar = element("span", "dl-time-bar");
      bar.style.width = `${(60 * kernel.seconds) / most}px`;
      const time = element("span", "dl-time", `${short(kernel.seconds * 1e6)} µs`);
      const measureOf = element("span", "dl-bar-room");
      measureOf.append(bar);
      const text = element("code", "", kernel.text);
      row.append(time, measureOf, text);
      if (kernel.shared > 1) row.append(element("span", "dl-muted", ` shared by ${kernel.shared} layers`));
      list.append(row);
    }
    const calls = element("pre", "dl-calls", content.calls.join("\n") || "nothing: it does no work in a forward pass");
    this.body.replaceChildren(element("h4", "", "Kernels"), list, element("h4", "", "As traced"), calls);
  }
}
