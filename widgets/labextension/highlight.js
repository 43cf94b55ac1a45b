// The colours of a %%network cell. The words are those of the language (words.json, kept equal to it by a test).
import words from "./words.json";

const LAYERS = new Set(words.layers);
const OPTIONS = new Set(words.options);
const ACTIVATIONS = new Set(words.activations);
const STATEMENTS = new Set([...words.statements, "from", "flowchart", "graph", "subgraph", "end", "direction"]);
const HEAD = /^\s*%%network\b/;

// One token of a line: what it is, in the words of CodeMirror's highlighter.
export function token(stream, state) {
  if (stream.sol()) Object.assign(state, { head: HEAD.test(stream.string), first: true });
  if (stream.eatSpace()) return null;
  if (state.head && stream.match(/%%network/)) return "meta";
  if (stream.match(/%%.*/)) return "comment"; // a remark in a flowchart
  if (stream.match(/(--+>|==+>|-\.+->|---)/)) return "operator";
  if (stream.match(/#(?!\w+;).*/)) return "comment";
  if (stream.peek() === "{" && stream.match(/\{(?:[^{}]|\{[^}]*\})*\}/)) return "string.special";
  if (stream.match(/-?\d[\d.]*(?:[eE][+-]?\d+)?(?:[x×](?:\d+|\{[^}]*\}))*/)) return "number";
  const word = stream.match(/[^\W\d]\w*/);
  if (!word) {
    stream.next();
    return null;
  }
  const [first, text] = [state.first, word[0]];
  state.first = false;
  if (state.head) return first ? "variableName.definition" : "variableName";
  if (STATEMENTS.has(text)) return "keyword";
  if (stream.match(/\s*=(?!=)/, false)) return "variableName.definition";
  if (ACTIVATIONS.has(text)) return first ? "keyword" : "variableName.standard";
  if (LAYERS.has(text)) return "keyword";
  return OPTIONS.has(text) ? "propertyName" : "variableName";
}

export function isNetwork(doc) {
  for (let number = 1; number <= Math.min(doc.lines, 20); number++) {
    const { text } = doc.line(number);
    if (text.trim()) return HEAD.test(text);
  }
  return false;
}

export async function highlighting(shared) {
  const { StreamLanguage, language } = await shared("@codemirror/language");
  const { Prec } = await shared("@codemirror/state");
  const { EditorExtensionRegistry, IEditorExtensionRegistry } = await shared("@jupyterlab/codemirror");
  const network = StreamLanguage.define({
    name: "dlcore-network",
    startState: () => ({ head: false, first: true }),
    token,
    languageData: { commentTokens: { line: "#" } },
  });
  const plain = StreamLanguage.define({ name: "dlcore-plain", token: (stream) => void stream.skipToEnd() });
  // The first language of an editor counts: ours, as long as the cell begins with %%network. The last is for editors
  // that have none, which CodeMirror does not expect once somebody speaks of languages at all.
  const ours = language.computeN(["doc"], (state) => (isNetwork(state.doc) ? [network] : []));
  const chosen = [Prec.highest(ours), Prec.lowest(language.of(plain))];
  return {
    id: "dlcore:network-language",
    description: "Highlights cells that begin with %%network.",
    autoStart: true,
    requires: [IEditorExtensionRegistry],
    activate: (app, registry) => {
      registry.addExtension({
        name: "dlcore-network",
        factory: () => EditorExtensionRegistry.createImmutableExtension(chosen),
      });
    },
  };
}
