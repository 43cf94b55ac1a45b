// How a padded axis is put together from places of the array itself, and which rows a padded array consists of.
#pragma once
#include <algorithm>
#include <vector>

#include "kernels/cpu/views.h"

namespace dl {

enum class PadMode { edge, reflect, symmetric, wrap };

template <class Call>
PadMode pad_mode(const Call& c) {
  const std::string& name = find_attr(c, "mode")->s;
  if (name == "edge") return PadMode::edge;
  if (name == "reflect") return PadMode::reflect;
  if (name == "symmetric") return PadMode::symmetric;
  if (name == "wrap") return PadMode::wrap;
  throw ValueError(c.op->name + ": mode must be edge, reflect, symmetric or wrap, got '" + name + "'");
}

// Places at, at + 1 ... of the padded axis, n of them: those of the array itself from `from` on, in steps of `by`,
// which is 1, -1 or 0.
struct PadPiece {
  int64_t at, n, from;
  int by;
};

// The pieces of an axis of length n >= 1, in order; the one that begins at `before` is the array itself.
inline std::vector<PadPiece> pad_pieces(PadMode mode, int64_t n, int64_t before, int64_t after) {
  std::vector<PadPiece> found;
  if (mode == PadMode::edge || (mode == PadMode::reflect && n == 1)) {
    if (before) found.push_back({0, before, 0, 0});
    found.push_back({before, n, 0, 1});
    if (after) found.push_back({before + n, after, n - 1, 0});
    return found;
  }
  // The mirror image is what follows the array in a period; it lacks both ends where they are not to be repeated.
  const int64_t period = mode == PadMode::wrap ? n : mode == PadMode::symmetric ? 2 * n : 2 * (n - 1);
  for (int64_t p = -before; p < n + after;) {
    const int64_t place = ((p % period) + period) % period;
    PadPiece piece{before + p, n - place, place, 1};
    if (place >= n) piece = {before + p, period - place, period - place - (mode == PadMode::symmetric), -1};
    piece.n = std::min(piece.n, n + after - p);
    found.push_back(piece);
    p += piece.n;
  }
  return found;
}

struct Padding {
  PadMode mode;
  Shape small, large;
  Dims before;
  Padding(const KernelCall& c, const Shape& x, const Shape& padded)
      : mode(pad_mode(c)), small(x), large(padded), before(find_attr(c, "before")->v) {}
  bool longer(int axis) const { return large[axis] != small[axis]; }
  int64_t after(int axis) const { return large[axis] - small[axis] - before[axis]; }
};

// Rows along the last padded axis, each of whose places is what lies behind that axis; or, where this is `long_inner`
// elements and more, just that, and the padded axis is among those before the row.
struct PadRows {
  int lead = 0;                             // axes before a row
  int64_t inner = 1, small = 1, large = 1;  // elements of a place; places of a row of the array, and of the padded one
  int64_t own = 0;                          // where the array itself begins in a padded row
  std::vector<PadPiece> pieces;

  PadRows(const Padding& pad, int64_t long_inner) {
    lead = pad.small.n;
    while (lead > 0 && !pad.longer(lead - 1)) inner *= pad.small[--lead];
    if (lead == 0 || inner >= long_inner) {
      small = large = inner;
      inner = 1;
      pieces = {{0, small, 0, 1}};
      return;
    }
    lead--;
    small = pad.small[lead];
    large = pad.large[lead];
    own = pad.before[lead];
    pieces = pad_pieces(pad.mode, small, own, pad.after(lead));
  }
};

// The leading axes of a padded array, and where in the array itself the row of each of their places is read.
class PadLeading {
 public:
  PadLeading(const Padding& pad, int axes, const Dims& strides) {
    for (int i = 0; i < axes; i++) {
      const bool longer = pad.longer(i);
      if (!longer && n_ && read_[n_ - 1].empty() && step_[n_ - 1] == strides[i] * pad.small[i]) {
        size_[n_ - 1] *= pad.small[i];  // one axis with the one before it
        step_[n_ - 1] = strides[i];
        continue;
      }
      size_[n_] = pad.large[i];
      step_[n_] = strides[i];
      if (longer)
        for (const PadPiece& p : pad_pieces(pad.mode, pad.small[i], pad.before[i], pad.after(i)))
          for (int64_t k = 0; k < p.n; k++) read_[n_].push_back((p.from + k * p.by) * strides[i]);
      n_++;
    }
    if (n_ == 0) size_[n_++] = 1;
  }

  // Rows [begin, end) in runs: f(offset of the first in elements, how much further the next ones are, how many).
  template <class F>
  void each_run(int64_t begin, int64_t end, F&& f) const {
    const int last = n_ - 1;
    while (begin < end) {
      int64_t rest = begin / size_[last], offset = 0, k = begin % size_[last];
      for (int i = last - 1; i >= 0; rest /= size_[i], i--) offset += at(i, rest % size_[i]);
      const int64_t stop = std::min(size_[last], k + end - begin);
      begin += stop - k;
      for (int64_t run; k < stop; k += run) {
        run = std::min<int64_t>(stop - k, read_[last].empty() ? stop - k : 2);
        const int64_t first = at(last, k), step = run > 1 ? at(last, k + 1) - first : 0;
        while (k + run < stop && at(last, k + run) == first + run * step) run++;
        f(offset + first, step, run);
      }
    }
  }

 private:
  int n_ = 0;
  int64_t size_[kMaxDims] = {}, step_[kMaxDims] = {};
  std::vector<int64_t> read_[kMaxDims];
  int64_t at(int axis, int64_t k) const { return read_[axis].empty() ? k * step_[axis] : read_[axis][size_t(k)]; }
};

}  // namespace dl
