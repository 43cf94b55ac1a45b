// The tape as Python sees it.
#include "autograd/tape.h"

#include "bind/convert.h"
#include "runtime/invoke.h"

namespace dl::bind {

static std::vector<Tensor> head_grads(nb::handle h, size_t n) {
  std::vector<Tensor> g;
  if (!h.is_none()) g = to_tensors(h, "backward");
  if (!g.empty() && g.size() != n) throw ValueError(format("backward: %zu heads but %zu head gradients", n, g.size()));
  return g;
}

// Keeps a Python callable for as long as a node lives; freed with the GIL held.
static std::shared_ptr<PyObject> keep(nb::object fn) {
  return std::shared_ptr<PyObject>(fn.release().ptr(), [](PyObject* p) {
    if (!Py_IsInitialized()) return;
    PyGILState_STATE gil = PyGILState_Ensure();
    Py_DECREF(p);
    PyGILState_Release(gil);
  });
}

static void make_function_node(nb::handle inputs, nb::handle outputs, nb::object fn) {
  std::vector<Tensor> in = to_tensors(inputs, "Function"), out = to_tensors(outputs, "Function");
  auto held = keep(fn);
  record_custom(in, out, [held](const std::vector<Tensor>& gys) {
    nb::list args;
    for (auto& g : gys) args.append(wrap(g));
    nb::object r = nb::borrow(held.get())(args);
    if (nb::isinstance<Tensor>(r)) return std::vector<Tensor>{to_tensor(r, "Function.backward")};
    return to_tensors(r, "Function.backward");
  });
}

void bind_autograd(nb::module_& m) {
  m.def("is_recording", &is_recording);
  m.def("is_training", &is_training);
  m.def("set_recording", &set_recording, "Switches recording on this thread; returns what it was.");
  m.def("set_training", &set_training);
  m.def(
      "backward",
      [](nb::handle heads, nb::handle grads, bool retain, bool create, bool train) {
        auto h = to_tensors(heads, "backward");
        backward(h, head_grads(grads, h.size()), retain, create, train);
      },
      nb::arg("heads"), nb::arg("head_grads").none() = nb::none(), nb::arg("retain_graph") = false,
      nb::arg("create_graph") = false, nb::arg("train_mode") = true);
  m.def(
      "grad",
      [](nb::handle heads, nb::handle variables, nb::handle grads, bool retain, bool create, bool train) {
        auto h = to_tensors(heads, "grad");
        nb::list out;
        for (auto& g : grad(h, to_tensors(variables, "grad"), head_grads(grads, h.size()), retain, create, train))
          out.append(wrap(g));
        return out;
      },
      nb::arg("heads"), nb::arg("variables"), nb::arg("head_grads").none() = nb::none(),
      nb::arg("retain_graph") = false, nb::arg("create_graph") = false, nb::arg("train_mode") = true);
  m.def("mark_variable", [](const Tensor& x, const Tensor& g, const std::string& req) {
    mark_variable(x, g, req == "add" ? GradReq::Add : req == "null" ? GradReq::Null : GradReq::Write);
  });
  m.def("make_function_node", &make_function_node, nb::arg("inputs"), nb::arg("outputs"), nb::arg("fn"));
  m.def("push_scope", &push_scope);
  m.def("pop_scope", &pop_scope);
  m.def("current_scope", &current_scope);
}

}  // namespace dl::bind
