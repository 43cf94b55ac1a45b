// An image read at places that a grid names, between pixels by the four around: values, gradients by image and grid,
// and all that gradients of these are made of: readings with the slopes of the weights, and what they read spread back.
#include <algorithm>
#include <cmath>
#include <vector>

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
  if (m.border && !(p >= 0 && p <= S(size - 1))) {
    moves = false;
    p = S(p > 0 ? double(size - 1) : 0.0);
  }
  return p;
}

// The four pixels around a place: offsets in a plane (-1 outside), their weights, and the weights' slopes. A weight is
// a product of one number for each axis, which is linear between pixels: by both axes is all that there is.
template <class S, bool slopes = true>
struct Around {
  int64_t at[4];
  S weight[4], by_x[4], by_y[4], by_both[4];
  Around(const Image& m, const S& gx, const S& gy) {
    bool moves_x, moves_y;
    S px = pixel(m, gx, m.w, moves_x), py = pixel(m, gy, m.h, moves_y);
    double fx = std::floor(double(px)), fy = std::floor(double(py));
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
        by_both[k] = S(right ? sx : -sx) * S(low ? sy : -sy);
      }
    }
  }
  // The weights, or their slopes as the name of an operator says them: ..._x, ..._y, ..._xy.
  const S* of(const std::string& name) const {
    std::string end = name.substr(name.rfind('_') + 1);
    return end == "x" ? by_x : end == "y" ? by_y : end == "xy" ? by_both : weight;
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
DL_KERNEL("grid_read", [](const KernelCall& c) {  // (x, grid)
  Image m = image(c, c.in[0].shape, c.in[1].shape);
  with_arrays(c, [&](auto& in, auto& out) {
    using T = std::remove_pointer_t<std::decay_t<decltype(out[0])>>;
    int64_t plane = m.h * m.w, each = m.oh * m.ow;
    parallel_for(m.places(), 256, [&](int64_t b, int64_t e) {
      for (int64_t i = b; i < e; i++) {
        Around<T> around(m, in[1][2 * i], in[1][2 * i + 1]);
        const T* share = around.of(c.op->name);
        for (int64_t ch = i / each * m.c; ch < (i / each + 1) * m.c; ch++) {
          T sum(0);
          for (int k = 0; k < 4; k++)
            if (around.at[k] >= 0) sum += share[k] * in[0][ch * plane + around.at[k]];
          out[0][ch * each + i % each] = sum;
        }
      }
    });
  });
});
DL_KERNEL("grid_spread", [](const KernelCall& c) {  // (g, grid, and x for its shape)
  Image m = image(c, c.in[2].shape, c.in[1].shape);
  with_arrays(c, [&](auto& in, auto& out) {
    using T = std::remove_pointer_t<std::decay_t<decltype(out[0])>>;
    int64_t plane = m.h * m.w, each = m.oh * m.ow;
    std::fill(out[0], out[0] + m.pixels(), T(0));
    parallel_for(m.n, 1, [&](int64_t b, int64_t e) {
      for (int64_t i = b * each; i < e * each; i++) {
        Around<T> around(m, in[1][2 * i], in[1][2 * i + 1]);
        const T* share = around.of(c.op->name);
        for (int64_t ch = i / each * m.c; ch < (i / each + 1) * m.c; ch++)
          for (int k = 0; k < 4; k++)
            if (around.at[k] >= 0) out[0][ch * plane + around.at[k]] += in[0][ch * each + i % each] * share[k];
      }
    });
  });
});

Image checked(InferCall& c, size_t x = 0) {
  if (!is_float(c.out[0].dtype))
    throw TypeError(std::string(c.name()) + ": needs floating-point arrays, got " + dtype_name(c.out[0].dtype));
  return image(c, c.in[x].shape, c.in[1].shape);
}
DL_INFER("grid_sample", [](InferCall& c) {
  Image m = checked(c);
  c.out[0].shape = Shape{m.n, m.c, m.oh, m.ow};
});
DL_INFER("grid_sample_grad", [](InferCall& c) {
  Image m = checked(c);
  c.out[0].shape = c.in[0].shape;
  c.out[1].shape = c.in[1].shape;
  need_shape(c, 2, Shape{m.n, m.c, m.oh, m.ow});
});
DL_INFER("grid_spread", [](InferCall& c) {
  Image m = checked(c, 2);
  need_shape(c, 0, Shape{m.n, m.c, m.oh, m.ow});
  c.out[0].shape = c.in[2].shape;
});

}  // namespace
}  // namespace dl
