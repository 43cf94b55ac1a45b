// Counting numbers on the host: what dlcore/array calls where a shape follows from values.
#include "bind/convert.h"
#include "kernels/cpu/count.h"
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

void bind_counts(nb::module_& m) {
  m.def("counted", &counted, nb::arg("x"), nb::arg("least"),
        "How often each of 0, 1, ... occurs in an array of whole numbers on the host, and at least of 0 to least - 1.");
  m.def("counted_in_bins", &counted_in_bins, nb::arg("x"), nb::arg("edges"), nb::arg("even"),
        "How many numbers of an array on the host lie in each bin between edges (float64); even: of one width.");
}

}  // namespace dl::bind
