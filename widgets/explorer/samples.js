// The pictures that the explorer looks with. A click on one shows what the network's decision about it rests on.
import { element } from "../shared/dom.js";

const WAYS = { saliency: "slope", gradients: "integrated gradients", grad_cam: "Grad-CAM" };

function painted(rows, columns, side, pixel) {
  const canvas = element("canvas", "dl-sample");
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  for (let at = 0; at < rows * columns; at++) image.data.set([...pixel(at), 255], 4 * at);
  context.putImageData(image, 0, 0);
  canvas.style.height = `${side}px`;
  canvas.style.width = `${(side * columns) / rows}px`;
  return canvas;
}

function bytesOf(view) {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

export class Samples {
  constructor(ask) {
    this.ask = ask;
    this.way = "saliency";
    this.node = element("div", "dl-samples");
  }

  // The samples as buttons, and the ways of looking.
  show(content, buffers) {
    this.content = content;
    this.bytes = content.count ? bytesOf(buffers[0]) : null;
    if (!content.count) {
      this.node.replaceChildren(element("p", "dl-muted", content.note));
      return;
    }
    const list = element("div", "dl-sample-list");
    for (let sample = 0; sample < content.count; sample++) {
      const pick = element("button", "dl-sample-button");
      pick.type = "button";
      pick.dataset.sample = sample;
      pick.setAttribute("aria-label", `sample ${sample}: what the decision rests on`);
      pick.append(this.picture(sample, 44));
      pick.addEventListener("click", () => this.explain(sample));
      list.append(pick);
    }
    const ways = element("select", "dl-way");
    ways.setAttribute("aria-label", "how to look");
    for (const [way, text] of Object.entries(WAYS)) {
      const option = element("option", "", text);
      option.value = way;
      ways.append(option);
    }
    ways.value = this.way;
    ways.addEventListener("change", () => {
      this.way = ways.value;
      if (this.chosen !== undefined) this.explain(this.chosen);
    });
    ways.addEventListener("keydown", (event) => event.stopPropagation());
    const line = element("div", "dl-way-line", "Click a picture to see what the decision rests on: ");
    line.append(ways);
    this.found = element("div", "dl-found-heat");
    this.found.setAttribute("aria-live", "polite");
    this.node.replaceChildren(line, list, this.found);
  }

  picture(sample, side) {
    const { rows, columns } = this.content;
    const start = sample * rows * columns * 3;
    return painted(rows, columns, side, (at) => this.bytes.subarray(start + 3 * at, start + 3 * at + 3));
  }

  explain(sample) {
    this.chosen = sample;
    for (const pick of this.node.querySelectorAll(".dl-sample-button")) {
      pick.setAttribute("aria-pressed", Number(pick.dataset.sample) === sample);
    }
    this.found.textContent = "…";
    this.ask({ type: "saliency", sample, way: this.way });
  }

  heat(content, buffers) {
    if (!this.found || content.sample !== this.chosen || content.way !== this.way) return;
    const bytes = bytesOf(buffers[0]);
    const hot = painted(content.rows, content.columns, 150, (at) => [bytes[at], Math.max(0, bytes[at] * 1.4 - 150), Math.max(0, bytes[at] * 2 - 350)]);
    hot.setAttribute("role", "img");
    hot.setAttribute("aria-label", `what class ${content.target} rests on, by ${WAYS[content.way]}`);
    const text = element("div", "dl-muted", `sample ${content.sample}: the network says class ${content.target}`);
    const pair = element("div", "dl-pair");
    pair.append(this.picture(content.sample, 150), hot);
    this.found.replaceChildren(text, pair);
  }
}
