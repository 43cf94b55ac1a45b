// Running row programs: rows in parallel, several short ones at once, each read once and kept in the cache.
#include "kernels/cpu/rows.h"

#include "kernels/cpu/row_columns.h"
#include "kernels/cpu/row_runner.h"
#include "kernels/cpu/tile_plan.h"
#include "runtime/pool.h"
#include "tensor/fault.h"

namespace dl {
namespace {

void run_in_parts(const RowPlan& plan, const View* in, const View* out) {
  int64_t per_row = int64_t(plan.sums.size()) * plan.parts;
  thread_local std::vector<char> kept;
  thread_local std::vector<double> kept_wide;
  kept.resize(size_t(plan.rows * per_row * plan.itemsize));
  kept_wide.resize(size_t(plan.rows * per_row));
  char* sums = kept.data();
  double* wide = kept_wide.data();
  int64_t grain = kGrainOps / (plan.part * plan.cost) + 1;
  parallel_for(plan.rows * plan.parts, grain, [&](int64_t begin, int64_t end) {
    RowRunner runner(plan, in, out);
    for (int64_t u = begin; u < end; u++) {
      int64_t at = u / plan.parts * per_row;
      runner.run_part(u / plan.parts, u % plan.parts, sums + at * plan.itemsize, wide + at);
    }
    runner.finish_streams();
  });
  RowRunner runner(plan, in, out);
  for (int64_t r = 0; r < plan.rows; r++) runner.finish(r, sums + r * per_row * plan.itemsize, wide + r * per_row);
}

void rows_kernel(const KernelCall& c) {
  if (c.nout == 0 || c.nin == 0) throw InternalError("fused_rows: no arrays");
  const auto* p = static_cast<const RowProgram*>(c.attrs->at(0).obj.get());
  if (!p) throw InternalError("fused_rows: no program");
  // The plan holds for all runs of an instruction: addresses change, but not which of them are the same.
  std::shared_ptr<void> own;
  std::shared_ptr<void>& state = c.state ? *c.state : own;
  if (!state) {
    auto made = std::make_shared<RowPlan>();
    plan_rows(*made, *p, tile_type(c.attrs->at(1).dtype()), c.in, c.nin, c.out, c.nout);
    state = made;
  }
  const RowPlan& plan = *static_cast<const RowPlan*>(state.get());
  if (!plan.down.empty()) return run_columns(plan, c.in, c.out);
  if (plan.parts > 1) return run_in_parts(plan, c.in, c.out);
  int64_t grain = kGrainOps / (plan.per * plan.n * plan.cost) + 1;
  parallel_for(plan.units(), grain, [&](int64_t begin, int64_t end) {
    RowRunner runner(plan, c.in, c.out);
    for (int64_t u = begin; u < end; u++) runner.run(u);
    runner.finish_streams();
  });
}

}  // namespace

DL_KERNEL("rows", rows_kernel);

}  // namespace dl
