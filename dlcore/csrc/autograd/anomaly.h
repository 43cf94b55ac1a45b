// Anomaly mode: stops at the operator, or the gradient, that first makes a NaN or an infinity. Off, it costs one load.
#pragma once
#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace dl {

enum class Anomaly : int { Off, Nan, NanAndInf };
extern std::atomic<int> g_anomaly;
extern thread_local int g_anomaly_paused;
inline bool anomaly_mode() { return g_anomaly.load(std::memory_order_relaxed) != 0; }

struct AnomalyPause {  // no checks on this thread meanwhile
  AnomalyPause() { g_anomaly_paused++; }
  ~AnomalyPause() { g_anomaly_paused--; }
};

// Where in the user's program this thread is, as "\n  at file:line in name: text"; bind/ knows how to find out.
extern std::function<std::string()> find_user_line;
std::string user_line();
void note_write(const StorageRef& s);         // s has another version now; in anomaly mode the line is kept
std::string written_at(const StorageRef& s);  // "\n  written to in place\n  at ...", where that is known

// Throws AnomalyError when a result holds a NaN (or infinity) and no input did. `what` names who made it, `where` the
// line, both only called then.
void check_values(const Tensor* in, int nin, const Tensor* out, int nout, const std::function<std::string()>& what,
                  const std::function<std::string()>& where);

}  // namespace dl
