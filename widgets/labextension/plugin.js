// What dlcore adds to JupyterLab and Notebook 7 themselves, as one prebuilt ("federated") extension of two plugins:
// cells that begin with %%network are highlighted, and a saved widget whose kernel is gone shows its picture.
// The file is a module container by hand: the host hands over the packages it shares, and asks for "./extension".
import { highlighting } from "./highlight.js";
import { pictures } from "./pictures.js";

let scope = {};

// The newest copy of a package that the host shares.
async function shared(name) {
  const versions = Object.entries(scope[name] ?? {});
  if (!versions.length) throw new Error(`dlcore: the notebook does not share ${name}`);
  const newest = versions.sort(([a], [b]) => b.localeCompare(a, "en", { numeric: true }))[0][1];
  return (await newest.get())();
}

const container = {
  init(given) {
    scope = given;
  },
  async get() {
    const made = await Promise.all([highlighting(shared), pictures(shared)]);
    return () => ({ __esModule: true, default: made });
  },
};

(window._JUPYTERLAB ??= {}).dlcore = container;
