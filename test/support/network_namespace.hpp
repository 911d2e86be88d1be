// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <type_traits>
#include <utility>

namespace test {

/// A new network namespace, in which nothing is up: a host to whoever is there. Needs to be root in the one
/// that it is made in; else it throws. It is gone when this object is and the sockets that were opened there.
class NetworkNamespace {
 public:
  NetworkNamespace();
  ~NetworkNamespace();
  NetworkNamespace(const NetworkNamespace&) = delete;
  NetworkNamespace& operator=(const NetworkNamespace&) = delete;

  /// Calls the function there. The sockets that it opens stay there: so one thread has those of several
  /// hosts. There are, too: threads and programs that it starts, /proc/sys/net, /proc/thread-self/net.
  template <class F>
  std::invoke_result_t<F> run(F&& function) const {
    const Visit visit{fd_};
    return std::forward<F>(function)();
  }

  /// The calling thread goes there and stays.
  void enter() const;

  /// Its name to `ip`, while this process lives: `link add … netns NAME`.
  [[nodiscard]] std::string name() const;

 private:
  /// While it lives the calling thread is there.
  class Visit {
   public:
    explicit Visit(int there);
    ~Visit();
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;

   private:
    int home_;
  };

  int fd_ = -1;
};

/// Runs `ip` or `tc` where the calling thread is: one program for all lines, since to start one takes long in
/// User Mode Linux. Throws what it says where it fails.
void run_program(const std::string& program, const std::string& lines);

}  // namespace test
