// Reductions over the rows of a row program, one number a column. Private to the row kernels.
#pragma once
#include <vector>

#include "kernels/cpu/row_plan.h"

namespace dl {

// For every value whether it follows from a reduction over the rows; RuntimeError where more than columns do.
std::vector<bool> column_values(const RowProgram& p);

// For every value whether the rows are read for it; numbers of columns need more, when all rows are through.
std::vector<bool> used_in_rows(const RowProgram& p);

// The blocks of rows and the program over the sums.
void plan_columns(RowPlan& plan);

void run_columns(const RowPlan& plan, const View* in, const View* out);

}  // namespace dl
