// The network explorer: the graph at the left, the chosen layer at the right. What the page shows it asks for, a few
// times a second while somebody can see it, and not at all otherwise.
import { Inspector } from "./inspector.js";
import { element } from "../shared/dom.js";
import { keepKeys } from "../shared/keys.js";
import { raster } from "../shared/raster.js";
import { withPicture } from "../shared/still.js";
import { followTheme } from "../shared/theme.js";
import { Tree } from "./tree.js";

const PERIOD = 350; // ms between two looks
const PATIENCE = 6000; // ms after which an answer that did not come is asked for again

function button(text, title, act) {
  const node = element("button", "dl-button", text);
  node.title = title;
  node.addEventListener("click", act);
  return node;
}

function save(name, blob) {
  const link = element("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

class View {
  constructor(model, still) {
    this.model = model;
    this.still = still;
    this.asked = 0;
    this.fresh = true;
    this.inSight = true;
    this.root = element("div", "dl-explorer dl-card");
    keepKeys(this.root, model);
    this.tree = new Tree((row) => this.choose(row));
    this.inspector = new Inspector(() => this.look(true), (content) => this.model.send(content));
    const columns = element("div", "dl-columns");
    columns.append(this.tree.node, this.inspector.node);
    this.note = element("div", "dl-note");
    this.note.hidden = true;
    this.root.append(this.head(), this.note, columns);
    this.receive = (content, buffers) => this.take(content, buffers);
    model.on("msg:custom", this.receive);
    this.sight = new IntersectionObserver(([entry]) => (this.inSight = entry.isIntersecting));
    this.sight.observe(this.root);
    this.timer = setInterval(() => this.tick(), PERIOD);
    this.unwatchTheme = followTheme(this.root, () => this.inspector.repaint());
    model.send({ type: "hello" });
  }

  head() {
    const head = element("div", "dl-head-line");
    this.title = element("span", "dl-name", "…");
    const search = element("input", "dl-search");
    search.type = "search";
    search.placeholder = "search layers";
    search.setAttribute("aria-label", "search layers");
    this.hits = element("span", "dl-muted dl-hits");
    this.hits.setAttribute("aria-live", "polite");
    const find = (step) => {
      const count = this.tree.search(search.value, step);
      this.hits.textContent = search.value.trim() ? `${count} found` : "";
    };
    search.addEventListener("input", () => find(false));
    search.addEventListener("keydown", (event) => {
      event.stopPropagation(); // the notebook has shortcuts of its own
      if (event.key === "Enter") find(true);
    });
    const live = element("label", "dl-live");
    this.live = element("input");
    this.live.type = "checkbox";
    this.live.checked = true;
    live.append(this.live, document.createTextNode("live"));
    live.title = "look again while the network trains";
    const ask = (kind) => () => {
      this.wanted = kind;
      const closed = [...this.tree.closed];
      this.model.send({ type: "export", kind: kind === "mermaid" ? "mermaid" : "svg", closed });
    };
    const tools = element("span", "dl-tools");
    tools.append(
      button("fold", "fold every part", () => this.tree.foldAll(true)),
      button("unfold", "unfold every part", () => this.tree.foldAll(false)),
      button("SVG", "save the graph as an SVG picture", ask("svg")),
      button("PNG", "save the graph as a PNG picture", ask("png")),
      button("Mermaid", "save the graph as Mermaid text", ask("mermaid")),
    );
    head.append(this.title, search, this.hits, live, tools);
    return head;
  }

  choose(row) {
    this.inspector.choose(row);
    this.look(true);
  }

  // Ask for what the open tab shows of the chosen layer.
  look(fresh) {
    const row = this.tree.rows[this.tree.selected];
    if (!row || row.kind === "operator") return;
    if (row.kind === "input") {
      if (fresh && this.inspector.tab === "values") this.model.send({ type: "pictures" });
      return;
    }
    this.asked = performance.now();
    if (this.inspector.tab === "program") this.model.send({ type: "program", path: row.path });
    else this.model.send({ type: "look", path: row.path, fresh });
  }

  tick() {
    if (!this.live.checked || !this.inSight || document.hidden || this.inspector.tab !== "values") return;
    if (this.asked && performance.now() - this.asked < PATIENCE) return;
    if (this.tree.rows.length) this.look(false);
  }

  take(content, buffers) {
    const row = this.tree.rows[this.tree.selected];
    if (content.type === "structure") this.start(content);
    else if (content.type === "export") this.export(content);
    else this.asked = 0;
    if (content.type === "look" && row?.path === content.path && this.inspector.tab === "values") {
      this.inspector.values(content, buffers);
    }
    if (content.type === "program" && row?.path === content.path && this.inspector.tab === "program") {
      this.inspector.program(content);
    }
    if (content.type === "pictures" && row?.kind === "input") this.inspector.pictures(content, buffers);
    if (content.type === "saliency" && row?.kind === "input") this.inspector.samples.heat(content, buffers);
    if (content.type === "error") {
      this.inspector.status.textContent = content.text;
      if (this.inspector.tab === "values") this.asked = performance.now(); // not again at once
    }
  }

  start(content) {
    this.still.modelId = content.model_id;
    this.still.picture = content.picture;
    this.still.text = content.text;
    const whole = content.rows.find((row) => row.kind === "network");
    const layers = content.rows.filter((row) => row.kind === "layer").length;
    const count = whole.parameters === null ? "" : ` · ${whole.parameters.toLocaleString("en")} parameters`;
    this.title.replaceChildren(element("b", "", content.name), document.createTextNode(` ${layers} layers${count}`));
    this.note.hidden = !content.note;
    this.note.classList.toggle("dl-wrong", content.wrong.length > 0);
    this.note.textContent = content.note;
    this.tree.show(content.rows, content.edges, content.closed, content.wrong);
    this.choose(this.tree.rows[this.tree.selected]);
  }

  async export(content) {
    if (!this.wanted) return;
    const name = this.tree.rows.find((row) => row.kind === "network").name;
    const kind = this.wanted;
    this.wanted = null;
    if (kind === "mermaid") save(`${name}.mmd`, new Blob([content.text], { type: "text/plain" }));
    else if (kind === "svg") save(`${name}.svg`, new Blob([content.text], { type: "image/svg+xml" }));
    else save(`${name}.png`, (await raster(content.text)).blob);
  }

  close() {
    clearInterval(this.timer);
    this.sight.disconnect();
    this.unwatchTheme();
    this.tree.close();
    this.model.off("msg:custom", this.receive);
  }
}

export default withPicture(View);
