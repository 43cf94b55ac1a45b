// "product": a matrix product, a bias, and elementwise operators done to each block of the result while it is in the
// cache.
#include <vector>

#include "kernels/cpu/panels.h"
#include "kernels/cpu/tile.h"
#include "kernels/cpu/views.h"

namespace dl {
namespace {

template <class Call>
std::string then_attr(const Call& c) {
  const Attr* then = find_attr(c, "then");
  return then && !then->none() ? then->s : "";
}

// The operators that `then` names.
std::vector<const OpDef*> steps_of(const std::string& op, const std::string& then) {
  std::vector<const OpDef*> steps;
  for (size_t at = 0; at < then.size();) {
    size_t end = std::min(then.find('+', at), then.size());
    std::string name = then.substr(at, end - at);
    const OpDef* step = find_op(name);
    if (!step || !step->tile || step->n_out != 1 || step->inputs.size() > 2)
      throw ValueError(op + ": expected then to name elementwise operators of one or two arrays, got '" + name + "'");
    steps.push_back(step);
    at = end + 1;
  }
  return steps;
}

// One step over a block, in place.
void run_step(const OpDef& step, View block, const View& other) {
  View in[2] = {block, other};
  run_tile(*step.tile, tile_type(block.dtype), in, &block, 1);
}

// The part of a matrix that starts at (i, j).
View part(const View& v, int64_t i, int64_t rows, int64_t j, int64_t cols) {
  View p = v;
  p.data = static_cast<char*>(v.data) + (i * v.strides[0] + j * v.strides[1]) * int64_t(itemsize(v.dtype));
  p.shape = Shape{rows, cols};
  return p;
}

// `v` (..., n) as a matrix of lines: in place where it is one, else row-major in `keep`.
View lines(const View& v, Temp& keep) {
  if (v.shape.n == 2) return v;
  View m = as_contiguous(v, keep);
  int64_t n = v.shape[v.shape.n - 1];
  m.shape = Shape{v.numel() / std::max<int64_t>(n, 1), n};
  m.strides = Dims{n, 1};
  return m;
}

// What is done while the sums are in registers: no step, or one of these. False: the steps are another thing.
bool finish_of(const std::vector<const OpDef*>& steps, const View& other, PanelThen& then) {
  constexpr std::pair<const char*, PanelFinish> known[] = {{"add", PanelFinish::add},
                                                           {"multiply", PanelFinish::multiply},
                                                           {"relu", PanelFinish::relu},
                                                           {"_relu_grad", PanelFinish::relu_grad}};
  if (steps.empty()) return true;
  const bool two = steps[0]->inputs.size() > 1;
  if (steps.size() > 1 || (two && other.strides[1] != 1)) return false;
  for (const auto& [name, finish] : known)
    if (steps[0]->name == name) then.finish = finish;
  if (two) then.other = other.ptr<const float>(), then.other_row = other.strides[0];
  return then.finish != PanelFinish::none;
}

// By panels, other steps block by block; false: not for these arrays.
bool run_blocks(const KernelCall& c, const std::vector<const OpDef*>& steps) {
  const View &a = c.in[0], &out = c.out[0];
  View b = c.in[1];
  bool f32 = a.dtype == DType::F32 && b.dtype == DType::F32 && out.dtype == DType::F32;
  for (int i = 2; i < 4; i++) f32 = f32 && (!c.present(i) || c.in[i].dtype == DType::F32);
  if (!f32 || b.shape.n != 2 || !is_contiguous(out.shape, out.strides)) return false;
  int64_t depth = a.shape[a.shape.n - 1];
  // Nothing to add up: no block would be made. One line: packing would cost more than it saves.
  if (depth == 0 || a.numel() == depth) return false;
  if (int_attr(c, "transpose_b", 0)) std::swap(b.shape[0], b.shape[1]), std::swap(b.strides[0], b.strides[1]);
  Temp keep[4];
  View left = lines(a, keep[0]), y = lines(out, keep[1]), other = c.present(3) ? lines(c.in[3], keep[2]) : View{};
  const float* bias = c.present(2) ? as_contiguous(c.in[2], keep[3]).ptr<const float>() : nullptr;
  PanelThen then;
  if (!finish_of(steps, other, then))
    then.block = [&](int64_t i, int64_t rows, int64_t j, int64_t cols) {
      View block = part(y, i, rows, j, cols);
      for (const OpDef* s : steps) run_step(*s, block, s->inputs.size() > 1 ? part(other, i, rows, j, cols) : View{});
    };
  panel_product(y.shape[0], y.shape[1], b.shape[0], {left.ptr<const float>(), left.strides[0], left.strides[1]},
                {b.ptr<const float>(), b.strides[0], b.strides[1]}, y.ptr<float>(), y.strides[0], bias, false, then);
  return true;
}

// Inputs (a, b, bias, other).
void product(const KernelCall& c) {
  const View& out = c.out[0];
  auto steps = steps_of(c.op->name, then_attr(c));
  if (out.numel() == 0 || run_blocks(c, steps)) return;
  KernelCall plain = c;
  plain.nin = 2;
  plain.state = nullptr;
  find_kernel("matmul")(plain);
  if (c.present(2)) run_step(*find_op("add"), out, c.in[2]);
  for (const OpDef* s : steps) run_step(*s, out, s->inputs.size() > 1 ? c.in[3] : View{});
}
DL_KERNEL("product", product);

DL_INFER("product", [](InferCall& c) {
  find_infer("matmul")(c);
  const Shape& y = c.out[0].shape;
  auto given = [&](int i) { return c.nin > i && c.in[i].given; };
  if (given(2) && c.in[2].shape != Shape{y[y.n - 1]})
    throw ValueError(c.op->name + ": expected bias (" + std::to_string(y[y.n - 1]) + ",), got shape " +
                     to_string(c.in[2].shape));
  bool two = false;
  for (const OpDef* s : steps_of(c.op->name, then_attr(c))) two = two || s->inputs.size() > 1;
  if (two ? !given(3) || c.in[3].shape != y : given(3))
    throw ValueError(c.op->name + ": expected other " + (two ? to_string(y) : "to be left out") + ", got " +
                     (given(3) ? "shape " + to_string(c.in[3].shape) : "none"));
});

}  // namespace
}  // namespace dl
