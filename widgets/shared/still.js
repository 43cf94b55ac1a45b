// The picture that a widget's kernel sends with each state: it takes the widget's place when the kernel goes.
import { Keeper } from "./keeper.js";

class Still {
  constructor() {
    Object.assign(this, { modelId: null, picture: null, text: "", ended: false, stays: true });
  }

  watch() {}

  drawn() {
    const data = { "image/svg+xml": this.picture, "text/plain": this.text };
    return this.picture && { data, metadata: {} };
  }
}

// What anywidget calls for a widget whose `View` is made from the model and a place to put the picture.
export function withPicture(View) {
  return function () {
    const still = new Still();
    return {
      initialize({ model }) {
        const keeper = new Keeper(model, still);
        return () => keeper.close();
      },
      render({ model, el }) {
        const view = new View(model, still);
        el.append(view.root);
        return () => view.close();
      },
    };
  };
}
