// A recurrence over the steps of a sequence, in one direction, whose inputs were multiplied by their weights before.
#pragma once
#include <vector>

#include "kernels/cpu/isa/recurrent_rows.h"
#include "kernels/cpu/views.h"

namespace dl {

enum class Cell { tanh, relu, lstm, gru };

struct Sequence {
  Cell cell;
  bool reverse;
  int64_t steps, batch, hidden;
  int64_t width() const { return hidden * (cell == Cell::lstm ? 4 : cell == Cell::gru ? 3 : 1); }  // of all gates
  int64_t saved() const { return cell == Cell::lstm || cell == Cell::gru ? 4 * hidden : 0; }
  int64_t at(int64_t k) const { return reverse ? steps - 1 - k : k; }  // the place of step k
};

// Row-major arrays: xw (t, n, width), w (width, hidden), b (width), h0 and c0 (n, hidden); y and cs (t, n, hidden),
// saved (t, n, saved). c0 and cs belong to LSTM only.
template <class S>
struct Run {
  const S *xw, *w, *b, *h0, *c0;
  S *y, *cs, *saved;
};
// gy and gcs as y and cs, either may be null; dx and dhh as xw (one array but for GRU); dh0 and dc0 as h0; db (n,
// width) takes the sum over the steps of dhh, for each sample.
template <class S>
struct Back {
  const S *gy, *gcs;
  S *dx, *dhh, *dh0, *dc0, *db;
};

// Numbers in memory that what follows a product reads or writes.
template <class S>
struct Soon {
  const S* at = nullptr;
  int64_t count = 0;
};

// Samples [first, last) through all steps. `product(a, m, c)` gives c (m, width) = a (m, hidden) w^T.
template <class S, class Product>
void run_steps(const Sequence& q, const RecurrentRows<S>& rows, const Run<S>& r, int64_t first, int64_t last,
               Product&& product) {
  int64_t h = q.hidden, g = q.width(), m = last - first;
  std::vector<S> hh(size_t(m * g));
  for (int64_t k = 0; k < q.steps; k++) {
    int64_t now = q.at(k) * q.batch + first, before = k ? q.at(k - 1) * q.batch + first : first;
    const S* h_prev = (k ? r.y : r.h0) + before * h;
    product(h_prev, m, hh.data());
    for (int64_t i = 0; i < m; i++) {
      const S *x = r.xw + (now + i) * g, *p = hh.data() + i * g;
      S *y = r.y + (now + i) * h, *kept = r.saved ? r.saved + (now + i) * q.saved() : nullptr;
      if (q.cell == Cell::lstm)
        rows.lstm(h, x, p, r.b, (k ? r.cs : r.c0) + (before + i) * h, kept, r.cs + (now + i) * h, y);
      else if (q.cell == Cell::gru)
        rows.gru(h, x, p, r.b, h_prev + i * h, kept, y);
      else
        rows.plain[q.cell == Cell::relu](h, x, p, r.b, y);
    }
  }
}

// And back. `product(a, m, c, soon, soon)` gives c (m, hidden) = a (m, width) w.
template <class S, class Product>
void run_steps_back(const Sequence& q, const RecurrentRows<S>& rows, const Run<S>& r, const Back<S>& d, int64_t first,
                    int64_t last, Product&& product) {
  int64_t h = q.hidden, g = q.width(), m = last - first;
  std::vector<S> dh(size_t(m * h)), through(size_t(m * h)), direct(size_t(m * h)), dc(size_t(m * h));
  for (int64_t k = q.steps - 1; k >= 0; k--) {
    int64_t now = q.at(k) * q.batch + first, before = k ? q.at(k - 1) * q.batch + first : first;
    for (int64_t i = 0; i < m * h; i++) {
      S sum = through[size_t(i)] + direct[size_t(i)];
      dh[size_t(i)] = d.gy ? sum + d.gy[now * h + i] : sum;
    }
    if (d.gcs)
      for (int64_t i = 0; i < m * h; i++) dc[size_t(i)] += d.gcs[now * h + i];
    for (int64_t i = 0; i < m; i++) {
      S *dx = d.dx + (now + i) * g, *dhh = d.dhh + (now + i) * g;
      const S *kept = r.saved ? r.saved + (now + i) * q.saved() : nullptr, *up = dh.data() + i * h;
      if (q.cell == Cell::lstm)
        rows.lstm_back(h, kept, (k ? r.cs : r.c0) + (before + i) * h, r.cs + (now + i) * h, up, dc.data() + i * h, dx);
      else if (q.cell == Cell::gru)
        rows.gru_back(h, kept, (k ? r.y : r.h0) + (before + i) * h, up, dx, dhh, direct.data() + i * h);
      else
        rows.plain_back[q.cell == Cell::relu](h, r.y + (now + i) * h, up, dx);
      rows.add(g, dhh, d.db + (first + i) * g);
    }
    int64_t next = k ? q.at(k - 1) * q.batch + first : first, count = k ? m : 0;
    product(d.dhh + now * g, m, through.data(), Soon<S>{r.saved + next * q.saved(), count * q.saved()},
            Soon<S>{d.dx + next * g, count * g});
  }
  for (int64_t i = 0; i < m * h; i++) {
    d.dh0[first * h + i] = through[size_t(i)] + direct[size_t(i)];
    if (d.dc0) d.dc0[first * h + i] = dc[size_t(i)];
  }
}

}  // namespace dl
