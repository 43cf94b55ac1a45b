// "product": a matrix product, a bias, and elementwise operators done to each block of the result while it is in the
// cache.
#include <vector>

#include "kernels/cpu/matmul.h"
#include "kernels/cpu/onednn.h"
#include "kernels/cpu/pairs.h"
#include "kernels/cpu/tile.h"

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

// The steps over a block of sums, which they overwrite; what the last makes goes to `to`, which may be the block.
void run_steps(const std::vector<const OpDef*>& steps, View sums, const View& other, View to) {
  if (steps.empty() && to.data != sums.data) return copy_view(to, sums);
  for (size_t i = 0; i < steps.size(); i++) {
    View in[2] = {sums, other};
    run_tile(*steps[i]->tile, tile_type(sums.dtype), in, i + 1 == steps.size() ? &to : &sums, 1);
  }
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

void beside(PanelThen& then, const View& other) { then.other = other.ptr<const float>(); }
void beside(PairThen& then, const View& other) {
  if (other.dtype == DType::F32)
    then.wide = other.ptr<const float>();
  else
    then.other = other.ptr<const uint16_t>();
}

// What is done while the sums are in registers: no step, or one of these. False: the steps are another thing.
template <class Then>
bool finish_of(const std::vector<const OpDef*>& steps, const View& other, Then& then) {
  constexpr std::pair<const char*, PanelFinish> known[] = {{"add", PanelFinish::add},
                                                           {"multiply", PanelFinish::multiply},
                                                           {"relu", PanelFinish::relu},
                                                           {"_relu_grad", PanelFinish::relu_grad}};
  if (steps.empty()) return true;
  const bool two = steps[0]->inputs.size() > 1;
  if (steps.size() > 1 || (two && other.strides[1] != 1)) return false;
  for (const auto& [name, finish] : known)
    if (steps[0]->name == name) then.finish = finish;
  if (two) beside(then, other), then.other_row = other.strides[0];
  return then.finish != PanelFinish::none;
}

// The operands of one product, as matrices.
struct Operands {
  View a, b, other, y;
  const float* bias;
  int64_t m() const { return y.shape[0]; }
  int64_t n() const { return y.shape[1]; }
  int64_t k() const { return b.shape[0]; }
};

// By panels; 16-bit floats are widened first, and a result of them is rounded block by block.
void run_panels(const Operands& o, const std::vector<const OpDef*>& steps) {
  Temp keep[3];
  const bool narrow = o.y.dtype != DType::F32;
  auto wide = [](const View& v, Temp& to) { return v.dtype == DType::F32 ? v : as_contiguous(v, DType::F32, to); };
  View a = wide(o.a, keep[0]), b = wide(o.b, keep[1]);
  View sums = narrow ? temp_view(o.y.shape, DType::F32, keep[2]) : o.y;
  PanelThen then;
  if (narrow || !finish_of(steps, o.other, then))
    then.block = [&](int64_t i, int64_t rows, int64_t j, int64_t cols) {
      run_steps(steps, part(sums, i, rows, j, cols), o.other.data ? part(o.other, i, rows, j, cols) : View{},
                part(o.y, i, rows, j, cols));
    };
  panel_product(o.m(), o.n(), o.k(), {a.ptr<const float>(), a.strides[0], a.strides[1]},
                {b.ptr<const float>(), b.strides[0], b.strides[1]}, sums.ptr<float>(), sums.strides[0], o.bias, false,
                then);
}

void run_pairs(const Operands& o, const std::vector<const OpDef*>& steps) {
  PairThen then;
  if (!finish_of(steps, o.other, then))
    then.block = [&](float* sums, int64_t row, int64_t i, int64_t rows, int64_t j, int64_t cols) {
      run_steps(steps, {sums, DType::F32, Shape{rows, cols}, Dims{row, 1}},
                o.other.data ? part(o.other, i, rows, j, cols) : View{}, part(o.y, i, rows, j, cols));
    };
  const bool whole = o.y.dtype == DType::F32;
  const PairResult to{whole ? nullptr : o.y.ptr<uint16_t>(), whole ? o.y.ptr<float>() : nullptr, o.y.strides[0]};
  pair_product(o.m(), o.n(), o.k(), {o.a.ptr<const uint16_t>(), o.a.strides[0], o.a.strides[1]},
               {o.b.ptr<const uint16_t>(), o.b.strides[0], o.b.strides[1]}, to, o.bias, then);
}

// Block by block; false: not for these arrays.
bool run_blocks(const KernelCall& c, const std::vector<const OpDef*>& steps) {
  const View &a = c.in[0], &b = c.in[1], &out = c.out[0];
  const DType t = a.dtype;
  auto is = [&](int i, DType type) { return !c.present(i) || c.in[i].dtype == type; };
  bool suit = (t == DType::F32 || t == DType::BF16 || t == DType::F16) && (out.dtype == t || out.dtype == DType::F32);
  suit = suit && is(1, t) && is(2, t) && is(3, out.dtype);
  if (!suit || b.shape.n != 2 || !is_contiguous(out.shape, out.strides)) return false;
  if (t == DType::BF16 && onednn::has_tiles()) return false;  // which are quicker than what follows is dear
  int64_t depth = a.shape[a.shape.n - 1];
  // Nothing to add up: no block would be made. One line: packing would cost more than it saves.
  if (depth == 0 || a.numel() == depth) return false;
  Temp keep[4];
  Operands o{lines(a, keep[0]), b, c.present(3) ? lines(c.in[3], keep[2]) : View{}, lines(out, keep[1]), nullptr};
  if (int_attr(c, "transpose_b", 0)) swap_last(o.b.shape), swap_last(o.b.strides);
  if (c.present(2)) o.bias = as_contiguous(c.in[2], DType::F32, keep[3]).ptr<const float>();
  if (t == DType::BF16 && has_pairs())
    run_pairs(o, steps);
  else
    run_panels(o, steps);
  return true;
}

// Inputs (a, b, bias, other). Of 16-bit floats sums, bias and steps are float32, and rounded once; or not at all where
// `other` is float32.
void product(const KernelCall& c) {
  const View& out = c.out[0];
  auto steps = steps_of(c.op->name, then_attr(c));
  if (out.numel() == 0 || run_blocks(c, steps)) return;
  Temp keep;
  View sums = itemsize(out.dtype) == 2 ? temp_view(out.shape, DType::F32, keep) : out;
  KernelCall plain = c;
  plain.nin = 2;
  plain.state = nullptr;
  plain.out = &sums;
  find_kernel("matmul")(plain);
  if (c.present(2)) run_steps({find_op("add")}, sums, c.in[2], sums);
  run_steps(steps, sums, c.present(3) ? c.in[3] : View{}, out);
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
