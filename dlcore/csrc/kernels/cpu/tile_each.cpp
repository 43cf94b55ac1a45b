// One tile program over several sets of arrays: cutting the work, and the kernel of a group of equal updates.
#include "kernels/cpu/tile_each.h"

#include <algorithm>

#include "kernels/cpu/tile_plan.h"
#include "runtime/pool.h"
#include "tensor/fault.h"

namespace dl {
namespace {

// Pieces begin at whole blocks of the update rules' loops, so that numbers come out as from one array alone.
constexpr int64_t kBlock = 1024;
constexpr int64_t kParcelBytes = 256 * 1024;  // what a thread takes at a time
constexpr int kMaxViews = 32;

bool same_layout(const View& v, const View& like) {
  if (v.shape != like.shape) return false;
  for (int i = 0; i < v.shape.n; i++)
    if (v.shape[i] > 1 && v.strides[i] != like.strides[i]) return false;
  return true;
}

// Whether the loop of the program's update rule can run over this set: see run_rule.
bool suits_rule(const TileProgram& p, const View* in, const View* out) {
  const RuleUse& use = p.compiled->rule;
  if (!use || !rule_takes(use, in)) return false;
  for (int k = 0; k < p.n_in; k++)
    if (use.rule->arrays >> k & 1 && in[use.in[size_t(k)]].shape != out[0].shape) return false;
  return std::all_of(out, out + p.outs.size(), [](const View& v) { return rule_takes(v.dtype); });
}

}  // namespace

bool TileParcels::fits(const TileProgram& p, const View* in, const View* out) {
  int nout = int(p.outs.size());
  auto same = [&](const View& v) { return same_layout(v, out[0]); };
  return p.n_in + nout <= kMaxViews && is_dense(out[0].shape, out[0].strides) && std::all_of(out, out + nout, same) &&
         std::all_of(in, in + p.n_in, [&](const View& v) { return same(v) || v.numel() == 1; });
}

TileParcels::TileParcels(const TileProgram& p, const View* in, const View* out, int sets) {
  int64_t room = 0;
  by_rule_ = true;
  for (int s = 0; s < sets; s++, in += p.n_in, out += p.outs.size()) {
    if (!fits(p, in, out)) throw InternalError(format("tile: the arrays of set %d do not go together", s));
    by_rule_ = by_rule_ && suits_rule(p, in, out);
    int64_t n = out[0].numel(), each = 0;
    for (int k = 0; k < p.n_in; k++) each += in[k].shape == out[0].shape ? int64_t(itemsize(in[k].dtype)) : 0;
    for (size_t k = 0; k < p.outs.size(); k++) each += int64_t(itemsize(out[k].dtype));
    elements_ += n;
    for (int64_t at = 0; at < n;) {
      if (room < each * std::min(n - at, kBlock)) starts_.push_back(pieces_.size()), room = kParcelBytes;
      int64_t blocks = std::max<int64_t>(room / (each * kBlock), 1);
      int64_t end = std::min(n, at + blocks * kBlock);
      pieces_.push_back({s, at, end});
      room -= each * (end - at);
      at = end;
    }
  }
  starts_.push_back(pieces_.size());
}

void TileParcels::run_piece(const TileProgram& p, TileType type, const View* in, const View* out, const Piece& piece) {
  View views[kMaxViews];
  View* to = views;
  auto part = [&](const View& v) {
    *to = v;
    if (v.shape == out[0].shape) {
      to->data = static_cast<char*>(v.data) + piece.begin * int64_t(itemsize(v.dtype));
      to->shape = Shape{piece.end - piece.begin};
      to->strides = Dims{1};
    }
    to++;
  };
  std::for_each(in, in + p.n_in, part);
  std::for_each(out, out + p.outs.size(), part);
  run_tile(p, type, views, views + p.n_in, int(p.outs.size()));
}

void TileParcels::run(const TileProgram& p, TileType type, const View* in, const View* out) const {
  const UpdateRule* rule = by_rule_ && type == TileType::F32 ? p.compiled->rule.rule : nullptr;
  float constants[kMaxRuleCode];
  for (int i = 0; rule && i < rule->n_code; i++) constants[i] = float(p.code[size_t(i)].imm);
  parallel_for(int64_t(starts_.size()) - 1, 1, [&](int64_t begin, int64_t end) {
    for (size_t i = starts_[size_t(begin)]; i < starts_[size_t(end)]; i++) {
      const Piece& piece = pieces_[i];
      const View *of = in + piece.set * p.n_in, *to = out + piece.set * int(p.outs.size());
      if (rule)
        run_rule_part(p.compiled->rule, constants, of, to, piece.begin, piece.end);
      else
        run_piece(p, type, of, to, piece);
    }
  });
}

namespace {

void each_kernel(const KernelCall& c) {
  auto* p = static_cast<const TileProgram*>(c.attrs->at(0).obj.get());
  int nout = int(p->outs.size()), sets = p->n_in ? c.nin / p->n_in : 0;
  if (!sets || sets * p->n_in != c.nin || sets * nout != c.nout)
    throw InternalError(format("%s: its program takes %d inputs and makes %d outputs, got %d and %d",
                               c.op->name.c_str(), p->n_in, nout, c.nin, c.nout));
  std::shared_ptr<void> made = c.state ? *c.state : nullptr;
  if (!made) made = std::make_shared<TileParcels>(*p, c.in, c.out, sets);
  if (c.state) *c.state = made;
  static_cast<TileParcels*>(made.get())->run(*p, tile_type(c.attrs->at(1).dtype()), c.in, c.out);
}

}  // namespace

DL_KERNEL("tile_each", each_kernel);

}  // namespace dl
