#include "kernels/cpu/conv_plan.h"

#include <algorithm>
#include <cstring>

#include "tensor/fault.h"

namespace dl {

using namespace onednn;

namespace {

dnnl::memory::dims dims_of(std::initializer_list<int64_t> v) { return dnnl::memory::dims(v); }

Desc image_desc(int64_t n, int64_t c, int64_t h, int64_t w, DType t, Tag tag) {
  return Desc(dims_of({n, c, h, w}), data_type(t), tag);
}
Desc weight_any(const ConvShape& s, DType t) {
  if (s.groups == 1) return Desc(dims_of({s.o, s.c, s.kh, s.kw}), data_type(t), Tag::any);
  return Desc(dims_of({s.groups, s.o / s.groups, s.c / s.groups, s.kh, s.kw}), data_type(t), Tag::any);
}
Desc weight_given(const ConvShape& s, const View& w) {
  const Dims& d = w.strides;
  if (s.groups == 1)
    return Desc(dims_of({s.o, s.c, s.kh, s.kw}), data_type(w.dtype), dims_of({d[0], d[1], d[2], d[3]}));
  int64_t per = s.o / s.groups;
  return Desc(dims_of({s.groups, per, s.c / s.groups, s.kh, s.kw}), data_type(w.dtype),
              dims_of({d[0] * per, d[0], d[1], d[2], d[3]}));
}

bool has_fast_code(const char* impl) { return std::strncmp(impl, "ref", 3) != 0; }

struct Made {
  std::unique_ptr<Prim> prim;
  Desc weights;
};

// One primitive for `n` images. Throws dnnl::error, or leaves prim empty when only reference code exists.
Made make_prim(ConvPass pass, const ConvShape& s, int64_t n, const Band& band, DType t, Tag x_tag, bool bias,
               int threads) {
  OmpThreads omp(threads);
  auto algo = dnnl::algorithm::convolution_direct;
  Desc x = image_desc(n, s.c, band.in_rows, s.w, t, x_tag), y = image_desc(n, s.o, band.rows, s.ow, t, Tag::nhwc);
  Desc w = weight_any(s, t), b = bias ? Desc(dims_of({s.o}), data_type(t), Tag::x) : Desc();
  auto strides = dims_of({s.stride[0], s.stride[1]});
  auto before = dims_of({band.top, s.pad[1]}), after = dims_of({band.bottom, s.pad[1]});
  auto dilate = dims_of({s.dilate[0] - 1, s.dilate[1] - 1});
  auto attr = scratchpad_attr();
  auto kind = pass == ConvPass::forward ? dnnl::prop_kind::forward_inference : dnnl::prop_kind::forward_training;
  using Forward = dnnl::convolution_forward;
  auto forward = bias ? Forward::primitive_desc(engine(), kind, algo, x, w, b, y, strides, dilate, before, after,
                                                pass == ConvPass::forward ? attr : dnnl::primitive_attr())
                      : Forward::primitive_desc(engine(), kind, algo, x, w, y, strides, dilate, before, after,
                                                pass == ConvPass::forward ? attr : dnnl::primitive_attr());
  Made made;
  if (pass == ConvPass::forward) {
    if (!has_fast_code(forward.impl_info_str())) return made;
    made.weights = forward.weights_desc();
    made.prim = std::make_unique<Prim>(
        Forward(forward),
        std::initializer_list<Arg>{
            {DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, made.weights}, {DNNL_ARG_DST, y}, {DNNL_ARG_BIAS, b}},
        forward.scratchpad_desc(), threads);
  } else if (pass == ConvPass::grad_x) {
    using Backward = dnnl::convolution_backward_data;
    Backward::primitive_desc pd(engine(), algo, x, w, y, strides, dilate, before, after, forward, attr);
    if (!has_fast_code(pd.impl_info_str())) return made;
    made.weights = pd.weights_desc();
    made.prim = std::make_unique<Prim>(
        Backward(pd),
        std::initializer_list<Arg>{{DNNL_ARG_DIFF_DST, y}, {DNNL_ARG_WEIGHTS, made.weights}, {DNNL_ARG_DIFF_SRC, x}},
        pd.scratchpad_desc(), threads);
  } else {
    // The weight gradient is summed over pieces, so it stays in float32 whatever the activations are.
    using Backward = dnnl::convolution_backward_weights;
    Desc gw = weight_any(s, DType::F32);
    Backward::primitive_desc pd(engine(), algo, x, gw, y, strides, dilate, before, after, forward, attr);
    if (!has_fast_code(pd.impl_info_str())) return made;
    made.weights = pd.diff_weights_desc();
    made.prim = std::make_unique<Prim>(
        Backward(pd),
        std::initializer_list<Arg>{{DNNL_ARG_DIFF_DST, y}, {DNNL_ARG_SRC, x}, {DNNL_ARG_DIFF_WEIGHTS, made.weights}},
        pd.scratchpad_desc(), threads);
  }
  return made;
}

Band whole_image(const ConvShape& s) { return {0, s.oh, 0, s.h, s.pad[0], s.pad[0]}; }

// The image cut into `n` bands of rows.
std::vector<Band> bands_of(const ConvShape& s, int64_t n) {
  std::vector<Band> bands;
  int64_t size = (s.oh + n - 1) / n;
  for (int64_t row = 0; row < s.oh; row += size) {
    Band b{row, std::min(size, s.oh - row), 0, 0, 0, 0};
    int64_t first = row * s.stride[0] - s.pad[0];
    int64_t end = first + (b.rows - 1) * s.stride[0] + (s.kh - 1) * s.dilate[0] + 1;
    b.in_row = std::max<int64_t>(0, first);
    b.in_rows = std::min(end, s.h) - b.in_row;
    b.top = b.in_row - first;
    b.bottom = std::max<int64_t>(0, end - s.h);
    if (b.in_rows < 1) return {whole_image(s)};  // a band of padding only
    bands.push_back(b);
  }
  return bands;
}

// Images per piece. Forward and input gradient: a few pieces per thread, so that a slow thread costs little. Weight
// gradient: one piece per thread, because every piece has a gradient of its own to add up.
int64_t block_of(const ConvWish& wish, const ConvShape& s) {
  constexpr int64_t kNear = 256 << 10;  // bytes of results that are still in the second-level cache afterwards
  int64_t n = s.n, threads = num_threads();
  int64_t pieces = wish.pass == ConvPass::grad_w ? threads : std::min(n, threads * 2);
  int64_t block = n < threads ? n : (n + pieces - 1) / pieces;
  int64_t image = s.o * s.oh * s.ow * int64_t(itemsize(wish.type));
  return wish.finish ? std::min(block, std::max<int64_t>(1, kNear / image)) : block;
}

// Fills in the pieces; false when oneDNN has no code for one of them, or not all want the same layout of weights.
bool cut_up(ConvPlan& plan, const ConvWish& r, const ConvShape& s, int64_t block, const std::vector<Band>& bands,
            int threads) {
  plan.pieces.clear();
  plan.prims.clear();
  for (int64_t image = 0; image < s.n; image += block)
    for (const Band& band : bands) {
      int64_t n = std::min(block, s.n - image);
      const Prim* prim = nullptr;
      for (const Piece& p : plan.pieces)
        if (p.images == n && p.band.same_work(band)) prim = p.prim;
      if (!prim) {
        Made made = make_prim(r.pass, s, n, band, r.type, r.x_tag, r.bias, threads);
        if (!made.prim || (!plan.prims.empty() && made.weights != plan.weights)) return false;
        plan.weights = made.weights;
        plan.prims.push_back(std::move(made.prim));
        prim = plan.prims.back().get();
      }
      plan.pieces.push_back({image, n, band, prim});
    }
  return true;
}

std::shared_ptr<ConvPlan> make_plan(const Key& key, const ConvWish& r, const ConvShape& s, const View& w) {
  auto plan = std::make_shared<ConvPlan>(key);
  plan->x_tag = r.x_tag;
  int64_t threads = num_threads();
  // Fewer images than threads: they are cut into bands (forward), or large ones cut up by oneDNN's own threads.
  double work = double(numel(s.y_shape())) * double(s.c / s.groups * s.kh * s.kw);
  bool split = s.n < threads && work > 1 << 20;
  // A thread that takes two bands evens out delays, but reads the weights twice.
  int64_t weight_bytes = numel(s.w_shape()) * int64_t(itemsize(r.type));
  int64_t each = weight_bytes > 1 << 20 ? 1 : 2;
  try {
    if (split && r.pass == ConvPass::forward && r.x_tag == Tag::nhwc)
      plan->usable = cut_up(*plan, r, s, 1, bands_of(s, std::min(s.oh, (each * threads + s.n - 1) / s.n)), 1);
    if (!plan->usable)
      plan->usable =
          cut_up(*plan, r, s, block_of(r, s), {whole_image(s)}, work > 1 << 22 && s.n < threads ? int(threads) : 1);
    if (!plan->usable) return plan;
    plan->reorder = r.pass == ConvPass::grad_w ? make_reorder(plan->weights, weight_given(s, w))
                                               : make_reorder(weight_given(s, w), plan->weights);
  } catch (const dnnl::error& e) {
    plan->usable = false;
    if (e.status == dnnl_out_of_memory) throw OutOfMemory("conv2d: oneDNN is out of memory");
  }
  return plan;
}

}  // namespace

std::shared_ptr<ConvPlan> conv_plan(const KernelCall& c, const ConvWish& wish, const ConvShape& s, const View& w) {
  Key key(int64_t(wish.pass));
  for (int64_t v :
       {int64_t(wish.type), s.n, s.c, s.h, s.w, s.o, s.kh, s.kw, s.stride[0], s.stride[1], s.pad[0], s.pad[1],
        s.dilate[0], s.dilate[1], s.groups, int64_t(wish.x_tag), int64_t(wish.bias), int64_t(wish.finish)})
    key.add(v);
  key.add(int64_t(w.dtype));
  key.add(w.strides);
  return plan_for<ConvPlan>(c, key, [&](const Key& k) { return make_plan(k, wish, s, w); });
}

}  // namespace dl
