// The chosen line as a form: its text, its settings one by one, its name, what it takes; and what can be added to it.
import { element } from "../shared/dom.js";

let labels = 0;

function labelled(text, control, hint) {
  const box = element("div", "dl-field");
  const label = element("label", "", text);
  control.id = `dl-field-${++labels}`;
  label.htmlFor = control.id;
  if (hint) control.title = hint;
  control.addEventListener("keydown", (event) => event.stopPropagation()); // the notebook has shortcuts of its own
  box.append(label, control);
  return box;
}

function input(value, change) {
  const node = element("input");
  node.type = "text";
  node.value = value;
  node.spellcheck = false;
  node.addEventListener("change", () => change(node.value));
  return node;
}

function choice(options, value, change) {
  const node = element("select");
  for (const [key, text] of options) {
    const option = element("option", "", text);
    option.value = key;
    node.append(option);
  }
  node.value = value;
  node.addEventListener("change", () => change(node.value));
  return node;
}

function button(text, act, title) {
  const node = element("button", "dl-button", text);
  node.type = "button";
  if (title) node.title = title;
  node.addEventListener("click", act);
  return node;
}

// A layer's line from its fields: the values in their order, then the options that are given.
export function written(row, fields) {
  if (row.kind === "repeat") return `repeat ${fields[0].text}:`;
  const parts = [row.text.split(" ")[0]];
  for (const field of fields) {
    if (field.kind === "flag") {
      if (field.text) parts.push(field.name);
    } else if (field.text.trim() !== "") {
      parts.push(field.kind === "option" ? `${field.name} ${field.text.trim()}` : field.text.trim());
    }
  }
  return parts.join(" ");
}

export class Form {
  constructor(send) {
    this.send = send;
    this.words = [];
    this.activations = [];
    this.node = element("div", "dl-form");
    this.problem = element("div", "dl-problem");
    this.problem.setAttribute("role", "alert");
    this.body = element("div");
    this.node.append(this.problem, this.body);
  }

  complain(text) {
    this.problem.textContent = text;
    this.problem.hidden = !text;
  }

  show(rows, line, error) {
    const row = rows.find((one) => one.line === line);
    this.complain(row?.error || (error ? `line ${error.line}: ${error.message}` : ""));
    this.line = this.turns = null;
    if (!row) return this.body.replaceChildren();
    const edit = (content) => this.send({ line: row.line, ...content });
    const parts = [element("h4", "", row.name || row.text)];
    if (row.kind === "entry") parts.push(element("p", "dl-muted", "what the network is given; add a line “input 1x28x28” to say its shape"));
    else parts.push(...this.settings(row, edit), ...this.taken(rows, row, edit));
    parts.push(this.adding(row, edit));
    if (row.kind !== "entry" && row.kind !== "input") parts.push(this.repeating(rows, row, edit));
    if (row.kind !== "entry") parts.push(button("remove this line", () => edit({ do: "remove" }), "what took its value takes what it took (Delete)"));
    this.body.replaceChildren(...parts);
  }

  settings(row, edit) {
    this.line = input(row.text, (text) => edit({ do: "write", text }));
    this.line.classList.add("dl-code");
    const parts = [labelled("line", this.line)];
    const rewrite = (name, text) => {
      const fields = row.fields.map((field) => (field.name === name ? { ...field, text } : field));
      edit({ do: "write", text: written(row, fields) });
    };
    const box = element("div", "dl-fields");
    for (const field of row.fields) {
      let control;
      if (field.kind === "flag") {
        control = element("input");
        control.type = "checkbox";
        control.checked = field.text;
        control.addEventListener("change", () => rewrite(field.name, control.checked));
      } else if (field.kind === "activation") {
        control = choice([["", "none"], ...this.activations.map((name) => [name, name])], field.text, (text) => rewrite(field.name, text));
      } else control = input(field.text, (text) => rewrite(field.name, text));
      control.dataset.field = field.name;
      box.append(labelled(field.name, control, field.what));
    }
    if (row.fields.length) parts.push(box);
    if (row.kind !== "repeat") {
      const name = input(row.target, (text) => edit({ do: "name", name: text }));
      name.placeholder = row.name;
      parts.push(labelled("name", name, "what other lines call its value"));
    }
    return parts;
  }

  // Where its values come from, each a choice among the lines.
  taken(rows, row, edit) {
    const others = rows.filter((other) => other.line !== row.line && (other.inside === row.inside || other.inside === 0) && other.line !== row.inside);
    const options = others.map((other) => [String(other.line), `${other.name || other.text}${other.shape ? `  ${other.shape}` : ""}`]);
    const parts = row.sources.map(([line], place) => {
      const known = line === row.inside && row.inside ? [[String(line), "what comes into the repeat"], ...options] : options;
      const control = choice(known, String(line), (source) => edit({ do: "connect", source: Number(source), place }));
      const box = labelled(row.sources.length > 1 ? `takes (${place + 1})` : "takes", control);
      if (row.sources.length > 2) box.append(button("×", () => edit({ do: "disconnect", place }), "take this value away"));
      return box;
    });
    if (row.kind === "join") {
      const more = choice([["", "one more value…"], ...options], "", (source) => source && edit({ do: "connect", source: Number(source) }));
      parts.push(labelled("takes also", more));
    }
    return parts;
  }

  // A frame around this line and those below it as far as is chosen; a repeat's own can be taken away.
  repeating(rows, row, edit) {
    const box = element("div", "dl-repeating");
    const beside = rows.filter((other) => other.inside === row.inside && other.kind !== "entry" && other.kind !== "input");
    const below = beside.slice(beside.indexOf(row)).map((other) => [String(other.line), other.name || other.text]);
    const turns = input("2", () => {});
    turns.dataset.field = "repeat";
    const to = choice(below, String(row.line), () => {});
    const repeat = () => edit({ do: "repeat", to: Number(to.value), turns: turns.value });
    turns.addEventListener("keydown", (event) => event.key === "Enter" && repeat());
    this.turns = turns;
    box.append(element("h4", "", "Repeat"), labelled("times", turns, "how often (R in the drawing leads here)"));
    if (below.length > 1) box.append(labelled("down to", to, "the last line that is repeated"));
    box.append(button("repeat", repeat, "every turn takes what the one before it made, and has weights of its own"));
    if (row.kind === "repeat") box.append(button("unroll", () => edit({ do: "unrepeat" }), "the frame goes, its lines stay once"));
    return box;
  }

  adding(row, edit) {
    const box = element("div", "dl-adding");
    const text = input("", () => {});
    text.classList.add("dl-code");
    text.placeholder = "conv 8 3x3 relu";
    text.addEventListener("keydown", (event) => event.key === "Enter" && add(false));
    const pick = choice([["", "a layer…"], ...this.words.map((word) => [word.name, word.name])], "", (name) => {
      const word = this.words.find((one) => one.name === name);
      if (word) text.value = word.joins ? word.name : word.example;
      text.focus();
    });
    const add = (branch) => text.value.trim() && edit({ do: "add", text: text.value, branch });
    this.add = text;
    box.append(element("h4", "", "Add"), labelled("layer", pick), labelled("its line", text));
    box.append(button("below", () => add(false), "into the flow: what took this line's value takes the new one's"));
    box.append(button("beside", () => add(true), "a branch: takes this line's value, and nothing takes its own yet"));
    return box;
  }
}
