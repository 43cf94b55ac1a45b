// Where the boxes of a diagram stand: ranks from top to bottom by what a line takes, order within a rank so that few
// arrows cross, and a repeat as one large box that holds its own lines.
const GAP = 26; // between boxes of one rank
const RISE = 40; // between ranks, room for an arrow with its shape
const PAD = 14; // inside the frame of a repeat
const TITLE = 24;
const HIGH = 46;
const THIN = 14; // what an arrow that passes a rank takes there

export function width(row) {
  const text = Math.max(row.text.length * 7.3, `${row.name}  ${row.parameters.toLocaleString("en")} parameters`.length * 6.1);
  return Math.max(130, Math.min(360, text + 26));
}

// Everything that stands inside repeat `inside` (0: the whole text), with places relative to its own corner.
function scope(rows, inside) {
  const cells = rows.filter((row) => row.inside === inside).map((row) => {
    const cell = { row, line: row.line, w: width(row), h: HIGH, x: 0, rank: 0, sources: [] };
    if (row.kind === "repeat") {
      cell.inner = scope(rows, row.line);
      cell.w = Math.max(cell.inner.w + 2 * PAD, 180);
      cell.h = cell.inner.h + TITLE + 2 * PAD;
    }
    return cell;
  });
  const byLine = new Map(cells.map((cell) => [cell.line, cell]));
  for (const cell of cells) {
    const taken = cell.inner ? [...cell.row.sources, ...cell.inner.outside] : cell.row.sources;
    cell.sources = [...new Set(taken.map(([line]) => byLine.get(line)).filter((other) => other && other !== cell))];
    cell.rank = 1 + Math.max(-1, ...cell.sources.map((other) => other.rank));
  }
  const outside = cells.flatMap((cell) => (cell.inner ? [...cell.row.sources, ...cell.inner.outside] : cell.row.sources))
    .filter(([line]) => !byLine.has(line) && line !== inside);
  const ranks = [];
  for (const cell of cells) (ranks[cell.rank] ??= []).push(cell);
  const chains = thread(cells, ranks);
  order(ranks);
  const [w, h] = place(ranks);
  return { cells, chains, outside, w, h };
}

// Arrows that pass ranks get a thin cell in each, so that no box is drawn over them.
function thread(cells, ranks) {
  const chains = new Map();
  for (const cell of cells) cell.above = [];
  for (const cell of cells) {
    for (const source of cell.sources) {
      let last = source;
      const chain = [];
      for (let rank = source.rank + 1; rank < cell.rank; rank++) {
        const thin = { thin: true, w: THIN, h: 0, x: 0, rank, above: [last] };
        ranks[rank].push(thin);
        chain.push(thin);
        last = thin;
      }
      cell.above.push(last);
      chains.set(`${source.line} ${cell.line}`, chain);
    }
  }
  return chains;
}

function order(ranks) {
  const below = new Map();
  for (const rank of ranks) for (const cell of rank) for (const up of cell.above) below.set(up, [...(below.get(up) ?? []), cell]);
  const mean = (cells, otherwise) => (cells.length ? cells.reduce((sum, cell) => sum + cell.at, 0) / cells.length : otherwise);
  const number = (rank) => rank.forEach((cell, at) => (cell.at = at - (rank.length - 1) / 2));
  ranks.forEach(number);
  for (let turn = 0; turn < 6; turn++) {
    const down = turn % 2 === 0;
    for (const rank of down ? ranks : [...ranks].reverse()) {
      const wish = new Map(rank.map((cell) => [cell, mean(down ? cell.above : below.get(cell) ?? [], cell.at)]));
      rank.sort((a, b) => wish.get(a) - wish.get(b));
      number(rank);
    }
  }
  for (const rank of ranks) for (const cell of rank) cell.below = below.get(cell) ?? [];
}

// Middle lines: each cell near the mean of what it is joined to, without overlaps.
function place(ranks) {
  for (const rank of ranks) {
    let x = -rank.reduce((sum, cell) => sum + cell.w + GAP, -GAP) / 2;
    for (const cell of rank) {
      cell.x = x + cell.w / 2;
      x += cell.w + GAP;
    }
  }
  for (let turn = 0; turn < 8; turn++) {
    for (const rank of turn % 2 ? [...ranks].reverse() : ranks) {
      const wish = rank.map((cell) => {
        const near = turn % 2 ? cell.below : cell.above;
        return near.length ? near.reduce((sum, other) => sum + other.x, 0) / near.length : cell.x;
      });
      rank.forEach((cell, at) => {
        const least = at ? rank[at - 1].x + (rank[at - 1].w + cell.w) / 2 + GAP : -Infinity;
        cell.x = Math.max(wish[at], least);
      });
      const off = rank.reduce((sum, cell, at) => sum + wish[at] - cell.x, 0) / Math.max(1, rank.length);
      rank.forEach((cell) => (cell.x += off));
    }
  }
  let top = 0;
  for (const rank of ranks) {
    const high = Math.max(0, ...rank.map((cell) => cell.h));
    for (const cell of rank) {
      cell.y = cell.thin ? top : top + (high - cell.h) / 2;
      cell.h = cell.thin ? high : cell.h;
    }
    top += high + RISE;
  }
  const all = ranks.flat();
  const left = Math.min(...all.map((cell) => cell.x - cell.w / 2), 0);
  for (const cell of all) cell.x -= left;
  return [Math.max(0, ...all.map((cell) => cell.x + cell.w / 2)), Math.max(0, top - RISE)];
}

// Boxes by line with absolute corners, and the arrows between them as lists of points.
export function layout(rows) {
  const whole = scope(rows, 0);
  const boxes = new Map();
  const chains = [];
  const settle = (part, dx, dy) => {
    for (const cell of part.cells) {
      const box = { row: cell.row, x: dx + cell.x - cell.w / 2, y: dy + cell.y, w: cell.w, h: cell.h };
      boxes.set(cell.line, box);
      if (cell.inner) settle(cell.inner, box.x + (cell.w - cell.inner.w) / 2, box.y + TITLE + PAD);
    }
    for (const [key, chain] of part.chains) {
      chains.push([key, chain.flatMap((thin) => [[dx + thin.x, dy + thin.y], [dx + thin.x, dy + thin.y + thin.h]])]);
    }
  };
  settle(whole, 16, 16);
  const between = new Map(chains);
  const wires = [];
  for (const { row } of boxes.values()) {
    row.sources.forEach(([line, shape, bad], at) => {
      const [from, to] = [boxes.get(line), boxes.get(row.line)];
      if (!from || !to) return;
      const entry = line === row.inside; // from the top of the repeat it stands in
      const start = entry ? [from.x + from.w / 2, from.y + TITLE] : [from.x + from.w / 2, from.y + from.h];
      const spread = row.sources.length > 1 ? ((at + 1) / (row.sources.length + 1) - 0.5) * Math.min(to.w, 120) : 0;
      const end = [to.x + to.w / 2 + spread, to.y];
      wires.push({ from: line, to: row.line, at, shape, bad, entry, points: [start, ...(between.get(`${line} ${row.line}`) ?? []), end] });
    });
  }
  return { boxes, wires, width: whole.w + 32, height: whole.h + 32 };
}
