// The saved notebook must not depend on a living kernel. At the end of a run the kernel puts a picture in the place of
// the chart; but a page that was loaded while the run was going does not know which output that was. Such a page
// still has the chart on it, so it asks for the picture and puts it in the notebook's output itself.

const WIDGET = "application/vnd.jupyter.widget-view+json";
const PATIENCE = 2000; // ms in which the kernel's own replacement would have come

// The outputs of the open notebook that show this model, where JupyterLab lets us see them.
function outputsOf(model, id) {
  const found = [];
  const cells = model.widget_manager?.context?.model?.cells;
  if (!cells) return found;
  for (const cell of cells) {
    const outputs = cell.outputs;
    for (let index = 0; index < (outputs?.length ?? 0); index++) {
      const view = outputs.get(index).data?.[WIDGET];
      if (view && view.model_id === id) found.push({ outputs, index });
    }
  }
  return found;
}

export class Keeper {
  constructor(model, store) {
    this.model = model;
    this.store = store;
    this.timer = null;
    this.receive = (content, buffers) => {
      if (content.type === "picture") this.replace(content, buffers[0]);
    };
    model.on("msg:custom", this.receive);
    store.watch(() => {
      if (!store.ended || this.timer !== null) return;
      this.timer = setTimeout(() => {
        if (outputsOf(model, store.modelId).length) store.send({ type: "picture" });
      }, PATIENCE);
    });
  }

  replace(content, view) {
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    let text = "";
    for (const byte of bytes) text += String.fromCharCode(byte);
    for (const { outputs, index } of outputsOf(this.model, this.store.modelId)) {
      outputs.set(index, {
        output_type: "display_data",
        data: { "image/png": btoa(text), "text/plain": content.text },
        metadata: { "image/png": content.size },
      });
    }
  }

  close() {
    clearTimeout(this.timer);
    this.model.off("msg:custom", this.receive);
  }
}
