// The layer path of a thread ("net.0.conv"), named in errors, traces and graphs, and the words around an error.
#pragma once
#include <memory>
#include <string>

#include "runtime/registry.h"

namespace dl {

void push_scope(const std::string& name);
void pop_scope();
std::string current_scope();
// The same as a value that can be kept; the text is put together when it is asked for.
struct Scope;
using ScopeRef = std::shared_ptr<const Scope>;
const ScopeRef& scope_here();
std::string scope_text(const ScopeRef& scope);

// An error's text with the operator's name before it, then the arrays of the call where the text does not name their
// shapes, then the layer, once.
std::string told(const OpDef& op, const Tensor* in, int nin, const std::string& what);

// Runs `work`; its errors are told as those of this call.
template <class Work>
auto telling(const OpDef& op, const Tensor* in, int nin, const Work& work) -> decltype(work()) {
  try {
    return work();
  } catch (const TypeError& e) {
    throw TypeError(told(op, in, nin, e.what()));
  } catch (const ValueError& e) {
    throw ValueError(told(op, in, nin, e.what()));
  } catch (const IndexError& e) {
    throw IndexError(told(op, in, nin, e.what()));
  } catch (const MemoryError& e) {
    throw MemoryError(told(op, in, nin, e.what()));
  }
}

}  // namespace dl
