// Counting numbers on the host: what dlcore/array calls where a shape follows from values.
#include "autograd/tape.h"
#include "bind/convert.h"
#include "kernels/cpu/count.h"
#include "kernels/cpu/few_numbers.h"
#include "runtime/trace.h"
#include "tensor/fault.h"

namespace dl::bind {

static nb::object counted(nb::handle x, int64_t least) {
  const Tensor t = to_tensor(x, "bincount");
  Tensor made;
  {
    nb::gil_scoped_release release;
    made = count_numbers(t->view(), least);
  }
  return wrap(std::move(made));
}

static nb::object counted_in_bins(nb::handle x, nb::handle edges, bool even) {
  const Tensor t = to_tensor(x, "histogram"), e = to_tensor(edges, "histogram");
  const bool fits = e->dtype == DType::F64 && e->ndim() == 1 && e->numel() > 1 && e->contiguous();
  if (!fits) throw InternalError("histogram: expected edges (bins + 1,) of float64, got shape " + to_string(e->shape));
  Tensor made;
  {
    nb::gil_scoped_release release;
    made = count_in_bins(t->view(), static_cast<const double*>(e->data()), e->numel() - 1, even);
  }
  return wrap(std::move(made));
}

// Whether the values of an array may be read here and now.
static bool readable(const Tensor& t) { return !is_traced(t) && t->device.type == 0 && !active_tracer(); }

static nb::object same(const Tensor& a, const Tensor& b, bool equal_nan) {
  if (!readable(a) || !readable(b) || a->dtype != b->dtype) return nb::none();
  if (a->shape != b->shape) return nb::bool_(false);
  if (a->numel() <= kFewNumbers) return nb::bool_(same_numbers(a->view(), b->view(), equal_nan));
  bool found;
  {
    nb::gil_scoped_release release;
    found = same_numbers(a->view(), b->view(), equal_nan);
  }
  return nb::bool_(found);
}

static bool few_real(const Tensor& t) {
  return readable(t) && !is_complex(t->dtype) && t->numel() > 0 && t->numel() <= kFewNumbers;
}

static nb::object different(const Tensor& x) { return few_real(x) ? wrap(different_numbers(x->view())) : nb::none(); }

static nb::object middle(const Tensor& x) {
  const bool halves = is_float(x->dtype) && itemsize(x->dtype) == 2;  // in which each step is rounded
  return few_real(x) && !halves && !(is_recording() && x->ag) ? wrap(middle_number(x->view())) : nb::none();
}

void bind_counts(nb::module_& m) {
  m.def("counted", &counted, nb::arg("x"), nb::arg("least"),
        "How often each of 0, 1, ... occurs in an array of whole numbers on the host, and at least of 0 to least - 1.");
  m.def("counted_in_bins", &counted_in_bins, nb::arg("x"), nb::arg("edges"), nb::arg("even"),
        "How many numbers of an array on the host lie in each bin between edges (float64); even: of one width.");
  m.def(
      "same_numbers", &same, nb::arg("a"), nb::arg("b"), nb::arg("equal_nan"),
      "Whether shapes and all numbers are the same; None where that takes operators: other dtypes, devices, a trace.");
  m.def("different_numbers", &different, nb::arg("x"), "The different ones of a few numbers in order; None of others.");
  m.def("middle_number", &middle, nb::arg("x"), "The median of a few numbers without a gradient; None of others.");
}

}  // namespace dl::bind
