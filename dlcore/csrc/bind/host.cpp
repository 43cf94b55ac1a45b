// Kernels, shape rules and dtype rules written in Python over NumPy, for what libraries behind NumPy already do well
// (LAPACK, FFT). They stand in the ordinary tables under their names, so that invoke, compiled graphs and the tape
// treat them like any other; the GIL is taken for the call, also inside an executable, which runs without it.
#include <unordered_map>

#include "bind/errors.h"
#include "bind/held.h"
#include "kernels/cpu/few_numbers.h"
#include "runtime/invoke.h"

namespace dl::bind {

using Table = std::unordered_map<std::string, PyObject*>;
static Table g_kernels, g_shapes, g_dtypes;

static nb::tuple attr_values(const Attrs& attrs) {
  nb::list l;
  for (auto& a : attrs) l.append(attr_object(a));
  return nb::tuple(l);
}

// Runs `call` and turns the exceptions that have a C++ twin into it.
template <class F>
static auto guarded(F&& call) -> decltype(call()) {
  try {
    return call();
  } catch (nb::python_error& e) {
    throw_twin(e, text_of(e));
    throw;
  }
}

static void host_kernel(const KernelCall& c) {
  const FewFn few = find_few(c.op->kernel_stem);
  if (few && few(c)) return;
  nb::gil_scoped_acquire gil;
  guarded([&] {
    nb::list in, out;
    for (int i = 0; i < c.nin; i++) in.append(c.present(i) ? numpy_borrow(c.in[i]) : nb::none());
    for (int i = 0; i < c.nout; i++) out.append(numpy_borrow(c.out[i]));
    to_call(g_kernels.at(c.op->kernel_stem))(nb::str(c.op->name.c_str()), in, out, attr_values(*c.attrs));
  });
}

static void host_shape(InferCall& c) {
  nb::gil_scoped_acquire gil;
  guarded([&] {
    nb::list shapes;
    for (int i = 0; i < c.nin; i++) shapes.append(c.in[i].given ? nb::object(dims_tuple(c.in[i].shape)) : nb::none());
    nb::object made = to_call(g_shapes.at(c.op->infer_rule))(nb::str(c.name()), shapes, attr_values(*c.attrs));
    std::vector<Shape> results;
    for (nb::handle h : nb::borrow<nb::iterable>(made)) results.push_back(to_dims(h, c.name(), "shape"));
    if (c.op->n_out >= 0 && results.size() != size_t(c.op->n_out))
      throw RuntimeError(
          format("%s: its shape rule gives %zu shapes for %d results", c.name(), results.size(), c.op->n_out));
    Meta first = c.out.empty() ? Meta() : c.out[0];
    if (c.out.size() > results.size()) c.out.resize(results.size());
    while (c.out.size() < results.size()) c.out.push_back(first);
    for (size_t i = 0; i < results.size(); i++) c.out[i].shape = results[i];
  });
}

// Inputs are computed in their common floating-point dtype; the Python rule says what that gives.
static void host_dtype(DTypeCall& c) {
  find_dtype_rule("floating")(c);
  nb::gil_scoped_acquire gil;
  guarded([&] {
    nb::object made = to_call(g_dtypes.at(c.op->dtype_name))(nb::str(c.op->name.c_str()), nb::str(dtype_name(c.common)),
                                                             attr_values(*c.attrs));
    size_t i = 0;
    for (nb::handle h : nb::borrow<nb::iterable>(made))
      if (i < c.out.size()) c.out[i++].dtype = to_dtype(h, c.op->name.c_str());
  });
}

static void keep(Table& table, const std::string& name, nb::object fn) {
  PyObject*& place = table[name];  // the core's own tables have refused a name that is taken
  place = fn.release().ptr();
  emptied_at_exit(&place);
}

void bind_host(nb::module_& m) {
  m.def("register_host_kernel", [](const std::string& stem, nb::object fn) {
    if (find_kernel(stem)) throw ValueError("a kernel called '" + stem + "' exists already");
    keep(g_kernels, stem, std::move(fn));
    register_kernel(stem.c_str(), host_kernel);
  });
  m.def("register_host_shape", [](const std::string& rule, nb::object fn) {
    if (find_infer(rule)) throw ValueError("a shape rule called '" + rule + "' exists already");
    keep(g_shapes, rule, std::move(fn));
    register_infer(rule.c_str(), host_shape);
  });
  m.def("register_host_dtype", [](const std::string& rule, nb::object fn) {
    if (find_dtype_rule(rule)) throw ValueError("a dtype rule called '" + rule + "' exists already");
    keep(g_dtypes, rule, std::move(fn));
    register_dtype_rule(rule.c_str(), host_dtype);
  });
}

}  // namespace dl::bind
