// Watch: tells whether arrays still hold what they held when somebody last looked.
#include <vector>

#include "bind/convert.h"

namespace dl::bind {
namespace {

class Watch {
 public:
  explicit Watch(std::vector<Tensor> arrays) : arrays_(std::move(arrays)), seen_(arrays_.size()) {}
  // False also when others hold an array's memory: they may write to it and nobody would know.
  bool same() const {
    if (!taken_) return false;
    for (size_t i = 0; i < arrays_.size(); i++) {
      const Storage& s = *arrays_[i]->storage;
      if (s.shared || (s.release && s.device.type == 0) || seen_[i].storage != &s || seen_[i].version != s.version)
        return false;
    }
    return true;
  }
  void take() {
    taken_ = true;
    for (size_t i = 0; i < arrays_.size(); i++)
      seen_[i] = {arrays_[i]->storage.get(), arrays_[i]->storage->version.load()};
  }

 private:
  struct Seen {
    const Storage* storage = nullptr;
    uint32_t version = 0;
  };
  std::vector<Tensor> arrays_;
  std::vector<Seen> seen_;
  bool taken_ = false;
};

}  // namespace

void bind_watch(nb::module_& m) {
  nb::class_<Watch>(m, "Watch", "Tells whether arrays still hold what they held at the last `take()`.")
      .def(
          "__init__", [](Watch* w, nb::list arrays) { new (w) Watch(to_tensors(arrays, "Watch")); }, nb::arg("arrays"))
      .def("same", &Watch::same, "Whether no array was written to since; False while others share its memory.")
      .def("take", &Watch::take, "Takes what the arrays hold now as known.");
}

}  // namespace dl::bind
