// Errors that no call of a user's is to blame for. `make messages` knows them by these names: no test has to provoke
// one, as each of all others must be.
#pragma once
#include "tensor/errors.h"

namespace dl {

// What holds unless dlcore itself is wrong: a stanza's rule, what a pass made, how a binding is called.
struct InternalError : RuntimeError {
  explicit InternalError(const std::string& said)
      : RuntimeError(said + "; this is a fault of dlcore itself, please report it with the lines that led to it") {}
};

// A library below could not do what it was asked for.
struct LibraryError : RuntimeError {
  LibraryError(const std::string& library, const std::string& said)
      : RuntimeError(library + " failed: " + said + "; this is not a fault of the call") {}
};

// Memory that the system, or a library below, could not get.
struct OutOfMemory : MemoryError {
  using MemoryError::MemoryError;
};

}  // namespace dl
