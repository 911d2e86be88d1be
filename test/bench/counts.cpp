// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "counts.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <system_error>

namespace bench {
namespace {

[[noreturn]] void fail(const char* what) { throw std::system_error{errno, std::system_category(), what}; }

/// Starts what `child` does in a process of its own, which tells failures itself.
pid_t start(const std::function<void()>& child) {
  std::fflush(nullptr);
  const pid_t process = ::fork();
  if (process < 0) fail("fork");
  if (process != 0) return process;
  try {
    child();
    ::_exit(EXIT_SUCCESS);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "%s\n", failure.what());
  }
  ::_exit(EXIT_FAILURE);
}

int wait_for(pid_t process) {
  int status = 0;
  while (::waitpid(process, &status, 0) < 0)
    if (errno != EINTR) fail("waitpid");
  return status;
}

}  // namespace

std::size_t system_calls(const std::function<void()>& prepare, const std::function<void()>& run) {
  const pid_t process = start([&] {
    prepare();
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) < 0) fail("ptrace");
    ::kill(::getpid(), SIGSTOP);
    run();
  });
  int status = wait_for(process);
  std::size_t stops = 0;
  if (WIFSTOPPED(status))
    ::ptrace(PTRACE_SETOPTIONS, process, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
  while (WIFSTOPPED(status)) {
    const int why = WSTOPSIG(status);
    if (why == (SIGTRAP | 0x80)) ++stops;
    const bool is_signal = why != (SIGTRAP | 0x80) && why != SIGSTOP;
    if (::ptrace(PTRACE_SYSCALL, process, nullptr, is_signal ? why : 0) < 0) fail("ptrace");
    status = wait_for(process);
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS)
    throw std::runtime_error{"what was traced has failed"};
  return stops / 2;  // before and after each; of the last one, which ends the process, before it
}

void bench_counted(const std::function<void()>& run) { run(); }

std::vector<std::size_t> instructions(const std::string& argument) {
  const auto scratch = std::filesystem::temp_directory_path() / ("bench." + std::to_string(::getpid()));
  std::filesystem::create_directory(scratch);
  const std::string self = std::filesystem::read_symlink("/proc/self/exe");
  const std::string file = scratch / "counts";
  const pid_t process = start([&] {
    const int log = ::open((scratch / "log").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ::dup2(log, STDERR_FILENO);
    ::setenv("LD_BIND_NOW", "1", 1);  // no symbol is looked up while it counts
    ::execlp("valgrind", "valgrind", "--tool=callgrind", "--vgdb=no", "--collect-atstart=no",
             "--toggle-collect=bench_counted", "--dump-after=bench_counted",
             ("--callgrind-out-file=" + file).c_str(), self.c_str(), argument.c_str(), nullptr);
    ::_exit(127);
  });
  const int status = wait_for(process);
  const bool there_is_none = WIFEXITED(status) && WEXITSTATUS(status) == 127;
  std::vector<std::size_t> counts;
  for (std::ifstream dump; dump.open(file + '.' + std::to_string(counts.size() + 1)), dump.is_open();
       dump.close()) {
    const std::string total = "totals: ";
    for (std::string line; std::getline(dump, line);)
      if (line.starts_with(total)) counts.push_back(std::stoul(line.substr(total.size())));
  }
  if (!there_is_none && (!WIFEXITED(status) || WEXITSTATUS(status) != 0)) {
    for (std::ifstream log{scratch / "log"}; log.good();) std::fputc(log.get(), stderr);
    throw std::runtime_error{"callgrind has failed"};
  }
  std::filesystem::remove_all(scratch);
  return counts;
}

}  // namespace bench
