// An SVG picture as PNG, twice as fine as it is shown, or as fine as a canvas may be.
const FINE = 2;
const LONGEST = 16384; // pixels of a canvas, in either direction; Chromium's and Firefox's bound is not below
const AREA = 2 ** 28;

// Gives {blob, width, height}, the size in CSS pixels; what lies below `highest` is left out.
export async function raster(svg, highest = Infinity) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const [width, height] = [image.width, Math.min(image.height, highest)];
  const scale = Math.min(FINE, LONGEST / Math.max(width, height), Math.sqrt(AREA / (width * height)));
  const canvas = document.createElement("canvas");
  canvas.width = Math.floor(scale * width);
  canvas.height = Math.floor(scale * height);
  canvas.getContext("2d").drawImage(image, 0, 0, scale * width, scale * image.height);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
  if (!blob) throw new Error("the picture is too large for this browser");
  return { blob, width, height };
}
