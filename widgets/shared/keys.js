// Keys that are pressed inside a widget are the widget's. A notebook would take some of them first: Notebook 7 moves
// between headings with the arrow keys that a slider needs, and undoes a cell with the Ctrl+Z that a diagram needs.
// Saving still works.
export function keepKeys(root, model) {
  // What the notebook's table of shortcuts respects: it looks from the element that has the focus upwards.
  root.addEventListener("focusin", (event) => (event.target.dataset.lmSuppressShortcuts = "true"));
  root.addEventListener("keydown", (event) => {
    const context = model.widget_manager?.context;
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "s" || !context?.save) return;
    try {
      context.save();
    } catch {
      return; // VS Code's cannot; there the key itself goes on to the editor, which saves
    }
    event.preventDefault();
  });
}
