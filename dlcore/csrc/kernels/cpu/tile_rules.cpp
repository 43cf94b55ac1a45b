// Programs that are known update rules, run as one loop each (isa/rules.h).
#include <algorithm>

#include "kernels/cpu/tile_plan.h"
#include "runtime/pool.h"

namespace dl {
namespace {

bool equal(const TileProgram& p, const UpdateRule& rule) {
  if (p.n_in != rule.n_in || int(p.code.size()) != rule.n_code || int(p.outs.size()) != rule.n_out) return false;
  if (!std::equal(p.outs.begin(), p.outs.end(), rule.outs)) return false;
  return std::equal(p.code.begin(), p.code.end(), rule.code, [](const TileInstr& x, const RuleStep& y) {
    return TileOp(x.op) == y.op && x.a == y.a && x.b == y.b && x.c == y.c;
  });
}

constexpr int64_t kBlock = 1024, kGrainBlocks = 8;  // numbers: parts are whole blocks, so that all threads cut alike

}  // namespace

const UpdateRule* find_rule(const TileProgram& p) {
  const UpdateRules* known = pick_update_rules();
  const UpdateRule *end = known->rules + known->count,
                   *found = std::find_if(known->rules, end, [&](const UpdateRule& r) { return equal(p, r); });
  if (found == end || found->n_code > kMaxRuleCode || found->n_in > kMaxRuleIn || found->n_out > kMaxRuleOut)
    return nullptr;
  return found;
}

bool run_rule(const TileProgram& p, const View* in, View* out, int nout) {
  const UpdateRule& rule = *p.compiled->rule;
  auto array = [&](const View& v) {
    return v.dtype == DType::F32 && v.shape == out[0].shape && v.strides == out[0].strides;
  };
  if (!is_dense(out[0].shape, out[0].strides)) return false;
  for (int k = 0; k < nout; k++)
    if (!array(out[k])) return false;
  for (int k = 0; k < p.n_in; k++)
    if (rule.arrays >> k & 1 ? !array(in[k]) : in[k].dtype != DType::F32 || in[k].numel() != 1) return false;
  float constants[kMaxRuleCode];
  for (int i = 0; i < rule.n_code; i++) constants[i] = float(p.code[size_t(i)].imm);
  int64_t n = out[0].numel(), blocks = (n + kBlock - 1) / kBlock;
  parallel_for(blocks, kGrainBlocks, [&](int64_t begin, int64_t end) {
    int64_t at = begin * kBlock;
    const float* from[kMaxRuleIn];
    float* to[kMaxRuleOut];
    for (int k = 0; k < p.n_in; k++) from[k] = in[k].ptr<const float>() + (rule.arrays >> k & 1 ? at : 0);
    for (int k = 0; k < nout; k++) to[k] = out[k].ptr<float>() + at;
    rule.run(std::min(n, end * kBlock) - at, from, constants, to);
  });
  return true;
}

}  // namespace dl
