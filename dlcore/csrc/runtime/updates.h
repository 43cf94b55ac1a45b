// One update operator over many weights at once: the step of an optimizer as a single parallel region.
#pragma once
#include <memory>
#include <vector>

#include "kernels/cpu/tile_each.h"
#include "runtime/registry.h"
#include "tensor/tensor.h"

namespace dl {

struct UpdateItem {
  Tensors in, out;      // as the operator takes and gives them
  Tensor weight, grad;  // of which `grad` is the gradient, or null where nobody keeps track
};

class Updates {
 public:
  // Throws ValueError when an item does not fit: arrays of one shape and layout on the CPU, all of the registers' own
  // dtype, numbers beside them, and an operator that is a tile program.
  Updates(const OpDef& op, std::vector<UpdateItem> items);

  // False when an array has come to be another than when this was made (a gradient replaced, a dtype cast).
  bool current() const;
  std::vector<uint32_t> versions() const;  // of the gradients
  void run();

 private:
  void look();

  const OpDef* op_;
  std::vector<UpdateItem> items_;
  std::vector<View> in_, out_;  // of all items
  std::unique_ptr<TileParcels> parcels_;
  DType dtype_ = DType::F32;
};

}  // namespace dl
