// A page that shows widgets as VS Code's notebook does: Microsoft's widget manager, require.js as a global, a loader that
// fetches anywidget from the kernel's environment, and a kernel whose messages all take one road: no subshells.

class Signal {
  constructor(sender) {
    this.sender = sender;
    this.slots = [];
  }
  connect(slot, self) {
    this.slots.push([slot, self]);
    return true;
  }
  disconnect(slot, self) {
    this.slots = this.slots.filter(([one, its]) => one !== slot || its !== self);
    return true;
  }
  emit(value) {
    for (const [slot, self] of [...this.slots]) slot.call(self, this.sender, value);
  }
}

// The frame that a Jupyter server puts around a message with buffers: how many parts, where each begins, the parts.
function framed(message) {
  const { buffers = [], ...rest } = message;
  if (!buffers.length) return JSON.stringify(rest);
  const views = buffers.map((part) => (part.buffer ? new Uint8Array(part.buffer, part.byteOffset, part.byteLength) : new Uint8Array(part)));
  const parts = [new TextEncoder().encode(JSON.stringify(rest)), ...views];
  let at = 4 * (parts.length + 1);
  const whole = new Uint8Array(at + parts.reduce((sum, part) => sum + part.byteLength, 0));
  const head = new DataView(whole.buffer);
  head.setUint32(0, parts.length);
  parts.forEach((part, index) => {
    head.setUint32(4 * (index + 1), at);
    whole.set(part, at);
    at += part.byteLength;
  });
  return whole.buffer;
}

function unframed(data) {
  if (typeof data === "string") return { buffers: [], ...JSON.parse(data) };
  const head = new DataView(data);
  const starts = Array.from({ length: head.getUint32(0) }, (_, index) => head.getUint32(4 * (index + 1)));
  const parts = starts.map((start, index) => new DataView(data.slice(start, starts[index + 1] ?? data.byteLength)));
  return { ...JSON.parse(new TextDecoder().decode(parts[0])), buffers: parts.slice(1) };
}

class Comm {
  constructor(kernel, target, id) {
    Object.assign(this, { kernel, targetName: target, commId: id, isDisposed: false });
  }
  open(data, metadata, buffers) {
    return this.tell("comm_open", { target_name: this.targetName, data }, metadata, buffers);
  }
  send(data, metadata, buffers) {
    return this.tell("comm_msg", { data }, metadata, buffers);
  }
  close(data, metadata, buffers) {
    this.kernel.comms.delete(this.commId);
    return this.tell("comm_close", { data }, metadata, buffers);
  }
  tell(kind, content, metadata, buffers) {
    return this.kernel.request(kind, { comm_id: this.commId, ...content }, metadata, buffers);
  }
}

class Kernel {
  constructor(address) {
    Object.assign(this, { id: "kernel", name: "python3", username: "", clientId: crypto.randomUUID() });
    Object.assign(this, { status: "idle", connectionStatus: "connected", handleComms: true, isDisposed: false });
    for (const name of ["statusChanged", "connectionStatusChanged", "iopubMessage", "unhandledMessage", "disposed"]) {
      this[name] = new Signal(this);
    }
    this.comms = new Map();
    this.targets = new Map();
    this.waiting = new Map();
    this.order = Promise.resolve(); // messages are handled one after the other, as VS Code's are
    this.socket = new WebSocket(address);
    this.socket.binaryType = "arraybuffer";
    this.socket.onmessage = (event) => {
      const message = unframed(event.data);
      this.order = this.order.then(() => this.handle(message)).catch((error) => window.mistakes.push(String(error)));
    };
    this.ready = new Promise((done, failed) => {
      this.socket.onopen = done;
      this.socket.onerror = () => failed(new Error("the kernel cannot be reached"));
    });
  }

  request(kind, content, metadata = {}, buffers = []) {
    const header = { msg_id: crypto.randomUUID(), msg_type: kind, username: "", session: this.clientId, version: "5.3" };
    header.date = new Date().toISOString();
    const message = { header, parent_header: {}, metadata, content, channel: "shell" };
    const future = { msg: message, onReply() {}, onIOPub() {}, onStdin() {}, dispose() {} };
    future.done = new Promise((done) => (future.settle = done));
    this.waiting.set(header.msg_id, future);
    this.socket.send(framed({ ...message, buffers }));
    return future;
  }

  async handle(message) {
    const kind = message.header.msg_type;
    const future = this.waiting.get(message.parent_header?.msg_id);
    if (message.channel === "iopub") {
      await this.heard(kind, message);
      await future?.onIOPub(message);
      this.iopubMessage.emit(message);
    } else if (message.channel === "shell") {
      await future?.onReply(message);
      future?.settle(message);
    }
  }

  async heard(kind, message) {
    const { comm_id: id, target_name: target } = message.content;
    if (kind === "comm_open") {
      const comm = this.createComm(target, id);
      await this.targets.get(target)?.(comm, message);
    } else if (kind === "comm_msg") {
      await this.comms.get(id)?.onMsg?.(message);
    } else if (kind === "comm_close") {
      await this.comms.get(id)?.onClose?.(message);
      this.comms.delete(id);
    } else if (kind === "status") {
      this.status = message.content.execution_state;
      this.statusChanged.emit(this.status);
    }
  }

  createComm(target, id = crypto.randomUUID()) {
    const comm = new Comm(this, target, id);
    this.comms.set(id, comm);
    return comm;
  }
  registerCommTarget(target, callback) {
    this.targets.set(target, callback);
  }
  removeCommTarget(target) {
    this.targets.delete(target);
  }
  hasComm(id) {
    return this.comms.has(id);
  }
  requestCommInfo(content) {
    return this.request("comm_info_request", content).done;
  }
  registerMessageHook() {}
  removeMessageHook() {}
}

// What the extension does to every widget half a second after it is drawn, for people who use the keyboard.
function reachable(place) {
  for (const node of place.querySelectorAll('button:not([tabindex]), a[href]:not([tabindex]), [role="button"]:not([tabindex])')) {
    node.setAttribute("tabindex", "0");
    node.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      node.click();
    });
  }
}

const VIEW = "application/vnd.jupyter.widget-view+json";

class Page {
  constructor(kernel) {
    this.kernel = kernel;
    this.logged = [];
    const loader = {
      widgetsRegisteredInRequireJs: new Set(),
      loadWidgetScript: async (name) => {
        requirejs.config({ paths: { [name]: `/vscode/nbextensions/${name}/index` } });
        loader.widgetsRegisteredInRequireJs.add(name);
      },
      successHandler() {},
      errorHandler: (...what) => window.mistakes.push(`the script of a widget: ${what.join(" ")}`),
    };
    this.manager = new window.vscIPyWidgets.WidgetManager(kernel, document.body, loader, (text) => this.logged.push(text));
    this.manager.onUnhandledIOPubMessage?.connect((_, message) => this.logged.push(`unhandled ${message.header.msg_type}`));
  }

  // Run a cell; what it shows appears below. Returns at once, `state` says where it is.
  run(name, code) {
    const cell = document.createElement("div");
    cell.id = name;
    cell.dataset.state = "running";
    document.body.append(cell);
    const future = this.kernel.request("execute_request", { code, silent: false, store_history: true, allow_stdin: false, stop_on_error: true, user_expressions: {} });
    const shown = new Map();
    future.onIOPub = (message) => this.output(cell, shown, message);
    future.done.then((reply) => (cell.dataset.state = reply.content.status));
  }

  output(cell, shown, message) {
    const { header, content } = message;
    if (header.msg_type === "stream") cell.append(Object.assign(document.createElement("pre"), { textContent: content.text }));
    if (header.msg_type === "error") window.mistakes.push(`${content.ename}: ${content.evalue}`);
    if (!["display_data", "execute_result", "update_display_data"].includes(header.msg_type)) return;
    const id = content.transient?.display_id;
    const box = (header.msg_type === "update_display_data" && shown.get(id)) || cell.appendChild(document.createElement("div"));
    if (id) shown.set(id, box);
    box.replaceChildren();
    if (content.data[VIEW]) this.widget(box, content.data[VIEW]);
    else if (content.data["image/png"]) box.append(Object.assign(new Image(), { src: `data:image/png;base64,${content.data["image/png"]}` }));
    else if (content.data["image/svg+xml"]) box.innerHTML = content.data["image/svg+xml"];
    else box.append(Object.assign(document.createElement("pre"), { textContent: content.data["text/plain"] }));
  }

  async widget(box, data) {
    const place = box.appendChild(document.createElement("div"));
    place.className = "cell-output-ipywidget-background";
    place.tabIndex = 0;
    try {
      const model = await this.manager.get_model(data.model_id);
      const view = await this.manager.create_view(model, { el: place });
      await this.manager.display_view(data, view, { node: place });
      setTimeout(() => reachable(place), 500);
    } catch (error) {
      window.mistakes.push(`a widget cannot be drawn: ${error?.stack ?? error}`);
    }
  }
}

window.mistakes = [];
window.begin = async (address) => {
  const bundle = await import("/vscode/ipywidgets.js");
  bundle.activate();
  window.vscIPyWidgets8.load();
  const kernel = new Kernel(address);
  await kernel.ready;
  window.page = new Page(kernel);
};
