// The Python module dlcore._core.
#include "bind/held.h"
#include "bind/lists.h"
#include "bind/sizes.h"
#include "runtime/trace.h"

static PyObject* g_trace_error = nullptr;

// Rethrows what is not ours: nanobind knows the rest.
static void as_python_error(const std::exception_ptr& p) {
  try {
    std::rethrow_exception(p);
  } catch (const dl::TypeError& e) {
    PyErr_SetString(PyExc_TypeError, e.what());
  } catch (const dl::ValueError& e) {
    PyErr_SetString(PyExc_ValueError, e.what());
  } catch (const dl::IndexError& e) {
    PyErr_SetString(PyExc_IndexError, e.what());
  } catch (const dl::MemoryError& e) {
    PyErr_SetString(PyExc_MemoryError, e.what());
  } catch (const dl::AnomalyError& e) {
    PyErr_SetString(PyExc_FloatingPointError, e.what());
  } catch (const dl::TraceError& e) {
    PyErr_SetString(g_trace_error, e.what());
  } catch (const dl::Error& e) {
    PyErr_SetString(PyExc_RuntimeError, e.what());
  }
}

void dl::bind::set_python_error() {
  try {
    as_python_error(std::current_exception());
  } catch (nb::python_error& e) {
    e.restore();
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
  } catch (const std::exception& e) {
    PyErr_SetString(PyExc_RuntimeError, e.what());
  }
}

NB_MODULE(_core, m) {
  m.doc() = "The compiled core of dlcore: arrays, the operator table, the tape, the tracer and compiled graphs.";
  nb::register_exception_translator([](const std::exception_ptr& p, void*) { as_python_error(p); });
  g_trace_error = PyErr_NewException("dlcore._core.TraceError", PyExc_RuntimeError, nullptr);
  m.attr("TraceError") = nb::handle(g_trace_error);
  dl::bind::bind_held(m);
  dl::bind::bind_runtime(m);
  dl::bind::bind_array(m);
  dl::bind::bind_signs(m);
  dl::bind::bind_subscript(m);
  dl::bind::bind_sizes(m);
  dl::bind::bind_lists(m);
  dl::bind::bind_dlpack(m);
  dl::bind::bind_ops(m);
  dl::bind::bind_operator(m);
  dl::bind::bind_updates(m);
  dl::bind::bind_watch(m);
  dl::bind::bind_host(m);
  dl::bind::bind_data(m);
  dl::bind::bind_elements(m);
  dl::bind::bind_counts(m);
  dl::bind::bind_autograd(m);
  dl::bind::bind_graph(m);
}
