#include "runtime/updates.h"

#include "autograd/anomaly.h"
#include "autograd/tape.h"
#include "kernels/cpu/tile.h"
#include "runtime/device.h"
#include "runtime/invoke.h"
#include "runtime/pool.h"

namespace dl {

namespace {

constexpr int64_t kPiece = 16 * 1024;  // elements a thread takes at a time
constexpr int64_t kAlone = 16 * 1024;  // so few elements are no work for two threads
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
  if (!ok) throw ValueError(op.name + ": these arrays cannot be updated together");
}

}  // namespace

Updates::Updates(const OpDef& op, std::vector<UpdateItem> items) : op_(&op), items_(std::move(items)) {
  if (!op.tile || !op.inplace_ok || op.n_out < 1 || items_.empty() || items_[0].out.empty() || !items_[0].out[0])
    throw ValueError(op.name + ": is not an operator that updates arrays in place");
  dtype_ = items_[0].out[0]->dtype;
  if (register_dtype(tile_type(dtype_)) != dtype_) throw ValueError(op.name + ": dtypes are converted on the way");
  for (size_t i = 0; i < items_.size(); i++) {
    UpdateItem& item = items_[i];
    for (Tensor& t : item.in)  // Python numbers, in the dtype that is computed in
      if (t && t->weak && t->dtype != dtype_) t = make_scalar(scalar_value(t), dtype_, true);
    check(op, item, dtype_);
    int64_t n = item.out[0]->numel();
    for (int64_t at = 0; at < n; at += kPiece) pieces_.push_back({int(i), at, std::min(n, at + kPiece)});
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

void Updates::run_piece(const Piece& piece) const {
  const UpdateItem& item = items_[size_t(piece.item)];
  View views[32];
  int used = 0;
  auto add = [&](const Tensor& t) {
    View& v = views[used++];
    v.dtype = dtype_;
    v.data = static_cast<char*>(t->data());
    if (number(t) && !number(item.out[0])) return;
    v.data = static_cast<char*>(v.data) + piece.begin * int64_t(itemsize(dtype_));
    v.shape = Shape{piece.end - piece.begin};
    v.strides = Dims{1};
  };
  for (const Tensor& t : item.in) add(t);
  for (const Tensor& t : item.out) add(t);
  run_tile(*op_->tile, tile_type(dtype_), views, views + item.in.size(), int(item.out.size()));
}

void Updates::run() {
  if (anomaly_mode()) {  // one after the other, each looked at
    for (UpdateItem& item : items_) invoke(*op_, item.in.data(), int(item.in.size()), {}, item.out.data());
    return;
  }
  int64_t elements = 0;
  for (const Piece& p : pieces_) elements += p.end - p.begin;
  auto all = [&] {
    parallel_for(int64_t(pieces_.size()), elements <= kAlone ? int64_t(pieces_.size()) : 1, [&](int64_t b, int64_t e) {
      for (int64_t i = b; i < e; i++) run_piece(pieces_[size_t(i)]);
    });
  };
  if (elements <= kKeepGil) {
    all();
  } else {
    WithoutGil nogil;
    all();
  }
  for (UpdateItem& item : items_)
    for (Tensor& t : item.out) t->storage->version++;
}

}  // namespace dl
