// Walks over boxes in the order of their scores: which of them non-maximum suppression keeps, and which pairs a greedy
// matching makes.
#include <algorithm>
#include <numeric>
#include <vector>

#include "kernels/cpu/lines.h"

namespace dl {
namespace {

struct Corners {
  double x1, y1, x2, y2;
  double area() const { return std::max(0.0, x2 - x1) * std::max(0.0, y2 - y1); }
};
double overlap(const Corners& a, const Corners& b) {
  double both = Corners{std::max(a.x1, b.x1), std::max(a.y1, b.y1), std::min(a.x2, b.x2), std::min(a.y2, b.y2)}.area();
  double all = a.area() + b.area() - both;
  return all > 0 ? both / all : 0;
}

// Positions by falling score; equal scores keep their order, NaN comes last.
std::vector<int64_t> by_score(const double* score, int64_t n) {
  std::vector<int64_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    if (score[a] != score[a]) return false;
    return score[b] != score[b] || score[a] > score[b];
  });
  return order;
}

// Inputs (boxes (b, n, 4) as corners, scores (b, n), classes (b, n)); output: the positions that stay, best first, then
// -1.
void nms(const KernelCall& c) {
  Temp kb, ks, kc, ko;
  const double* boxes = as_contiguous(c.in[0], DType::F64, kb).ptr<double>();
  const double* scores = as_contiguous(c.in[1], DType::F64, ks).ptr<double>();
  const double* classes = as_contiguous(c.in[2], DType::F64, kc).ptr<double>();
  int64_t batch = c.in[1].shape[0], n = c.in[1].shape[1], most = int_attr(c, "topk", -1);
  int64_t background = int_attr(c, "background", -1);
  double limit = float_attr(c, "overlap", 0.5), valid = float_attr(c, "valid", 0);
  View out = temp_view(c.out[0].shape, DType::I64, ko);
  std::fill(out.ptr<int64_t>(), out.ptr<int64_t>() + batch * n, -1);
  parallel_for(batch, 1, [&](int64_t b, int64_t e) {
    for (int64_t z = b; z < e; z++) {
      auto box = [&](int64_t i) {
        const double* p = boxes + (z * n + i) * 4;
        return Corners{p[0], p[1], p[2], p[3]};
      };
      std::vector<int64_t> kept;
      int64_t tried = 0;
      for (int64_t i : by_score(scores + z * n, n)) {
        double own = classes[z * n + i];
        if (!(scores[z * n + i] > valid) || (background >= 0 && own == double(background))) continue;
        if (most >= 0 && tried++ >= most) break;
        bool free = true;
        for (int64_t k : kept) free = free && (classes[z * n + k] != own || overlap(box(k), box(i)) <= limit);
        if (free) kept.push_back(i);
      }
      std::copy(kept.begin(), kept.end(), out.ptr<int64_t>() + z * n);
    }
  });
  copy_view(c.out[0], out);
}
DL_KERNEL("nms", nms);
DL_INFER("nms", [](InferCall& c) {
  const Shape &boxes = c.in[0].shape, &scores = c.in[1].shape;
  if (boxes.n != 3 || boxes[2] != 4 || scores != Shape{boxes[0], boxes[1]} || c.in[2].shape != scores)
    throw ValueError("box_nms: expected boxes (B, N, 4), scores and classes (B, N), got " + to_string(boxes) + ", " +
                     to_string(scores) + " and " + to_string(c.in[2].shape));
  c.out[0].shape = scores;
});

// Input (b, rows, columns); outputs the column of each row and the row of each column, or -1. The best pair is taken
// first, then the best of what is left, as long as it passes the threshold.
void matching(const KernelCall& c) {
  Temp ki;
  const double* x = as_contiguous(c.in[0], DType::F64, ki).ptr<double>();
  const Shape& s = c.in[0].shape;
  int64_t batch = s[0], rows = s[1], cols = s[2], most = int_attr(c, "topk", -1);
  bool ascend = int_attr(c, "ascend", 0) != 0;
  double limit = float_attr(c, "threshold", 0);
  Temp kr, kc;
  View of_row = temp_view(c.out[0].shape, DType::I64, kr), of_col = temp_view(c.out[1].shape, DType::I64, kc);
  std::fill(of_row.ptr<int64_t>(), of_row.ptr<int64_t>() + batch * rows, -1);
  std::fill(of_col.ptr<int64_t>(), of_col.ptr<int64_t>() + batch * cols, -1);
  for (int64_t z = 0; z < batch; z++) {
    std::vector<double> score(x + z * rows * cols, x + (z + 1) * rows * cols);
    if (ascend)
      for (double& v : score) v = -v;
    int64_t pairs = 0, *r = of_row.ptr<int64_t>() + z * rows, *q = of_col.ptr<int64_t>() + z * cols;
    for (int64_t i : by_score(score.data(), rows * cols)) {
      if (!(score[size_t(i)] > (ascend ? -limit : limit)) || (most >= 0 && pairs >= most)) break;
      if (r[i / cols] >= 0 || q[i % cols] >= 0) continue;
      r[i / cols] = i % cols, q[i % cols] = i / cols;
      pairs++;
    }
  }
  copy_view(c.out[0], of_row);
  copy_view(c.out[1], of_col);
}
DL_KERNEL("matching", matching);
DL_INFER("matching", [](InferCall& c) {
  const Shape& s = c.in[0].shape;
  if (s.n != 3) throw ValueError("bipartite_matching: expected scores (B, N, M), got shape " + to_string(s));
  c.out[0].shape = Shape{s[0], s[1]};
  c.out[1].shape = Shape{s[0], s[2]};
});

}  // namespace
}  // namespace dl
