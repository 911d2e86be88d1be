// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/option.hpp>

#include <cerrno>
#include <new>
#include <string>

#include "native_option.hpp"

namespace sctp::inline v0 {
namespace {

/// What errno means where its own text leaves a reader helpless.
std::string advice(detail::OptionName option, OptionTarget target, std::error_code error) {
  if (error.category() != std::system_category() && error.category() != std::generic_category()) return {};
  const auto say = [](std::string_view verb, std::string_view what) {
    return what.empty() ? std::string{} : std::string{verb}.append(what);
  };
  switch (error.value()) {
    case ENOPROTOOPT: return "this kernel has no such option";
    case EPERM:
    case EACCES: return say("it needs ", option.needs);
    case EINVAL:
      if (target.association != AssociationId{} && native::is_gone(target.fd, target.association))
        return "there is no such association, or no more";
      return say("it takes ", option.takes);
    case EBADF: return "the socket is closed";
    default: return {};
  }
}

}  // namespace

void detail::throw_option_failure(std::string_view verb, OptionName option, OptionTarget target,
                                  std::string_view part, std::error_code error) {
  if (error == std::errc::not_enough_memory) throw std::bad_alloc{};
  std::string text{"cannot "};
  text.append(verb).append(" ").append(option.name);
  if (!part.empty()) text.append(" of ").append(part);
  if (target.association > AssociationId{} && target.association != nobody) {
    text.append(part.empty() ? " of association " : ", association ").append(to_string(target.association));
  }
  if (const std::string more = advice(option, target, error); !more.empty()) text.append(": ").append(more);
  throw std::system_error{error, text};
}

}  // namespace sctp::inline v0
