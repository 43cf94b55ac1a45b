// The saved notebook must not depend on a living kernel. At the end of a run the kernel puts a picture in the place of
// the chart. Two things are left to the page. A page that was loaded while the run was going shows the chart, but the
// kernel cannot reach its output: the page asks for the picture and puts it there. And a kernel that is restarted or
// dies in the middle of a run leaves nothing: the page keeps what it has drawn.

import { count } from "./panel.js";

const WIDGET = "application/vnd.jupyter.widget-view+json";
const PATIENCE = 2000; // ms in which the kernel's own replacement would have come
const GONE = ["restarting", "autorestarting", "terminating", "dead"];
const MARGIN = 12;
const HEADING = 26;

// The outputs of the open notebook that show this model, where JupyterLab lets us see them.
function outputsOf(model, id) {
  const found = [];
  for (const cell of model.widget_manager?.context?.model?.cells ?? []) {
    const outputs = cell.outputs;
    for (let index = 0; index < (outputs?.length ?? 0); index++) {
      const view = outputs.get(index).data?.[WIDGET];
      if (view && view.model_id === id) found.push({ outputs, index });
    }
  }
  return found;
}

// What a chart on the page shows, as a canvas: a line of text, and the plots side by side with their headings.
function drawn(root, text) {
  const panels = [...root.querySelectorAll(".dl-panel")].filter((panel) => panel.querySelector("canvas"));
  if (!panels.length) return null;
  const scale = devicePixelRatio;
  const plots = panels.map((panel) => panel.querySelector("canvas"));
  const canvas = document.createElement("canvas");
  canvas.width = plots.reduce((sum, plot) => sum + plot.width, 0) + MARGIN * (plots.length + 1) * scale;
  canvas.height = Math.max(...plots.map((plot) => plot.height)) + (2 * HEADING + MARGIN) * scale;
  const style = getComputedStyle(root);
  const ctx = canvas.getContext("2d");
  ctx.fillStyle = style.backgroundColor;
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  ctx.fillStyle = style.color;
  ctx.font = `${13 * scale}px system-ui, sans-serif`;
  ctx.fillText(text, MARGIN * scale, 18 * scale);
  let left = MARGIN * scale;
  panels.forEach((panel, place) => {
    ctx.fillText(panel.querySelector(".dl-panel-title").textContent, left, (HEADING + 18) * scale);
    ctx.drawImage(plots[place], left, 2 * HEADING * scale);
    left += plots[place].width + MARGIN * scale;
  });
  return canvas;
}

export class Keeper {
  constructor(model, store) {
    this.model = model;
    this.store = store;
    this.timer = null;
    this.receive = (content, buffers) => {
      if (content.type === "picture") this.replace(base64(buffers[0]), content.text, content.size);
    };
    model.on("msg:custom", this.receive);
    this.session = model.widget_manager?.context?.sessionContext;
    this.watchKernel = (_, status) => {
      if (GONE.includes(status)) this.keepDrawn();
    };
    this.session?.statusChanged?.connect(this.watchKernel);
    store.watch(() => {
      if (!store.ended || store.stays || this.timer !== null) return;
      this.timer = setTimeout(() => {
        if (this.outputs().length) store.send({ type: "picture" });
      }, PATIENCE);
    });
  }

  outputs() {
    return outputsOf(this.model, this.store.modelId);
  }

  keepDrawn() {
    const { status, roots } = this.store;
    const root = [...roots].find((view) => view.isConnected);
    if (!status || !root || !this.outputs().length) return;
    const of = status.steps_total ? ` of ${count(status.steps_total)}` : "";
    const text = `${status.name}: the kernel ended at step ${count(status.step)}${of}, epoch ${status.epoch}`;
    const canvas = drawn(root, text);
    if (!canvas) return;
    const size = { width: canvas.width / devicePixelRatio, height: canvas.height / devicePixelRatio };
    this.replace(canvas.toDataURL("image/png").split(",")[1], text, size);
  }

  replace(image, text, size) {
    for (const { outputs, index } of this.outputs()) {
      outputs.set(index, {
        output_type: "display_data",
        data: { "image/png": image, "text/plain": text },
        metadata: { "image/png": size },
      });
    }
  }

  close() {
    clearTimeout(this.timer);
    this.session?.statusChanged?.disconnect(this.watchKernel);
    this.model.off("msg:custom", this.receive);
  }
}

function base64(view) {
  let text = "";
  for (const byte of new Uint8Array(view.buffer, view.byteOffset, view.byteLength)) text += String.fromCharCode(byte);
  return btoa(text);
}
