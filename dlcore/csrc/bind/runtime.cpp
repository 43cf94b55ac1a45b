// Devices, memory, threads, random state.
#include "bind/errors.h"
#include "bind/held.h"
#include "kernels/cpu/isa/isa.h"
#include "kernels/cpu/isa/stream.h"
#include "runtime/device.h"
#include "runtime/pool.h"
#include "runtime/random.h"

namespace dl::bind {

static nb::list tensors(const std::vector<Tensor>& v) {
  nb::list l;
  for (auto& t : v) l.append(wrap(t));
  return l;
}

// What a backend says in the operator's name is told like an error of a kernel here; any other exception may be a
// mistake of the backend's own, and keeps its traceback.
[[noreturn]] static void tell(nb::python_error& e, const OpDef& op) {
  std::string said = text_of(e), name = op.name.substr(op.name[0] == '_');
  if (said.compare(0, op.name.size(), op.name) == 0 || said.compare(0, name.size(), name) == 0) throw_twin(e, said);
  throw e;
}

// Backends are written in Python (dlcore.gpu over CuPy): the core calls back once per operator.
static void set_python_backend(int type, nb::object allocate, nb::object invoke, nb::object copy) {
  PyObject **alloc_fn = held(allocate), **invoke_fn = held(invoke), **copy_fn = held(copy);
  Backend b;
  b.allocate = [alloc_fn](Storage& s, size_t nbytes, Device d) {
    try {
      auto r = nb::cast<nb::tuple>(to_call(*alloc_fn)(nbytes, int(d.index)));
      s.data = reinterpret_cast<void*>(nb::cast<uintptr_t>(r[0]));
      hold(s, nb::object(r[1]));
    } catch (nb::python_error& e) {
      if (e.matches(PyExc_MemoryError)) throw_twin(e, text_of(e));
      throw;
    }
  };
  b.invoke = [invoke_fn](const OpDef& op, const std::vector<Tensor>& in, const std::vector<Tensor>& out,
                         const Attrs& attrs, uint64_t seed, uint64_t counter) {
    nb::list a;
    for (auto& x : attrs) a.append(attr_object(x));
    try {
      to_call (*invoke_fn)(nb::str(op.name.c_str()), tensors(in), tensors(out), nb::tuple(a), seed, counter);
    } catch (nb::python_error& e) {
      tell(e, op);
    }
  };
  b.copy = [copy_fn](const Tensor& dst, const Tensor& src) { to_call (*copy_fn)(nb::cast(dst), nb::cast(src)); };
  set_backend(type, std::move(b));
}

static nb::dict memory() {
  MemoryStats s = memory_stats();
  nb::dict d;
  d["allocated"] = s.allocated;
  d["cached"] = s.cached;
  d["peak"] = s.peak;
  d["allocations"] = s.allocations;
  d["reused"] = s.reused;
  return d;
}

void bind_runtime(nb::module_& m) {
  gil_hooks.release = []() -> void* { return PyEval_SaveThread(); };
  gil_hooks.acquire = [](void* state) { PyEval_RestoreThread(static_cast<PyThreadState*>(state)); };
  m.def("set_backend", &set_python_backend);
  m.def("set_backend_loader", [](nb::object fn) {
    PyObject** loader = held(fn);
    set_backend_loader([loader](int type) { to_call (*loader)(type); });
  });
  m.def("memory_stats", &memory,
        "Bytes held by arrays, kept for reuse, the peak, and how often memory was asked for or reused.");
  m.def("reset_peak_memory", &reset_peak_memory, "Counts the peak of memory_stats anew from here.");
  m.def("empty_cache", &empty_cache);
  m.def("num_threads", &num_threads);
  m.def("cpu_info", [] {
    nb::dict d;
    d["isa"] = isa_name(active_isa());  // what the vectorised kernels use; DLCORE_ISA lowers it
    d["threads"] = num_threads();
    return d;
  });
  m.def("set_num_threads", [](int n) {
    if (n < 1) throw ValueError(format("set_num_threads: expected at least 1, got %d", n));
    set_num_threads(n);
  });
  m.def("stream_bytes", &stream_bytes, "Results of so many bytes and more are written past the caches.");
  m.def("set_stream_bytes", [](int64_t n) {
    if (n < 1) throw ValueError(format("set_stream_bytes: expected at least 1, got %lld", (long long)n));
    set_stream_bytes(n);
  });
  m.def("rng_state", [] {
    RngState s = rng_state();
    return nb::make_tuple(s.seed, s.counter);
  });
  m.def("set_rng_state", [](nb::tuple t) { set_rng_state({nb::cast<uint64_t>(t[0]), nb::cast<uint64_t>(t[1])}); });
  m.def(
      "swap_generator",
      [](nb::handle own) -> nb::object {
        std::optional<RngState> state;
        if (!own.is_none()) state = RngState{nb::cast<uint64_t>(own[0]), nb::cast<uint64_t>(own[1])};
        state = swap_generator(state);
        if (!state) return nb::none();
        return nb::make_tuple(state->seed, state->counter);
      },
      nb::arg("own").none());
  m.def("seed", [](uint64_t seed) { set_rng_state({seed, 0}); });
  m.def("philox", [](uint64_t seed, uint64_t counter) {
    auto w = philox(seed, counter);
    return nb::make_tuple(w[0], w[1], w[2], w[3]);
  });
}

}  // namespace dl::bind
