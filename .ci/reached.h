// Included before everything else in the build of .ci/messages.py, which puts a call of this before every `throw`: each
// place that was reached is a line of the file $DLCORE_MESSAGES_REACHED.
#pragma once
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <mutex>
#include <set>
#include <string>

namespace dl_messages {
inline void reached(const char* place) noexcept {
  static std::mutex lock;
  static std::set<std::string> seen;
  const std::lock_guard<std::mutex> held(lock);
  const char* path = std::getenv("DLCORE_MESSAGES_REACHED");
  if (!path || !seen.insert(place).second) return;
  // Appended in one call, since several processes run tests: children of a test, too.
  const std::string line = std::string(place) + "\n";
  const int file = ::open(path, O_WRONLY | O_APPEND | O_CREAT, 0666);
  if (file < 0) return;
  if (::write(file, line.data(), line.size()) < 0) seen.erase(place);
  ::close(file);
}
}  // namespace dl_messages
