// An image read at places that a grid names, between pixels by the four around: values, gradients by image and grid,
// and theirs along a direction (on dual numbers).
#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/cpu/dual.h"
#include "kernels/cpu/lines.h"
#include "kernels/cpu/need_shape.h"

namespace dl {
namespace {

struct Image {
  int64_t n, c, h, w, oh, ow;
  bool corners, border;
  int64_t pixels() const { return n * c * h * w; }
  int64_t places() const { return n * oh * ow; }
};

template <class Call>
Image image(const Call& c, const Shape& x, const Shape& grid) {
  if (x.n != 4 || grid.n != 4 || grid[0] != x[0] || grid[3] != 2)
    throw ValueError(c.op->name + ": expected x (N, C, H, W) and grid (N, OH, OW, 2), got " + to_string(x) + " and " +
                     to_string(grid));
  if (x[2] < 1 || x[3] < 1) throw ValueError(c.op->name + ": x has no pixels, got shape " + to_string(x));
  return {
      x[0], x[1], x[2], x[3], grid[1], grid[2], int_attr(c, "align_corners", 0) != 0, int_attr(c, "border", 0) != 0};
}

// The pixel coordinate of a grid number, where -1 and 1 are the ends, and how it moves with it.
template <class S>
S pixel(const Image& m, const S& g, int64_t size, bool& moves) {
  S p = m.corners ? (g + S(1)) * S(0.5 * double(size - 1)) : (g + S(1)) * S(0.5 * double(size)) - S(0.5);
  moves = true;
  if (m.border && !(value_of(p) >= 0 && value_of(p) <= double(size - 1))) {
    moves = false;
    p = S(value_of(p) > 0 ? double(size - 1) : 0.0);
  }
  return p;
}

// The four pixels around a place: offsets in a plane (-1 outside), their weights, and the weights' slopes.
template <class S, bool slopes = true>
struct Around {
  int64_t at[4];
  S weight[4], by_x[4], by_y[4];
  Around(const Image& m, const S& gx, const S& gy) {
    bool moves_x, moves_y;
    S px = pixel(m, gx, m.w, moves_x), py = pixel(m, gy, m.h, moves_y);
    double fx = std::floor(double(value_of(px))), fy = std::floor(double(value_of(py)));
    S tx = px - S(fx), ty = py - S(fy);
    double sx = moves_x ? 0.5 * double(m.corners ? m.w - 1 : m.w) : 0,
           sy = moves_y ? 0.5 * double(m.corners ? m.h - 1 : m.h) : 0;
    for (int k = 0; k < 4; k++) {
      bool right = k & 1, low = k & 2;
      double x = fx + right, y = fy + low;
      bool inside = x >= 0 && x < double(m.w) && y >= 0 && y < double(m.h);
      at[k] = inside ? int64_t(y) * m.w + int64_t(x) : -1;
      S wx = right ? tx : S(1) - tx, wy = low ? ty : S(1) - ty;
      weight[k] = wx * wy;
      if constexpr (slopes) {
        by_x[k] = S(right ? sx : -sx) * wy;
        by_y[k] = S(low ? sy : -sy) * wx;
      }
    }
  }
};

template <class S>
void forward(const Image& m, const S* x, const S* grid, S* y) {
  int64_t plane = m.h * m.w, out = m.oh * m.ow;
  parallel_for(m.places(), 256, [&](int64_t b, int64_t e) {
    for (int64_t i = b; i < e; i++) {
      Around<S, false> a(m, grid[2 * i], grid[2 * i + 1]);
      for (int64_t c = 0; c < m.c; c++) {
        const S* from = x + (i / out * m.c + c) * plane;
        S sum(0);
        for (int k = 0; k < 4; k++)
          if (a.at[k] >= 0) sum += a.weight[k] * from[a.at[k]];
        y[(i / out * m.c + c) * out + i % out] = sum;
      }
    }
  });
}

template <class S>
void backward(const Image& m, const S* x, const S* grid, const S* g, S* dx, S* dgrid) {
  int64_t plane = m.h * m.w, out = m.oh * m.ow;
  std::fill(dx, dx + m.pixels(), S(0));
  parallel_for(m.n, 1, [&](int64_t b, int64_t e) {
    for (int64_t i = b * out; i < e * out; i++) {
      Around<S> a(m, grid[2 * i], grid[2 * i + 1]);
      S sum_x(0), sum_y(0);
      for (int64_t c = 0; c < m.c; c++) {
        int64_t base = (i / out * m.c + c) * plane;
        const S& up = g[(i / out * m.c + c) * out + i % out];
        for (int k = 0; k < 4; k++) {
          if (a.at[k] < 0) continue;
          dx[base + a.at[k]] += up * a.weight[k];
          S t = up * x[base + a.at[k]];
          sum_x += t * a.by_x[k];
          sum_y += t * a.by_y[k];
        }
      }
      dgrid[2 * i] = sum_x;
      dgrid[2 * i + 1] = sum_y;
    }
  });
}

// The inputs and outputs of a call as row-major numbers of its compute type.
template <class F>
void with_arrays(const KernelCall& c, F&& f) {
  DType t = compute_type(c.out[0].dtype);
  std::vector<Temp> keep(size_t(c.nin + c.nout));
  with_compute_type(t, [&](auto zero) {
    using T = decltype(zero);
    std::vector<const T*> in;
    std::vector<T*> out;
    std::vector<View> made;
    for (int i = 0; i < c.nin; i++)
      in.push_back(c.present(i) ? as_contiguous(c.in[i], t, keep[size_t(i)]).template ptr<const T>() : nullptr);
    for (int i = 0; i < c.nout; i++) {
      made.push_back(temp_view(c.out[i].shape, t, keep[size_t(c.nin + i)]));
      out.push_back(made.back().template ptr<T>());
    }
    f(in, out);
    for (int i = 0; i < c.nout; i++) copy_view(c.out[i], made[size_t(i)]);
  });
}

DL_KERNEL("grid_sample", [](const KernelCall& c) {  // (x, grid)
  Image m = image(c, c.in[0].shape, c.in[1].shape);
  with_arrays(c, [&](auto& in, auto& out) { forward(m, in[0], in[1], out[0]); });
});
DL_KERNEL("grid_sample_grad", [](const KernelCall& c) {  // (x, grid, g)
  Image m = image(c, c.in[0].shape, c.in[1].shape);
  with_arrays(c, [&](auto& in, auto& out) { backward(m, in[0], in[1], in[2], out[0], out[1]); });
});
// (x, grid, g, and a direction for x and for grid): the slopes of both gradients and of the result.
DL_KERNEL("grid_sample_grad2", [](const KernelCall& c) {
  Image m = image(c, c.in[0].shape, c.in[1].shape);
  with_arrays(c, [&](auto& in, auto& out) {
    using T = std::remove_pointer_t<std::decay_t<decltype(out[0])>>;
    int64_t results = m.places() * m.c;
    auto x = dual_array<T>(in[0], c.nin > 3 ? in[3] : nullptr, m.pixels());
    auto grid = dual_array<T>(in[1], c.nin > 4 ? in[4] : nullptr, m.places() * 2);
    auto g = dual_array<T>(in[2], nullptr, results);
    std::vector<Dual<T>> dx(x.size()), dgrid(grid.size()), y(g.size());
    backward(m, x.data(), grid.data(), g.data(), dx.data(), dgrid.data());
    forward(m, x.data(), grid.data(), y.data());
    slopes_of(dx, out[0]);
    slopes_of(dgrid, out[1]);
    slopes_of(y, out[2]);
  });
});

Image checked(InferCall& c) {
  if (!is_float(c.out[0].dtype))
    throw TypeError(std::string(c.name()) + ": needs floating-point arrays, got " + dtype_name(c.out[0].dtype));
  return image(c, c.in[0].shape, c.in[1].shape);
}
DL_INFER("grid_sample", [](InferCall& c) {
  Image m = checked(c);
  c.out[0].shape = Shape{m.n, m.c, m.oh, m.ow};
});
DL_INFER("grid_sample_grad", [](InferCall& c) {
  Image m = checked(c);
  c.out[0].shape = c.in[0].shape;
  c.out[1].shape = c.in[1].shape;
  Shape y{m.n, m.c, m.oh, m.ow};
  need_shape(c, 2, y);
  need_shape(c, 3, c.in[0].shape);
  need_shape(c, 4, c.in[1].shape);
  if (c.out.size() > 2) c.out[2].shape = y;
});

}  // namespace
}  // namespace dl
