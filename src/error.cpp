// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/error.hpp>

#include <cerrno>
#include <string>

namespace sctp::inline v0 {
namespace {

class Category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "sctpxx"; }

  std::string message(int value) const override {
    switch (static_cast<Errc>(value)) {
      case Errc::kernel_has_no_sctp:
        return "this kernel has no SCTP (load it with `modprobe sctp`, or use a kernel that has it)";
      case Errc::malformed_address:
        return "not an IPv4 or IPv6 address with a port (names are not looked up)";
      case Errc::wrong_address_family: return "an IPv6 address on an IPv4 socket (open the socket for IPv6)";
      case Errc::no_addresses: return "an empty list of addresses";
      case Errc::ports_differ: return "a list of addresses with more than one port";
      case Errc::wildcard_among_addresses:
        return "a wildcard address beside others (it stands for all; name those that you mean)";
      case Errc::address_twice: return "a list of addresses with one of them twice";
      case Errc::empty_message: return "SCTP has no empty messages (send at least one byte)";
      case Errc::message_exceeds_send_buffer:
        return "the message is larger than the send buffer (raise option::SndBuf, or split the message)";
      case Errc::message_exceeds_limit:
        return "a message passed the limit of its ReceiveBuffer and was dropped (give the buffer a larger "
               "limit)";
      case Errc::no_such_stream:
        return "the association has fewer streams in this direction (option::Status tells how many, "
               "option::InitMsg asks)";
      case Errc::receive_info_missing:
        return "a message came without SCTP_RCVINFO and was dropped (adopt the descriptor, which turns it "
               "on)";
      case Errc::malformed_notification: return "an event that is shorter than its type requires was dropped";
      case Errc::value_not_taken:
        return "the kernel took another value (it is capped by a sysctl; `get` tells)";
      case Errc::too_late:
        return "it was settled when the association was set up (set it before `connect`, or on the listener)";
      case Errc::not_negotiated:
        return "both sides have not agreed on it (turn it on, on both, before the association is set up)";
      case Errc::no_such_path: return "the peer has no such address (`peer_addresses` tells)";
      case Errc::not_an_sctp_socket: return "not an SCTP socket of this style";
    }
    return "unknown error " + std::to_string(value);
  }

  std::error_condition default_error_condition(int value) const noexcept override {
    switch (static_cast<Errc>(value)) {
      case Errc::kernel_has_no_sctp: return std::errc::protocol_not_supported;
      case Errc::wrong_address_family: return std::errc::address_family_not_supported;
      case Errc::message_exceeds_send_buffer: return std::errc::message_size;
      case Errc::message_exceeds_limit: return std::errc::value_too_large;
      case Errc::receive_info_missing:
      case Errc::malformed_notification: return std::errc::bad_message;
      case Errc::too_late: return std::errc::already_connected;
      case Errc::not_negotiated: return std::errc::not_supported;
      case Errc::not_an_sctp_socket: return std::errc::not_a_socket;
      case Errc::malformed_address:
      case Errc::no_addresses:
      case Errc::ports_differ:
      case Errc::wildcard_among_addresses:
      case Errc::address_twice:
      case Errc::empty_message:
      case Errc::no_such_stream:
      case Errc::no_such_path:
      case Errc::value_not_taken: return std::errc::invalid_argument;
    }
    return {value, *this};
  }
};

class ConditionCategory final : public std::error_category {
 public:
  const char* name() const noexcept override { return "sctpxx condition"; }

  std::string message(int value) const override {
    switch (static_cast<Condition>(value)) {
      case Condition::association_ended: return "the association has ended, or is ending";
      case Condition::message_dropped: return "one message or event could not be received";
    }
    return "unknown condition " + std::to_string(value);
  }

  bool equivalent(const std::error_code& error, int condition) const noexcept override {
    if (condition == static_cast<int>(Condition::message_dropped)) {
      return error == Errc::message_exceeds_limit || error == Errc::receive_info_missing ||
             error == Errc::malformed_notification;
    }
    if (condition != static_cast<int>(Condition::association_ended)) return false;
    if (error.category() != std::system_category() && error.category() != std::generic_category())
      return false;
    switch (error.value()) {
      case EPIPE:
      case ECONNRESET:
      case ECONNABORTED:
      case ESHUTDOWN:
      case ENOTCONN:
      case ESRCH:
      case ETIMEDOUT: return true;
      default: return false;
    }
  }
};

}  // namespace

const std::error_category& category() noexcept {
  static const Category instance;
  return instance;
}

std::error_code make_error_code(Errc error) noexcept { return {static_cast<int>(error), category()}; }

std::error_condition make_error_condition(Condition condition) noexcept {
  static const ConditionCategory instance;
  return {static_cast<int>(condition), instance};
}

}  // namespace sctp::inline v0
