// Branches and loops of a compiled graph: programs inside a program. What is decided at run time is which of them runs,
// and how often.
#pragma once
#include <memory>
#include <vector>

#include "runtime/executable.h"

namespace dl {

// A branch ("_cond"): inputs are a number and the operands of both bodies, outputs are those of the body that runs.
//
// A loop ("_loop"): inputs are [how often, if `counted`], the carried arrays, the scanned arrays (step i gets row i),
// and arrays that all steps read. Its body gets carried, scanned and read arrays and makes the new carried arrays and
// the rows of the stacked results; the condition gets carried and read arrays. Outputs are the carried arrays, the
// stacks (rows of steps that did not happen are 0) and, with a condition, how many steps there were.
struct Control {
  std::vector<std::shared_ptr<Executable>> bodies;  // a branch: when true, when false; a loop: the body, its condition
  bool loop = false, counted = false, reverse = false;
  int carried = 0, scanned = 0;
  int64_t length = 0;               // the most steps
  std::vector<StorageRef> scratch;  // kept between runs
};

}  // namespace dl
