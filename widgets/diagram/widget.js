// The diagram editor: the drawing at the left, the chosen line at the right. Each gesture is sent to the kernel, which
// writes it into the text, changes the network and sends back how everything is then.
import { element } from "../shared/dom.js";
import { keepKeys } from "../shared/keys.js";
import { withPicture } from "../shared/still.js";
import { followTheme } from "../shared/theme.js";
import { Canvas } from "./canvas.js";
import { writeCell } from "./cell.js";
import { Form } from "./form.js";

function button(text, title, act) {
  const node = element("button", "dl-button", text);
  node.type = "button";
  node.title = title;
  node.addEventListener("click", act);
  return node;
}

class View {
  constructor(model, still) {
    this.model = model;
    this.still = still;
    this.root = element("div", "dl-diagram dl-card");
    keepKeys(this.root, model);
    this.unwatchTheme = followTheme(this.root);
    this.canvas = new Canvas({
      choose: (line, field) => this.choose(line, field),
      connect: (source, line) => this.connect(source, line),
      remove: (line) => this.edit({ do: "remove", line }),
    });
    this.form = new Form((content) => this.edit(content));
    this.notice = element("div", "dl-notice");
    this.notice.hidden = true;
    const columns = element("div", "dl-columns");
    columns.append(this.canvas.node, this.form.node);
    this.root.append(this.head(), this.notice, columns, this.source());
    this.root.addEventListener("keydown", (event) => this.press(event));
    this.receive = (content) => this.take(content);
    model.on("msg:custom", this.receive);
    model.send({ type: "hello" });
  }

  head() {
    const head = element("div", "dl-head-line");
    this.title = element("span", "dl-name", "…");
    this.said = element("span", "dl-muted dl-said");
    this.said.setAttribute("aria-live", "polite");
    const tools = element("span", "dl-tools");
    this.undo = button("undo", "take the last change back (Ctrl+Z)", () => this.edit({ do: "undo" }));
    this.redo = button("redo", "make it again (Ctrl+Shift+Z)", () => this.edit({ do: "redo" }));
    const copy = button("copy text", "the text of the network, to be pasted into a cell", () => this.copy());
    tools.append(this.undo, this.redo, copy);
    head.append(this.title, this.said, tools);
    return head;
  }

  source() {
    const box = element("details", "dl-source");
    const name = element("summary", "", "text");
    this.text = element("pre", "dl-text");
    this.text.tabIndex = 0;
    box.append(name, this.text);
    this.details = box;
    return box;
  }

  edit(content) {
    this.model.send({ type: "edit", ...content });
  }

  connect(source, line) {
    const row = this.state.rows.find((one) => one.line === line);
    this.edit({ do: "connect", source, line, ...(row.kind === "join" ? {} : { place: 0 }) });
  }

  choose(line, field) {
    this.form.show(this.state.rows, line, this.state.error);
    if (!field) return;
    this.form[field]?.focus();
    if (field === "turns") this.form.turns?.select();
  }

  press(event) {
    const undo = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z";
    const redo = (undo && event.shiftKey) || (event.ctrlKey && event.key.toLowerCase() === "y");
    if ((!undo && !redo) || event.target.matches("input")) return;
    event.preventDefault();
    event.stopPropagation();
    this.edit({ do: redo ? "redo" : "undo" });
  }

  take(content) {
    if (content.type === "words") {
      this.form.words = content.words;
      this.form.activations = content.activations;
    } else if (content.type === "refused") this.form.complain(content.text);
    else if (content.type === "state") this.show(content);
  }

  show(state) {
    this.state = state;
    Object.assign(this.still, { modelId: state.model_id, picture: state.picture, text: state.still });
    this.title.replaceChildren(element("b", "", state.name), document.createTextNode(` ${state.summary}`));
    this.said.textContent = state.error ? "the network is still the one before" : state.said;
    this.undo.disabled = !state.undo;
    this.redo.disabled = !state.redo;
    this.text.textContent = state.text;
    this.canvas.show(state.rows, state.selected || state.error?.line || this.canvas.selected);
    this.form.show(state.rows, this.canvas.selected, state.error);
    if (state.edited) this.follow(false);
    else this.expected = state.cell_text;
  }

  // Bring the text cell to what the diagram says.
  follow(force) {
    const outcome = writeCell(this.model, this.state, this.expected ?? "", force);
    this.root.dataset.cell = outcome;
    if (outcome === "done") {
      this.expected = this.state.text;
      this.notice.hidden = true;
      return;
    }
    const said = outcome === "changed" ? "The text cell was changed and not run, so it was left as it is." : "The text cell cannot be reached from here.";
    const act = outcome === "changed" ? button("replace its text", "what is in the cell is lost", () => this.follow(true)) : button("copy text", "paste it into the cell", () => this.copy());
    this.notice.replaceChildren(document.createTextNode(`${said} `), act);
    this.notice.hidden = false;
    if (outcome === "missing") this.details.open = true;
  }

  async copy() {
    try {
      await navigator.clipboard.writeText(this.state.text);
      this.said.textContent = "copied";
    } catch {
      this.details.open = true;
      getSelection().selectAllChildren(this.text);
      this.said.textContent = "the text is selected below";
    }
  }

  close() {
    this.unwatchTheme();
    this.model.off("msg:custom", this.receive);
  }
}

export default withPicture(View);
