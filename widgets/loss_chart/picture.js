// What stays of a chart whose kernel is gone: a line of text, and the plots as they were drawn.
import { count } from "../shared/dom.js";

const MARGIN = 12;
const HEADING = 26;

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

// The picture of what the page shows, as an output of the notebook; null where nothing is drawn.
export function picture(store) {
  const { status, roots } = store;
  const root = [...roots].find((view) => view.isConnected);
  if (!status || !root) return null;
  const of = status.steps_total ? ` of ${count(status.steps_total)}` : "";
  const text = `${status.name}: the kernel ended at step ${count(status.step)}${of}, epoch ${status.epoch}`;
  const canvas = drawn(root, text);
  if (!canvas) return null;
  const size = { width: canvas.width / devicePixelRatio, height: canvas.height / devicePixelRatio };
  const image = canvas.toDataURL("image/png").split(",")[1];
  return { data: { "image/png": image, "text/plain": text }, metadata: { "image/png": size } };
}
