// A plot as SVG: a frame with axes, and lines and points in it. All sizes are in the units of its view box.
import { element, format } from "../shared/dom.js";

const SPACE = "http://www.w3.org/2000/svg";
const STYLES = "fill stroke stroke-width stroke-opacity stroke-dasharray paint-order font-size".split(" ");
const ROW = 960; // the width that plots side by side may take, at least

export function drawn(tag, attributes, text) {
  const node = document.createElementNS(SPACE, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

export class Plot {
  constructor(title, width, height, name) {
    this.node = element("figure", "dl-plot");
    this.node.dataset.name = name;
    this.title = element("figcaption", "dl-plot-title", title);
    this.node.append(this.title);
    this.width = width;
    this.height = height;
    this.svg = drawn("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title });
    this.node.append(this.svg);
    this.box = { left: 48, top: 8, right: width - 12, bottom: height - 30 };
  }

  // Be as wide as there is room, so that text has one size however narrow the page is; `again` draws anew.
  follow(again) {
    new ResizeObserver(([entry]) => {
      const width = Math.round(entry.contentRect.width);
      if (width < 1 || width === this.width) return;
      this.box.right += width - this.width;
      this.width = width;
      this.svg.setAttribute("viewBox", `0 0 ${width} ${this.height}`);
      again();
    }).observe(this.node);
  }

  clear() {
    this.svg.replaceChildren();
  }

  // The ends of both axes; equal ends are moved apart.
  scale(x, y) {
    const apart = ([low, high]) => (high > low ? [low, high] : [low - 0.5, high + 0.5]);
    [this.x, this.y] = [apart(x), apart(y)];
    const room = 0.05 * (this.y[1] - this.y[0]);
    this.y = [this.y[0] - room, this.y[1] + room];
  }

  at(x, y) {
    const { left, right, top, bottom } = this.box;
    return [
      left + ((x - this.x[0]) / (this.x[1] - this.x[0])) * (right - left),
      bottom - ((y - this.y[0]) / (this.y[1] - this.y[0])) * (bottom - top),
    ];
  }

  axes(xName) {
    const { left, right, bottom } = this.box;
    for (const value of round(this.y[0], this.y[1], 4)) {
      const [, y] = this.at(this.x[0], value);
      this.svg.append(drawn("line", { x1: left, x2: right, y1: y, y2: y, class: "dl-grid" }));
      this.svg.append(drawn("text", { x: left - 5, y: y + 3.5, class: "dl-tick", "text-anchor": "end" }, format(value)));
    }
    for (const value of round(this.x[0], this.x[1], 6)) {
      if (!Number.isInteger(value)) continue;
      const [x] = this.at(value, this.y[0]);
      this.svg.append(drawn("text", { x, y: bottom + 13, class: "dl-tick", "text-anchor": "middle" }, format(value)));
    }
    this.svg.append(drawn("line", { x1: left, x2: right, y1: bottom, y2: bottom, class: "dl-axis" }));
    const middle = (left + right) / 2;
    this.svg.append(drawn("text", { x: middle, y: bottom + 27, class: "dl-tick", "text-anchor": "middle" }, xName));
  }

  line(points, className) {
    const path = points.map(([x, y], index) => `${index ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
    const node = drawn("path", { d: path, class: `dl-line ${className}` });
    this.svg.append(node);
    return node;
  }

  dot([x, y], className, radius = 3) {
    const node = drawn("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r: radius, class: className });
    this.svg.append(node);
    return node;
  }
}

// Round numbers between two ends: as many as fit into one more than is asked for.
export function round(low, high, many) {
  const power = 10 ** Math.floor(Math.log10((high - low) / many));
  const count = (size) => Math.floor(high / size) - Math.ceil(low / size) + 1;
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => count(size) <= many + 1);
  const found = [];
  for (let value = Math.ceil(low / step) * step; value <= high + 1e-9 * step; value += step) {
    found.push(Number(value.toPrecision(12)));
  }
  return found;
}

// All plots of a view as one SVG that needs no style sheet.
export function standing(root, text) {
  const plots = [...root.querySelectorAll("figure svg")];
  const whole = Math.max(ROW, root.clientWidth);
  let [left, top, row] = [0, 30, 0];
  const parts = plots.map((svg) => {
    const copy = svg.cloneNode(true);
    const originals = [svg, ...svg.querySelectorAll("*")];
    [copy, ...copy.querySelectorAll("*")].forEach((node, index) => {
      const style = getComputedStyle(originals[index]);
      for (const name of STYLES) node.setAttribute(name, style.getPropertyValue(name));
      node.removeAttribute("class");
    });
    const [, , width, height] = svg.getAttribute("viewBox").split(" ");
    if (left && left + Number(width) > whole) [left, top, row] = [0, top + row + 10, 0];
    for (const [name, value] of Object.entries({ x: left, y: top, width, height })) copy.setAttribute(name, value);
    [left, row] = [left + Number(width) + 20, Math.max(row, Number(height))];
    return copy.outerHTML;
  });
  const style = getComputedStyle(root);
  const head = `<text x="12" y="18" font-size="13" fill="${style.color}">${text.replace(/[<&]/g, "")}</text>`;
  const paper = `<rect width="100%" height="100%" fill="${style.backgroundColor}"/>`;
  const font = 'font-family="system-ui, sans-serif"';
  return `<svg xmlns="${SPACE}" width="${whole}" height="${top + row}" ${font}>${paper}${head}${parts.join("")}</svg>`;
}
