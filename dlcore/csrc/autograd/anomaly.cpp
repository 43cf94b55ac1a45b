#include "autograd/anomaly.h"

#include <cmath>

#include "autograd/tape.h"
#include "runtime/invoke.h"
#include "runtime/trace.h"

namespace dl {

std::atomic<int> g_anomaly{int(Anomaly::Off)};
thread_local int g_anomaly_paused = 0;
std::function<std::string()> find_user_line;

std::string user_line() { return find_user_line ? find_user_line() : std::string(); }

void note_write(const StorageRef& s) {
  s->version++;
  if (anomaly_mode()) s->written = std::make_unique<std::string>(user_line());
}

std::string written_at(const StorageRef& s) { return s->written ? "\n  written to in place" + *s->written : ""; }

namespace {
struct Quiet {  // the checks themselves are neither recorded nor checked
  AnomalyPause pause;
  bool recording = set_recording(false);
  ~Quiet() { set_recording(recording); }
};

bool any(const char* test, const Tensor& t) {
  Tensor found = invoke1("any", {invoke1(test, {t})});
  if (found->device.type == 0) return scalar_value(found) != 0;
  Tensor host = make_tensor(found->shape, found->dtype);
  assign(host, found);
  return scalar_value(host) != 0;
}

bool has_values(const Tensor& t) { return t && is_inexact(t->dtype) && !is_traced(t) && t->numel() > 0; }

// "NaN in 2 of 12 elements, first at (0, 3)"
std::string count(const Tensor& t, bool nan) {
  Tensor bad = invoke1(nan ? "isnan" : "isinf", {t}), host = make_tensor(bad->shape, bad->dtype);
  assign(host, bad);
  const auto* p = static_cast<const uint8_t*>(host->data());
  int64_t n = t->numel(), total = 0, first = -1;
  for (int64_t i = 0; i < n; i++) {
    if (!p[i]) continue;
    if (first < 0) first = i;
    total++;
  }
  Dims at = t->shape;
  for (int k = at.n - 1; k >= 0; k--) {
    at[k] = first % t->shape[k];
    first /= t->shape[k];
  }
  return std::string(nan ? "NaN" : "an infinity") + " in " + std::to_string(total) + " of " + std::to_string(n) +
         " elements, first at " + to_string(at);
}
}  // namespace

void check_values(const Tensor* in, int nin, const Tensor* out, int nout, const std::function<std::string()>& what,
                  const std::function<std::string()>& where) {
  if (g_anomaly_paused || active_tracer()) return;
  Quiet quiet;
  for (int k = 0; k < nout; k++) {
    const Tensor& t = out[k];
    if (!has_values(t)) continue;
    for (bool nan : {true, false}) {
      if (!nan && g_anomaly.load() != int(Anomaly::NanAndInf)) continue;
      if (!any(nan ? "isnan" : "isinf", t)) continue;
      bool given = false;  // what came in is somebody else's
      for (int i = 0; i < nin && !given; i++)
        given = has_values(in[i]) && (any("isnan", in[i]) || (!nan && any("isinf", in[i])));
      if (given) continue;
      throw AnomalyError(what() + " made " + count(t, nan) + " (result: shape " + to_string(t->shape) + ", " +
                         dtype_name(t->dtype) + ")" + where());
    }
  }
}

}  // namespace dl
