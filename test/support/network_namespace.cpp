// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "network_namespace.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <system_error>

namespace test {
namespace {

constexpr auto this_network = "/proc/thread-self/ns/net";

int checked(int result, const char* what) {
  if (result < 0) throw std::system_error{errno, std::system_category(), what};
  return result;
}

int open_this() { return checked(::open(this_network, O_RDONLY | O_CLOEXEC), this_network); }

}  // namespace

NetworkNamespace::NetworkNamespace() {
  const int home = open_this();
  if (::unshare(CLONE_NEWNET) == 0) fd_ = ::open(this_network, O_RDONLY | O_CLOEXEC);
  const int error = errno;
  if (::setns(home, CLONE_NEWNET) != 0) std::abort();
  ::close(home);
  if (fd_ < 0) throw std::system_error{error, std::system_category(), "a network namespace"};
}

NetworkNamespace::~NetworkNamespace() { ::close(fd_); }

void NetworkNamespace::enter() const { checked(::setns(fd_, CLONE_NEWNET), "setns"); }

std::string NetworkNamespace::name() const {
  return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(fd_);
}

NetworkNamespace::Visit::Visit(int there) : home_{open_this()} {
  if (::setns(there, CLONE_NEWNET) == 0) return;
  const int error = errno;
  ::close(home_);
  throw std::system_error{error, std::system_category(), "setns"};
}

NetworkNamespace::Visit::~Visit() {
  if (::setns(home_, CLONE_NEWNET) != 0) std::abort();
  ::close(home_);
}

void run_program(const std::string& program, const std::string& lines) {
  const std::string command =
      "PATH=$PATH:/usr/sbin:/sbin; " + program + " -batch - 2>&1 <<'.'\n" + lines + ".\n";
  std::FILE* const answer = ::popen(command.c_str(), "re");
  if (answer == nullptr) throw std::system_error{errno, std::system_category(), "sh"};
  std::string text;
  for (int c = std::fgetc(answer); c != EOF; c = std::fgetc(answer)) text += static_cast<char>(c);
  const int status = ::pclose(answer);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
    throw std::runtime_error{"needs the program " + program + " (Debian: iproute2)"};
  throw std::runtime_error{program + " failed at \"" + lines + "\": " + text};
}

}  // namespace test
