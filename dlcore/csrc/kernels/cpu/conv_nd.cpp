// Convolution over one and three axes and its gradients, by way of the two-dimensional kernels, and transposed
// convolution over one, two and three.
//
// One axis: an axis of length 1 is put in, no data moves. Three axes: the window's depth becomes channels, so that each
// output slice is a two-dimensional convolution of its input slices side by side; that copies the input kd times and
// leaves all the arithmetic to the tuned code.
#include <algorithm>
#include <vector>

#include "kernels/cpu/conv.h"
#include "kernels/cpu/lines.h"
#include "kernels/cpu/spatial.h"

namespace dl {
namespace {

struct Geometry {
  int nd = 0;
  int64_t kernel[3], stride[3], pad[3], dilate[3], groups = 1;
  Shape x, w, y;
};

std::string weight_text(int nd) {
  static const char* const axes[] = {"k", "kh, kw", "kd, kh, kw"};
  return std::string("(O, C / groups, ") + axes[nd - 1] + ")";
}

template <class Call>
Geometry attributes(const Call& c, int nd) {
  Geometry g;
  g.nd = nd;
  g.groups = groups_attr(c);
  spatial_attr(c, "stride", nd, 1, g.stride);
  spatial_attr(c, "pad", nd, 0, g.pad);
  spatial_attr(c, "dilate", nd, 1, g.dilate);
  return g;
}

// The convolution of x with w, checked.
template <class Call>
Geometry geometry(const Call& c, int nd, const Shape& x, const Shape& w) {
  Geometry g = attributes(c, nd);
  const std::string& op = c.op->name;
  if (w.n != nd + 2) throw ValueError(op + ": expected weight " + weight_text(nd) + ", got shape " + to_string(w));
  int64_t channels = w[1] * g.groups;
  if (x.n != nd + 2 || x[1] != channels)
    throw ValueError(op + ": expected x of " + std::to_string(nd + 2) + " dimensions with " + std::to_string(channels) +
                     " channels (weight " + to_string(w) +
                     (g.groups > 1 ? ", groups " + std::to_string(g.groups) : "") + "), got " + to_string(x));
  if (w[0] % g.groups)
    throw ValueError(format("%s: %lld output channels cannot be cut into %lld groups", op.c_str(), (long long)w[0],
                            (long long)g.groups));
  g.x = x, g.w = w;
  g.y = Shape{x[0], w[0]};
  for (int i = 0; i < nd; i++) {
    g.kernel[i] = w[2 + i];
    if (g.kernel[i] < 1) throw ValueError(op + ": the kernel must be at least 1, got weight " + to_string(w));
    int64_t n = window_count(x[2 + i], g.kernel[i], g.stride[i], 2 * g.pad[i], g.dilate[i]);
    if (n < 0)
      throw ValueError(op + ": the kernel of weight " + to_string(w) + " is larger than the padded input " +
                       to_string(x));
    g.y.push(n);
  }
  return g;
}

enum Pass { kForward, kGradX, kGradW };

// The two-dimensional kernel of a pass, run on other arrays and with the attributes of the last two axes.
void run2d(const KernelCall& c, Pass pass, const Geometry& g, std::initializer_list<View> ins, View out) {
  static const char* const stems[] = {"conv2d", "conv2d_dx", "conv2d_dw"};
  std::vector<View> in(ins);
  Attrs attrs = *c.attrs;
  auto put = [&](const char* name, const int64_t* v, int64_t missing) {
    Attr& a = attrs[size_t(c.op->attr_index(name))];
    a = Attr::of_ints(g.nd == 1 ? Dims{missing, v[0]} : Dims{v[g.nd - 2], v[g.nd - 1]});
  };
  put("stride", g.stride, 1);
  put("pad", g.pad, 0);
  put("dilate", g.dilate, 1);
  KernelCall call = c;
  call.sources = nullptr;  // one slice of the weights after the other
  call.in = in.data();
  call.nin = int(in.size());
  call.out = &out;
  call.nout = 1;
  call.attrs = &attrs;
  find_kernel(stems[pass])(call);
}

// (n, c, w) seen as (n, c, 1, w).
View lifted(const View& v) {
  if (!v.data) return v;
  View r = v;
  r.shape = Shape{v.shape[0], v.shape[1], 1, v.shape[2]};
  r.strides = Dims{v.strides[0], v.strides[1], v.shape[2] * v.strides[2], v.strides[2]};
  return r;
}

// ---- three axes ----

// Output slices [first, last) whose tap k lies inside the input.
void valid_range(const Geometry& g, int64_t k, int64_t& first, int64_t& last) {
  int64_t at = k * g.dilate[0] - g.pad[0];  // input slice of output slice 0
  first = at >= 0 ? 0 : (-at + g.stride[0] - 1) / g.stride[0];
  last = g.x[2] <= at ? 0 : std::min(g.y[2], (g.x[2] - 1 - at) / g.stride[0] + 1);
}

Shape folded_shape(const Geometry& g) { return Shape{g.x[0] * g.y[2], g.x[1] * g.kernel[0], g.x[3], g.x[4]}; }

// x (n, c, d, h, w) as (n * od, c * kd, h, w): the kd input slices of each output slice side by side.
View folded(const Geometry& g, const View& x, DType t, Temp& keep) {
  View r = temp_view(folded_shape(g), channels_last_strides(folded_shape(g)), t, keep);
  if (g.pad[0]) fill_zero(r);
  int64_t kd = g.kernel[0];
  for (int64_t k = 0; k < kd; k++) {
    int64_t first, last;
    valid_range(g, k, first, last);
    if (last <= first) continue;
    Shape part{g.x[0], last - first, g.x[1], g.x[3], g.x[4]};
    View to = r, from = x;
    to.shape = from.shape = part;
    to.data = static_cast<char*>(r.data) + (first * r.strides[0] + k) * int64_t(itemsize(t));
    to.strides = Dims{g.y[2] * r.strides[0], r.strides[0], kd, r.strides[2], r.strides[3]};
    int64_t slice = first * g.stride[0] + k * g.dilate[0] - g.pad[0];
    from.data = static_cast<char*>(x.data) + slice * x.strides[2] * int64_t(itemsize(x.dtype));
    from.strides = Dims{x.strides[0], g.stride[0] * x.strides[2], x.strides[1], x.strides[3], x.strides[4]};
    copy_view(to, from);
  }
  return r;
}

// The transpose of `folded`: every input slice is the sum of the places it was copied to.
template <class T>
void unfolded_sum(const Geometry& g, const T* cols, T* x) {
  int64_t kd = g.kernel[0], plane = g.x[3] * g.x[4] * g.x[1], depth = g.x[2];
  parallel_for(g.x[0] * depth, std::max<int64_t>(1, 8192 / std::max<int64_t>(1, plane)), [&](int64_t b, int64_t e) {
    for (int64_t i = b; i < e; i++) {
      T* to = x + i * plane;
      std::fill(to, to + plane, T(0));
      for (int64_t k = 0; k < kd; k++) {
        int64_t at = i % depth + g.pad[0] - k * g.dilate[0];
        if (at < 0 || at % g.stride[0] || at / g.stride[0] >= g.y[2]) continue;
        const T* from = cols + (i / depth * g.y[2] + at / g.stride[0]) * plane * kd + k;
        for (int64_t p = 0; p < plane; p++) to[p] += from[p * kd];
      }
    }
  });
}

// (n, c, d, h, w), channels-last in memory, seen as (n * d, c, h, w).
View slices(const View& v) {
  View r = v;
  r.shape = Shape{v.shape[0] * v.shape[2], v.shape[1], v.shape[3], v.shape[4]};
  r.strides = channels_last_strides(r.shape);
  return r;
}
View channels_last(const View& v, DType t, Temp& keep) {
  if (v.dtype == t && is_channels_last(v.shape, v.strides)) return v;
  View r = temp_view(v.shape, channels_last_strides(v.shape), t, keep);
  copy_view(r, v);
  return r;
}
View channels_last_room(const View& v, Temp& keep) {
  return is_channels_last(v.shape, v.strides) ? v : temp_view(v.shape, channels_last_strides(v.shape), v.dtype, keep);
}
// weight (o, c, kd, kh, kw) as (o, c * kd, kh, kw).
View flat_weight(View w) {
  w.shape = Shape{w.shape[0], w.shape[1] * w.shape[2], w.shape[3], w.shape[4]};
  w.strides = contiguous_strides(w.shape);
  return w;
}

void forward3d(const KernelCall& c, const Geometry& g, const View& x, const View& w, const View& bias,
               const View& out) {
  Temp kx, kw, ky;
  View y = channels_last_room(out, ky);
  run2d(c, kForward, g, {folded(g, x, x.dtype, kx), flat_weight(as_contiguous(w, kw)), bias}, slices(y));
  if (ky) copy_view(out, y);
}

void grad_x3d(const KernelCall& c, const Geometry& g, const View& gy, const View& w, const View& out) {
  DType t = compute_type(out.dtype);
  Temp kg, kw, kc, kx;
  View cols = temp_view(folded_shape(g), channels_last_strides(folded_shape(g)), t, kc);
  run2d(c, kGradX, g, {slices(channels_last(gy, gy.dtype, kg)), flat_weight(as_contiguous(w, kw)), cols}, cols);
  View gx = temp_view(g.x, channels_last_strides(g.x), t, kx);
  with_compute_type(t, [&](auto zero) {
    using T = decltype(zero);
    unfolded_sum<T>(g, cols.ptr<const T>(), gx.ptr<T>());
  });
  copy_view(out, gx);
}

void grad_w3d(const KernelCall& c, const Geometry& g, const View& gy, const View& x, const View& out) {
  Temp kg, kx, kw;
  bool direct = is_contiguous(out.shape, out.strides);
  View gw = direct ? out : temp_view(out.shape, out.dtype, kw);
  run2d(c, kGradW, g, {slices(channels_last(gy, gy.dtype, kg)), folded(g, x, x.dtype, kx), flat_weight(gw)},
        flat_weight(gw));
  if (!direct) copy_view(out, gw);
}

// ---- kernels ----

View given(const KernelCall& c, int i) { return c.present(i) ? c.in[i] : View{}; }

// One pass over `g.nd` axes: a and b are (x, w), (gy, w) or (gy, x).
void run_pass(const KernelCall& c, Pass pass, const Geometry& g, const View& a, const View& b, const View& bias,
              const View& out) {
  if (numel(g.y) == 0 || numel(g.x) == 0 || numel(g.w) == 0) {
    if (pass != kForward) return fill_zero(out);
    if (numel(g.y) == 0) return;
  }
  if (g.nd == 1 && pass == kForward) return run2d(c, pass, g, {lifted(a), lifted(b), bias}, lifted(out));
  if (g.nd == 1) return run2d(c, pass, g, {lifted(a), lifted(b), lifted(out)}, lifted(out));
  if (g.nd == 2) return run2d(c, pass, g, {a, b, out}, out);
  if (pass == kForward) return forward3d(c, g, a, b, bias, out);
  return pass == kGradX ? grad_x3d(c, g, a, b, out) : grad_w3d(c, g, a, b, out);
}

void check_gy(const KernelCall& c, const Geometry& g, const Shape& gy) {
  if (gy != g.y) throw ValueError(c.op->name + ": expected gy " + to_string(g.y) + ", got " + to_string(gy));
}

template <int nd>
void conv(const KernelCall& c) {
  Geometry g = geometry(c, nd, c.in[0].shape, c.in[1].shape);
  run_pass(c, kForward, g, c.in[0], c.in[1], given(c, 2), c.out[0]);
}
template <int nd>
void conv_dx(const KernelCall& c) {
  Geometry g = geometry(c, nd, c.out[0].shape, c.in[1].shape);
  check_gy(c, g, c.in[0].shape);
  run_pass(c, kGradX, g, c.in[0], c.in[1], {}, c.out[0]);
}
template <int nd>
void conv_dw(const KernelCall& c) {
  Geometry g = geometry(c, nd, c.in[1].shape, c.out[0].shape);
  check_gy(c, g, c.in[0].shape);
  run_pass(c, kGradW, g, c.in[0], c.in[1], {}, c.out[0]);
}
DL_KERNEL("conv1d", conv<1>);
DL_KERNEL("conv1d_dx", conv_dx<1>);
DL_KERNEL("conv1d_dw", conv_dw<1>);
DL_KERNEL("conv3d", conv<3>);
DL_KERNEL("conv3d_dx", conv_dx<3>);
DL_KERNEL("conv3d_dw", conv_dw<3>);

void check_float(const InferCall& c) {
  if (!is_float(c.out[0].dtype))
    throw TypeError(c.op->name + ": needs floating-point arrays, got " + dtype_name(c.out[0].dtype));
}

template <int nd>
void infer_conv(InferCall& c) {
  Geometry g = geometry(c, nd, c.in[0].shape, c.in[1].shape);
  if (c.nin > 2 && c.in[2].given) check_conv_bias(c.op->name, c.in[2].shape, g.w[0]);
  check_float(c);
  c.out[0].shape = g.y;
  c.out[0].strides = channels_last_strides(g.y);
}
DL_INFER("conv1d", infer_conv<1>);
DL_INFER("conv3d", infer_conv<3>);

// ---- transposed ----

// Inputs (x, weight (C, O / groups, k...), bias): the input gradient of the convolution that leads from y to x.
template <class Call>
Shape deconv_shape(const Call& c, int nd, const Shape& x, const Shape& w) {
  const std::string& op = c.op->name;
  Geometry g = attributes(c, nd);
  int64_t adj[3];
  spatial_attr(c, "adj", nd, 0, adj);
  if (w.n != nd + 2 || x.n != nd + 2 || x[1] != w[0])
    throw ValueError(op + ": expected x and weight of " + std::to_string(nd + 2) +
                     " dimensions, (N, C, ...) and (C, O / groups, ...), got " + to_string(x) + " and " + to_string(w));
  if (w[0] % g.groups)
    throw ValueError(format("%s: %lld input channels cannot be cut into %lld groups", op.c_str(), (long long)w[0],
                            (long long)g.groups));
  Shape y{x[0], w[1] * g.groups};
  for (int i = 0; i < nd; i++) {
    if (adj[i] < 0 || adj[i] >= g.stride[i])
      throw ValueError(format("%s: adj must be at least 0 and less than the stride, got adj %lld for stride %lld",
                              op.c_str(), (long long)adj[i], (long long)g.stride[i]));
    int64_t n = (x[2 + i] - 1) * g.stride[i] - 2 * g.pad[i] + g.dilate[i] * (w[2 + i] - 1) + 1 + adj[i];
    if (n < 1 || w[2 + i] < 1 || x[2 + i] < 1)
      throw ValueError(op + ": nothing is left of x " + to_string(x) + " with weight " + to_string(w) +
                       " after the padding");
    y.push(n);
  }
  return y;
}

void add_bias(const View& y, const View& bias, const KernelCall& c) {
  Shape room = y.shape;
  Dims step = y.strides;
  while (room.n < 5) room.push(1), step.push(0);
  Temp keep;
  View b = as_contiguous(bias, y.dtype, keep);
  with_float_type(y.dtype, c.op->name.c_str(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    parallel_for(room[0] * room[1], 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) {
        auto add = load(b.ptr<const T>() + i % room[1]);
        T* at = y.ptr<T>() + i / room[1] * step[0] + i % room[1] * step[1];
        for (int64_t p = 0; p < room[2]; p++)
          for (int64_t q = 0; q < room[3]; q++)
            for (int64_t r = 0; r < room[4]; r++) {
              T* v = at + p * step[2] + q * step[3] + r * step[4];
              store(v, load(v) + add);
            }
      }
    });
  });
}

template <int nd>
void deconv(const KernelCall& c) {
  Geometry g = geometry(c, nd, c.out[0].shape, c.in[1].shape);
  check_gy(c, g, c.in[0].shape);
  run_pass(c, kGradX, g, c.in[0], c.in[1], {}, c.out[0]);
  if (c.present(2)) add_bias(c.out[0], c.in[2], c);
}
DL_KERNEL("deconv1d", deconv<1>);
DL_KERNEL("deconv2d", deconv<2>);
DL_KERNEL("deconv3d", deconv<3>);

template <int nd>
void infer_deconv(InferCall& c) {
  c.out[0].shape = deconv_shape(c, nd, c.in[0].shape, c.in[1].shape);
  if (c.nin > 2 && c.in[2].given) check_conv_bias(c.op->name, c.in[2].shape, c.out[0].shape[1]);
  check_float(c);
  c.out[0].strides = channels_last_strides(c.out[0].shape);
}
DL_INFER("deconv1d", infer_deconv<1>);
DL_INFER("deconv2d", infer_deconv<2>);
DL_INFER("deconv3d", infer_deconv<3>);

}  // namespace
}  // namespace dl
