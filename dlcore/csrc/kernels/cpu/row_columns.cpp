// Reductions over rows: every block of rows has sums of its own, which are joined in order when all blocks are through.
// How many blocks there are depends on the shape alone, so that any number of threads gives the same numbers.
#include "kernels/cpu/row_columns.h"

#include "kernels/cpu/copy.h"
#include "kernels/cpu/row_runner.h"
#include "runtime/pool.h"
#include "tensor/fault.h"

namespace dl {
namespace {

constexpr int64_t kBlockOps = 32 * 1024;  // element-operations of a block
constexpr int64_t kFewestRows = 8;        // of a block: its sums are set and read again
constexpr int64_t kMostBlocks = 64;
constexpr int64_t kPiece = 4096;  // sums that are joined at once

int operand(const TileInstr& ins, int k) { return k == 0 ? ins.a : k == 1 ? ins.b : ins.c; }

int64_t count_blocks(const RowPlan& plan) {
  int64_t by_work = plan.rows * plan.n * plan.cost / kBlockOps;
  return std::max<int64_t>(1, std::min({by_work, kMostBlocks, plan.units(), plan.rows / kFewestRows}));
}

// The values that the outputs of columns follow from, sums and what is computed from them.
std::vector<bool> needed_values(const RowPlan& plan) {
  const RowProgram& p = *plan.program;
  std::vector<bool> needed(plan.cls.size());
  for (int v : p.outs)
    if (plan.cls[size_t(v)] == RowClass::Column) needed[size_t(v)] = true;
  for (int i = int(p.code.size()) - 1; i >= 0; i--) {
    const TileInstr& ins = p.code[size_t(i)];
    if (!needed[size_t(p.n_in + i)] || column_reduction(ins.op, nullptr)) continue;
    for (int k = 0; k < row_arity(ins.op); k++) needed[size_t(operand(ins, k))] = true;
  }
  return needed;
}

// Which values differ from row to row; those of columns are there when all rows are through.
std::vector<bool> varying_values(const RowPlan& plan) {
  const RowProgram& p = *plan.program;
  std::vector<bool> varies;
  for (const RowArray& a : plan.in)
    varies.push_back(std::any_of(a.lead, a.lead + plan.nd, [](int64_t s) { return s != 0; }));
  for (const TileInstr& ins : p.code) {
    bool any = row_reduction(ins.op, nullptr);
    for (int k = 0; k < row_arity(ins.op); k++) any = any || varies[size_t(operand(ins, k))];
    varies.push_back(any && plan.cls[varies.size()] != RowClass::Column);
  }
  return varies;
}

void make_program(RowPlan& plan) {
  const RowProgram& p = *plan.program;
  std::vector<bool> needed = needed_values(plan), varies = varying_values(plan);
  std::vector<int16_t> number(plan.cls.size());
  TileProgram& after = plan.after;
  for (size_t v = 0; v < needed.size(); v++) {
    if (!needed[v]) continue;
    bool given = int(v) < p.n_in, sum = plan.slots[v].home == RowSlot::Sums;
    if (varies[v]) throw InternalError("fused_rows: a number of a column from more than columns");
    if (!given && !sum) continue;
    number[v] = int16_t(after.n_in++);
    plan.after_in.push_back(sum ? ~plan.slots[v].array : int(v));
  }
  for (size_t i = 0; i < p.code.size(); i++) {
    size_t v = size_t(p.n_in) + i;
    if (!needed[v] || plan.slots[v].home == RowSlot::Sums) continue;
    number[v] = int16_t(after.n_in + int(after.code.size()));
    TileInstr ins = p.code[i];
    int16_t* slots[3] = {&ins.a, &ins.b, &ins.c};
    for (int k = 0; k < row_arity(ins.op); k++) *slots[k] = number[size_t(*slots[k])];
    after.code.push_back(ins);
  }
  for (size_t k = 0; k < p.outs.size(); k++) {
    if (plan.cls[size_t(p.outs[k])] != RowClass::Column) continue;
    plan.after_out.push_back(int(k));
    after.outs.push_back(number[size_t(p.outs[k])]);
  }
  prepare(after);
}

// The sums of all blocks, in one; `memory` has room for them behind the blocks'.
char* join(const RowPlan& plan, char* memory) {
  if (plan.blocks == 1) return memory;
  int64_t per_block = int64_t(plan.down.size()) * plan.n, pieces = (plan.n + kPiece - 1) / kPiece;
  char* joined = memory + plan.blocks * per_block * plan.itemsize;
  int64_t grain = kGrainOps / (std::min(plan.n, kPiece) * plan.blocks) + 1;
  parallel_for(int64_t(plan.down.size()) * pieces, grain, [&](int64_t begin, int64_t end) {
    for (int64_t u = begin; u < end; u++) {
      int64_t first = u % pieces * kPiece, at = (u / pieces * plan.n + first) * plan.itemsize;
      int64_t n = std::min(kPiece, plan.n - first);
      const ReduceFns* fns = plan.down[size_t(u / pieces)];
      fns->init(n, joined + at);
      fns->rows(plan.blocks, n, memory + at, per_block, joined + at);
    }
  });
  return joined;
}

// What follows from the sums, which are of this type.
void finish(const RowPlan& plan, void* sums, DType type, const View* in, const View* out) {
  std::vector<View> given, made;
  for (int v : plan.after_in) {
    if (v >= 0)
      given.push_back({in[v].data, in[v].dtype, Shape{plan.n}, Dims{plan.in[size_t(v)].step}});
    else
      given.push_back({static_cast<char*>(sums) + ~v * plan.n * int64_t(itemsize(type)), type, Shape{plan.n}, Dims{1}});
  }
  for (int k : plan.after_out)
    made.push_back({out[k].data, out[k].dtype, Shape{plan.n}, Dims{plan.out[size_t(k)].step}});
  if (!plan.after.code.empty())
    return run_tile(plan.after, type == DType::F64 ? TileType::F64 : TileType::F32, given.data(), made.data(),
                    int(made.size()));
  for (size_t k = 0; k < made.size(); k++) strided_copy(made[k], given[size_t(plan.after.outs[k])]);
}

// All sums in double precision, those taken anew that have passed the range of single precision on the way. None where
// no one has, or what they were made of has been overwritten.
std::vector<double> mended(const RowPlan& plan, char* joined, const View* in, const View* out) {
  const size_t n = size_t(plan.n);
  const ReduceFns* sum = &pick_reduce_table()->fn[int(ReduceOp::Sum)][int(ReduceType::F32)];
  float* sums = reinterpret_cast<float*>(joined);
  bool fine = true;
  for (size_t k = 0; k < plan.down.size(); k++)
    fine = fine && (plan.down[k] != sum || all_finite(plan.n, sums + k * n));
  for (const RowPass& pass : plan.passes) fine = fine || pass.overwrites;
  if (fine || plan.dtype != DType::F32) return {};
  std::vector<double> wide(plan.down.size() * n);
  RowRunner runner(plan, in, out);
  runner.run_wide(joined, wide.data());
  runner.finish_streams();
  for (size_t i = 0; i < wide.size(); i++)
    if (plan.down[i / n] != sum || std::isfinite(sums[i])) wide[i] = double(sums[i]);
  return wide;
}

}  // namespace

std::vector<bool> column_values(const RowProgram& p) {
  std::vector<bool> found(size_t(p.n_in) + p.code.size());
  for (size_t i = 0; i < p.code.size(); i++) {
    const TileInstr& ins = p.code[i];
    bool follows = false, reduces = row_reduction(ins.op, nullptr) || column_reduction(ins.op, nullptr);
    for (int k = 0; k < row_arity(ins.op); k++) follows = follows || found[size_t(operand(ins, k))];
    if (follows && reduces) throw InternalError("RowProgram: a reduction of what follows from one over the rows");
    found[size_t(p.n_in) + i] = follows || column_reduction(ins.op, nullptr);
  }
  return found;
}

std::vector<bool> used_in_rows(const RowProgram& p) {
  std::vector<bool> of_column = column_values(p), used(of_column.size());
  for (int v : p.outs) used[size_t(v)] = !of_column[size_t(v)];
  for (int i = int(p.code.size()) - 1; i >= 0; i--) {
    const TileInstr& ins = p.code[size_t(i)];
    size_t v = size_t(p.n_in + i);
    used[v] = used[v] || column_reduction(ins.op, nullptr);
    for (int k = 0; used[v] && k < row_arity(ins.op); k++) used[size_t(operand(ins, k))] = true;
  }
  return used;
}

void plan_columns(RowPlan& plan) {
  plan.blocks = count_blocks(plan);
  make_program(plan);
}

void run_columns(const RowPlan& plan, const View* in, const View* out) {
  int64_t per_block = int64_t(plan.down.size()) * plan.n * plan.itemsize;
  thread_local std::vector<char> kept;
  kept.resize(size_t((plan.blocks + 1) * per_block));
  char* memory = kept.data();
  int64_t grain = kGrainOps * plan.blocks / (plan.rows * plan.n * plan.cost) + 1;
  parallel_for(plan.blocks, grain, [&](int64_t begin, int64_t end) {
    RowRunner runner(plan, in, out);
    for (int64_t block = begin; block < end; block++) runner.run_block(block, memory + block * per_block);
    runner.finish_streams();
  });
  char* joined = join(plan, memory);
  std::vector<double> wide = mended(plan, joined, in, out);
  if (wide.empty())
    finish(plan, joined, plan.dtype, in, out);
  else
    finish(plan, wide.data(), DType::F64, in, out);
}

}  // namespace dl
