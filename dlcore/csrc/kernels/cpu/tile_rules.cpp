// Programs that are known update rules, run as one loop each (isa/rules.h).
#include <algorithm>
#include <vector>

#include "kernels/cpu/tile_plan.h"
#include "runtime/pool.h"

namespace dl {
namespace {

// The rule's numbers of inputs as the program has them, found on the way: what fuses a cast with a rule numbers the
// cast's input first.
class Inputs {
 public:
  explicit Inputs(int n) : of_(size_t(n), -1) {}
  // Whether value `ours` of the program can be value `theirs` of the rule.
  bool same(int ours, int theirs) {
    const int n = int(of_.size());
    if (theirs < 0 || theirs >= n || ours < 0 || ours >= n) return ours == theirs;
    int& known = of_[size_t(theirs)];
    if (known < 0 && std::find(of_.begin(), of_.end(), ours) == of_.end()) known = ours;
    return known == ours;
  }
  const std::vector<int>& all() const { return of_; }

 private:
  std::vector<int> of_;
};

// How `p` is `rule`; nothing where it is not.
RuleUse use_of(const TileProgram& p, const UpdateRule& rule) {
  if (p.n_in != rule.n_in || int(p.code.size()) != rule.n_code) return {};
  Inputs inputs(p.n_in);
  for (size_t i = 0; i < p.code.size(); i++) {
    const TileInstr& x = p.code[i];
    const RuleStep& y = rule.code[i];
    if (TileOp(x.op) != y.op || !inputs.same(x.a, y.a) || !inputs.same(x.b, y.b) || !inputs.same(x.c, y.c)) return {};
  }
  RuleUse use;
  for (int k = 0; k < int(p.outs.size()); k++) {
    const int value = p.outs[size_t(k)], next = int(use.out.size());
    if (next < rule.n_out && inputs.same(value, rule.outs[next]))
      use.out.push_back(k);
    else if (value < p.n_in)
      use.copies.push_back({k, value});
    else
      return {};
  }
  use.in = inputs.all();
  auto place = [&](int value) { return int(std::find(use.in.begin(), use.in.end(), value) - use.in.begin()); };
  if (int(use.out.size()) != rule.n_out || place(-1) < p.n_in) return {};
  for (auto& copy : use.copies) copy.second = place(copy.second);
  use.rule = &rule;
  return use;
}

constexpr int64_t kBlock = 1024, kGrainBlocks = 8;  // numbers: parts are whole blocks, so that all threads cut alike

}  // namespace

RuleUse find_rule(const TileProgram& p) {
  const UpdateRules* known = pick_update_rules();
  for (const UpdateRule* r = known->rules; r != known->rules + known->count; r++)
    if (r->n_code <= kMaxRuleCode && r->n_in <= kMaxRuleIn && r->n_out <= kMaxRuleOut)
      if (RuleUse use = use_of(p, *r)) return use;
  return {};
}

bool rule_takes(DType array) { return array == DType::F32 || array == DType::BF16 || array == DType::F16; }

void run_rule_part(const RuleUse& use, const float* constants, const View* in, const View* out, int64_t begin,
                   int64_t end) {
  const UpdateRule& rule = *use.rule;
  auto taken = [&](int k) -> const View& { return in[use.in[size_t(k)]]; };
  auto made = [&](int k) -> const View& { return out[use.out[size_t(k)]]; };
  static thread_local std::vector<float> room(size_t((kMaxRuleIn + kMaxRuleOut) * kBlock));
  const float* from[kMaxRuleIn];
  float* to[kMaxRuleOut];
  auto is_array = [&](int k) { return bool(rule.arrays >> k & 1); };
  bool narrow = false;
  for (int k = 0; k < rule.n_in; k++) narrow = narrow || taken(k).dtype != DType::F32;
  for (int k = 0; k < rule.n_out; k++) narrow = narrow || made(k).dtype != DType::F32;
  for (int64_t at = begin, step = narrow ? kBlock : end - begin; at < end; at += step) {
    const int64_t n = std::min(step, end - at);
    float* free = room.data();
    auto place = [&](const View& v) { return v.ptr<char>() + at * int64_t(itemsize(v.dtype)); };
    for (int k = 0; k < rule.n_in; k++) {
      from[k] = is_array(k) ? reinterpret_cast<const float*>(place(taken(k))) : taken(k).ptr<const float>();
      if (taken(k).dtype == DType::F32) continue;
      cast_fn(taken(k).dtype, DType::F32)(n, place(taken(k)), 1, free, 1);
      from[k] = free, free += kBlock;
    }
    for (int k = 0; k < rule.n_out; k++) {
      const bool whole = made(k).dtype == DType::F32;
      to[k] = whole ? reinterpret_cast<float*>(place(made(k))) : free;
      free += whole ? 0 : kBlock;
    }
    rule.run(n, from, constants, to);
    for (int k = 0; k < rule.n_out; k++)
      if (made(k).dtype != DType::F32) cast_fn(DType::F32, made(k).dtype)(n, to[k], 1, place(made(k)), 1);
    for (auto [k, input] : use.copies) cast_fn(DType::F32, out[k].dtype)(n, from[input], 1, place(out[k]), 1);
  }
}

bool rule_takes(const RuleUse& use, const View* in) {
  for (int k = 0; k < use.rule->n_in; k++) {
    const View& v = in[use.in[size_t(k)]];
    if (use.rule->arrays >> k & 1 ? !rule_takes(v.dtype) : v.dtype != DType::F32 || v.numel() != 1) return false;
  }
  // What is copied must have been widened: an output may lie where an input of float32 does.
  return std::all_of(use.copies.begin(), use.copies.end(), [&](const auto& copy) {
    return use.rule->arrays >> copy.second & 1 && in[use.in[size_t(copy.second)]].dtype != DType::F32;
  });
}

bool run_rule(const TileProgram& p, const View* in, View* out, int nout) {
  const RuleUse& use = p.compiled->rule;
  const UpdateRule& rule = *use.rule;
  auto alike = [&](const View& v) { return v.shape == out[0].shape && v.strides == out[0].strides; };
  if (!is_dense(out[0].shape, out[0].strides) || !rule_takes(use, in)) return false;
  for (int k = 0; k < nout; k++)
    if (!alike(out[k]) || !rule_takes(out[k].dtype)) return false;
  for (int k = 0; k < p.n_in; k++)
    if (rule.arrays >> k & 1 && !alike(in[use.in[size_t(k)]])) return false;
  float constants[kMaxRuleCode];
  for (int i = 0; i < rule.n_code; i++) constants[i] = float(p.code[size_t(i)].imm);
  int64_t n = out[0].numel(), blocks = (n + kBlock - 1) / kBlock;
  parallel_for(blocks, kGrainBlocks, [&](int64_t begin, int64_t end) {
    run_rule_part(use, constants, in, out, begin * kBlock, std::min(n, end * kBlock));
  });
  return true;
}

}  // namespace dl
