// The saved notebook must not depend on a living kernel. At its end the kernel puts a picture in the place of what was
// live. Two things are left to the page. A page that was loaded meanwhile shows the live view, but the kernel cannot
// reach its output: the page asks for the picture and puts it there. And a kernel that is restarted or dies leaves
// nothing: the page keeps what it has drawn.

import { raster } from "./raster.js";

const WIDGET = "application/vnd.jupyter.widget-view+json";
const PATIENCE = 2000; // ms in which the kernel's own replacement would have come
const HIGHEST = 1500; // CSS pixels of a picture: what bounds the size of the saved notebook
const GONE = ["restarting", "autorestarting", "terminating", "dead"];

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

export class Keeper {
  // `page` knows modelId, ended and stays (whether the view of what has ended is to stay live), tells of changes through
  // watch(callback), sends messages, and gives drawn(): {data, metadata} of what it shows, or null.
  constructor(model, page) {
    this.model = model;
    this.page = page;
    this.timer = null;
    this.receive = (content, buffers) => {
      if (content.type !== "picture") return;
      const data = { "image/png": base64(buffers[0]), "text/plain": content.text };
      this.replace(data, { "image/png": content.size });
    };
    model.on("msg:custom", this.receive);
    this.session = model.widget_manager?.context?.sessionContext;
    this.watchKernel = (_, status) => {
      if (GONE.includes(status)) this.keepDrawn();
    };
    this.session?.statusChanged?.connect(this.watchKernel);
    page.watch(() => {
      if (!page.ended || page.stays || this.timer !== null) return;
      this.timer = setTimeout(() => {
        if (this.outputs().length) page.send({ type: "picture" });
      }, PATIENCE);
    });
  }

  outputs() {
    return outputsOf(this.model, this.page.modelId);
  }

  keepDrawn() {
    if (!this.outputs().length) return;
    const found = this.page.drawn();
    if (found) this.replace(found.data, found.metadata).then(null, () => {}); // without PNG where it cannot be drawn
  }

  // VS Code shows no SVG in a folder that is not trusted, nor JupyterLab in such a notebook: a PNG comes beside it.
  async replace(data, metadata) {
    const places = this.outputs();
    for (const { outputs, index } of places) outputs.set(index, { output_type: "display_data", data, metadata });
    const svg = data["image/svg+xml"];
    if (!svg) return;
    const { blob, width, height } = await raster(svg, HIGHEST);
    const png = base64(new DataView(await blob.arrayBuffer()));
    const both = { "image/svg+xml": svg, "image/png": png, ...data };
    const sizes = { ...metadata, "image/png": { width, height } };
    for (const { outputs, index } of places) {
      if (outputs.isDisposed || outputs.get(index)?.data["image/svg+xml"] !== svg) continue;
      outputs.set(index, { output_type: "display_data", data: both, metadata: sizes });
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
