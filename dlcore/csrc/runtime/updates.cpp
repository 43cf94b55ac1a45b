#include "runtime/updates.h"

#include "autograd/anomaly.h"
#include "autograd/tape.h"
#include "runtime/device.h"
#include "runtime/invoke.h"

namespace dl {

namespace {

constexpr int64_t kKeepGil = 4096;

bool number(const Tensor& t) { return t->ndim() == 0; }

void check(const OpDef& op, const UpdateItem& item, DType dtype) {
  auto fits = [&](const Tensor& t, const Tensor& like) {
    return t && t->storage && t->device.type == 0 && t->dtype == dtype && t->shape == like->shape &&
           t->strides == like->strides && is_dense(t->shape, t->strides);
  };
  bool ok = int(item.in.size()) == int(op.inputs.size()) && int(item.out.size()) == op.n_out;
  for (size_t i = 0; ok && i < item.in.size(); i++)
    ok = item.in[i] && item.in[i]->storage && item.in[i]->device.type == 0 &&
         (number(item.in[i]) ? item.in[i]->dtype == dtype : fits(item.in[i], item.out[0]));
  for (size_t i = 0; ok && i < item.out.size(); i++)
    ok = fits(item.out[i], item.out[0]) && !item.out[i]->storage->readonly;
  if (ok) return;
  std::string given;
  for (const Tensor& t : item.in)
    given += (given.empty() ? "" : ", ") + (t ? dtype_name(t->dtype) + to_string(t->shape) : std::string("None"));
  throw ValueError(op.name +
                   ": these arrays cannot be updated together, expected one shape and dtype on the CPU, got " + given);
}

}  // namespace

Updates::Updates(const OpDef& op, std::vector<UpdateItem> items) : op_(&op), items_(std::move(items)) {
  if (!op.tile || !op.inplace_ok || op.n_out < 1 || items_.empty() || items_[0].out.empty() || !items_[0].out[0])
    throw ValueError(op.name + ": is not an operator that updates arrays in place");
  dtype_ = items_[0].out[0]->dtype;
  if (register_dtype(tile_type(dtype_)) != dtype_)
    throw ValueError(op.name + ": expected arrays of a dtype that is computed in, got " + dtype_name(dtype_));
  for (UpdateItem& item : items_) {
    for (Tensor& t : item.in)  // Python numbers, in the dtype that is computed in
      if (t && t->weak && t->dtype != dtype_) t = make_scalar(scalar_value(t), dtype_, true);
    check(op, item, dtype_);
  }
  look();
  parcels_ = std::make_unique<TileParcels>(*op.tile, in_.data(), out_.data(), int(items_.size()));
}

// Where the arrays lie now: a weight that got other contents may have got other memory.
void Updates::look() {
  in_.clear();
  out_.clear();
  for (const UpdateItem& item : items_) {
    for (const Tensor& t : item.in) in_.push_back(t->view());
    for (const Tensor& t : item.out) out_.push_back(t->view());
  }
}

bool Updates::current() const {
  for (const UpdateItem& item : items_) {
    if (item.weight && !(item.weight->ag && item.weight->ag->grad == item.grad)) return false;
    for (const Tensor& t : item.out)
      if (t->dtype != dtype_) return false;
  }
  return true;
}

std::vector<uint32_t> Updates::versions() const {
  std::vector<uint32_t> v;
  for (const UpdateItem& item : items_) v.push_back(item.grad ? item.grad->storage->version.load() : 0);
  return v;
}

void Updates::run() {
  if (anomaly_mode()) {  // one after the other, each looked at
    for (UpdateItem& item : items_) invoke(*op_, item.in.data(), int(item.in.size()), {}, item.out.data());
    return;
  }
  look();
  auto all = [&] { parcels_->run(*op_->tile, tile_type(dtype_), in_.data(), out_.data()); };
  if (parcels_->elements() <= kKeepGil) {
    all();
  } else {
    WithoutGil nogil;
    all();
  }
  for (UpdateItem& item : items_)
    for (Tensor& t : item.out) note_write(t->storage);
}

}  // namespace dl
