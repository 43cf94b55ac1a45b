// A saved notebook holds each widget twice: as the widget, which needs its kernel, and as a picture. The notebook's own
// renderer shows "model not found" when the kernel is gone; here the picture takes its place.
const WIDGET = "application/vnd.jupyter.widget-view+json";
const PATIENCE = 4000; // ms after which a widget that is still being looked for is not there
const RANK = -10; // that of the widgets' renderer

function picture(data) {
  const svg = data["image/svg+xml"];
  const image = document.createElement("img");
  if (svg) image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent([svg].flat().join(""))}`;
  else if (data["image/png"]) image.src = `data:image/png;base64,${data["image/png"]}`;
  else return null;
  image.alt = [data["text/plain"] ?? "the picture of a widget whose kernel has ended"].flat().join("");
  image.style.maxWidth = "100%";
  return image;
}

export function keepPicture(renderer) {
  const render = renderer.renderModel.bind(renderer);
  const show = (model, missing) => {
    const image = missing.test(renderer.node.textContent) ? picture(model.data) : null;
    if (!image) return;
    renderer.node.classList.remove("jupyter-widgets");
    renderer.node.replaceChildren(image);
    renderer.node.dataset.dlcore = "picture";
  };
  renderer.renderModel = async (model) => {
    const late = setTimeout(() => show(model, /^Loading widget/), PATIENCE);
    await render(model);
    if (/^Loading widget/.test(renderer.node.textContent)) return; // it is rendered again when widgets are back
    clearTimeout(late);
    show(model, /^Error displaying widget/);
  };
  return renderer;
}

function wrap(rendermime) {
  const factory = rendermime.getFactory(WIDGET);
  if (!factory || factory.keepsPicture) return;
  rendermime.removeMimeType(WIDGET);
  const createRenderer = (options) => keepPicture(factory.createRenderer(options));
  rendermime.addFactory({ safe: factory.safe, mimeTypes: [WIDGET], createRenderer, keepsPicture: true }, RANK);
}

export async function pictures(shared) {
  const { INotebookTracker } = await shared("@jupyterlab/notebook");
  return {
    id: "dlcore:pictures",
    description: "Shows the picture of a widget whose kernel is gone.",
    autoStart: true,
    requires: [INotebookTracker],
    activate: (app, tracker) => {
      const watch = (panel) => {
        // The widgets' own extension sets its renderer in the same moment: after it, and again when all is loaded.
        Promise.resolve().then(() => wrap(panel.content.rendermime));
        panel.context.ready.then(() => wrap(panel.content.rendermime));
      };
      tracker.forEach(watch);
      tracker.widgetAdded.connect((_, panel) => watch(panel));
    },
  };
}
