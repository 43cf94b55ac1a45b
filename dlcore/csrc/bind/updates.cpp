// The step of an optimizer as one call.
#include "runtime/updates.h"

#include "bind/convert.h"
#include "runtime/trace.h"

namespace dl::bind {

// items: (weight, its gradient, inputs of the operator, outputs) for each parameter.
static std::shared_ptr<Updates> make_updates(const std::string& name, nb::list items) {
  const OpDef& op = get_op(name);
  std::vector<UpdateItem> made;
  for (nb::handle h : items) {
    auto t = nb::cast<nb::tuple>(h);
    UpdateItem item;
    item.weight = to_tensor(t[0], name.c_str());
    item.grad = to_tensor(t[1], name.c_str());
    for (auto& x : to_tensors(t[2], name.c_str())) item.in.push_back(x);
    for (auto& x : to_tensors(t[3], name.c_str())) item.out.push_back(x);
    made.push_back(std::move(item));
  }
  return std::make_shared<Updates>(op, std::move(made));
}

void bind_updates(nb::module_& m) {
  nb::class_<Updates>(m, "Updates", "One update operator over many weights, prepared once and run in one call.")
      .def(nb::new_(&make_updates), nb::arg("op"), nb::arg("items"))
      .def("current", &Updates::current, "Whether the arrays are still those that this was made for.")
      .def(
          "versions",
          [](const Updates& u) {
            nb::list l;
            for (uint32_t v : u.versions()) l.append(v);
            return l;
          },
          "The versions of the gradients.")
      .def("run", &Updates::run);
}

}  // namespace dl::bind
