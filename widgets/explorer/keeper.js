// The saved notebook must not depend on a living kernel: when the kernel goes, the picture takes the explorer's place.
const WIDGET = "application/vnd.jupyter.widget-view+json";
const GONE = ["restarting", "autorestarting", "terminating", "dead"];

export class Keeper {
  constructor(model) {
    this.model = model;
    this.picture = null;
    this.session = model.widget_manager?.context?.sessionContext;
    this.watch = (_, status) => {
      if (GONE.includes(status)) this.leave();
    };
    this.session?.statusChanged?.connect(this.watch);
  }

  leave() {
    if (!this.picture) return;
    for (const cell of this.model.widget_manager?.context?.model?.cells ?? []) {
      const outputs = cell.outputs;
      for (let index = 0; index < (outputs?.length ?? 0); index++) {
        const view = outputs.get(index).data?.[WIDGET];
        if (!view || view.model_id !== this.modelId) continue;
        const data = { "image/svg+xml": this.picture, "text/plain": this.text };
        outputs.set(index, { output_type: "display_data", data, metadata: {} });
      }
    }
  }

  close() {
    this.session?.statusChanged?.disconnect(this.watch);
  }
}
