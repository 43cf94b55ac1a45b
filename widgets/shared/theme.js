// Which of a widget's two palettes fits is told by the ground that it stands on: every front end has other names for its
// themes, and some of them give a widget a ground of another kind than the page's.

const PAGE = ["class", "style", "data-jp-theme-light", "data-jp-theme-name", "data-vscode-theme-kind", "data-theme"];
const DARK = 0.4; // of white, as the eye counts

// The red, green, blue and alpha of any colour of CSS, each from 0 to 255.
function parts(colour) {
  const ctx = new OffscreenCanvas(1, 1).getContext("2d");
  ctx.fillStyle = colour;
  ctx.fillRect(0, 0, 1, 1);
  return ctx.getImageData(0, 0, 1, 1).data;
}

function isDark(node) {
  for (let below = node; below; below = below.parentElement) {
    const [red, green, blue, alpha] = parts(getComputedStyle(below).backgroundColor);
    if (alpha > 127) return (0.299 * red + 0.587 * green + 0.114 * blue) / 255 < DARK;
  }
  return false;
}

// Keeps data-theme of `root` at "dark" or "light", and calls `repaint` after a change. Returns what ends the watch.
export function followTheme(root, repaint = () => {}) {
  let seen = "";
  const look = () => {
    if (!root.isConnected) return;
    root.dataset.theme = isDark(root) ? "dark" : "light";
    const { backgroundColor, color } = getComputedStyle(root);
    if (seen === backgroundColor + color) return;
    seen = backgroundColor + color;
    repaint();
  };
  const drawn = new ResizeObserver(look); // a widget is made before it is on the page
  drawn.observe(root);
  const page = new MutationObserver(look);
  for (const node of [document.body, document.documentElement]) {
    page.observe(node, { attributes: true, attributeFilter: PAGE });
  }
  return () => {
    drawn.disconnect();
    page.disconnect();
  };
}
