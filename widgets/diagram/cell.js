// The text cell follows the diagram. Where the front end lets a widget see the notebook (JupyterLab, Notebook 7), the
// cell's source is replaced; elsewhere the text is shown to be copied.

function cells(model) {
  return model.widget_manager?.context?.model?.cells ?? null;
}

export function findCell(model, state) {
  const all = cells(model);
  if (!all) return null;
  const heads = new RegExp(`^\\s*%%network\\s+${state.name}\\s*$`, "m");
  let found = null;
  for (const cell of all) {
    if (cell.type !== "code") continue;
    if (cell.id === state.cell) return cell;
    if (!state.cell && heads.test(cell.sharedModel.getSource().split("\n", 1)[0])) found = cell;
  }
  return found;
}

// "done", "changed" (the cell holds something that was not run; it is left alone unless `force`) or "missing".
export function writeCell(model, state, expected, force) {
  const cell = findCell(model, state);
  if (!cell) return "missing";
  const now = cell.sharedModel.getSource();
  if (now.trim() === state.text.trim()) return "done";
  if (!force && now.trim() !== expected.trim()) return "changed";
  cell.sharedModel.setSource(state.text);
  return "done";
}
