// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/error.hpp>

#include <cerrno>
#include <set>
#include <string>
#include <utility>

#include "support/catch.hpp"

namespace {

using sctp::Condition;
using sctp::Errc;

const std::pair<Errc, std::errc> all_errors[] = {
    {Errc::kernel_has_no_sctp, std::errc::protocol_not_supported},
    {Errc::malformed_address, std::errc::invalid_argument},
    {Errc::wrong_address_family, std::errc::address_family_not_supported},
    {Errc::no_addresses, std::errc::invalid_argument},
    {Errc::ports_differ, std::errc::invalid_argument},
    {Errc::wildcard_among_addresses, std::errc::invalid_argument},
    {Errc::address_twice, std::errc::invalid_argument},
    {Errc::empty_message, std::errc::invalid_argument},
    {Errc::message_exceeds_send_buffer, std::errc::message_size},
    {Errc::message_exceeds_limit, std::errc::value_too_large},
    {Errc::no_such_stream, std::errc::invalid_argument},
    {Errc::receive_info_missing, std::errc::bad_message},
    {Errc::malformed_notification, std::errc::bad_message},
    {Errc::value_not_taken, std::errc::invalid_argument},
    {Errc::too_late, std::errc::already_connected},
    {Errc::not_negotiated, std::errc::not_supported},
    {Errc::no_such_path, std::errc::invalid_argument},
    {Errc::not_an_sctp_socket, std::errc::not_a_socket},
};

TEST_CASE("Each failure compares equal to the standard one that is named beside it") {
  for (const auto& [error, standard] : all_errors) {
    const std::error_code code = error;
    CAPTURE(code);
    CHECK(code);
    CHECK(code == error);
    CHECK(code == standard);
    CHECK(code != std::errc::timed_out);
    CHECK(code.category() == sctp::category());
  }
}

TEST_CASE("Each failure has a text of its own") {
  std::set<std::string> texts;
  for (const auto& [error, standard] : all_errors) texts.insert(make_error_code(error).message());
  CHECK(texts.size() == std::size(all_errors));
  // They are numbered from 1 on, and these are all.
  const int next = static_cast<int>(std::size(all_errors)) + 1;
  CHECK(std::error_code{next, sctp::category()}.message() == "unknown error " + std::to_string(next));
  CHECK(texts.count("unknown error 99") == 0);
  CHECK(std::error_code{99, sctp::category()}.message() == "unknown error 99");
  CHECK(std::string{sctp::category().name()} == "sctpxx");
}

TEST_CASE("An error of no known number is equal to no standard one") {
  const std::error_code unknown{99, sctp::category()};
  CHECK(unknown != std::errc::invalid_argument);
  CHECK(unknown.default_error_condition().category() == sctp::category());
}

TEST_CASE("The end of an association has many errnos and one condition") {
  for (const int error : {EPIPE, ECONNRESET, ECONNABORTED, ESHUTDOWN, ENOTCONN, ESRCH, ETIMEDOUT}) {
    CAPTURE(error);
    CHECK(std::error_code{error, std::system_category()} == Condition::association_ended);
    CHECK(std::error_code{error, std::generic_category()} == Condition::association_ended);
    CHECK(std::error_code{error, sctp::category()} != Condition::association_ended);
  }
  for (const int error : {0, EAGAIN, EINTR, EINVAL, ENOMEM, ECONNREFUSED, EBADF, EMSGSIZE}) {
    CAPTURE(error);
    CHECK(std::error_code{error, std::system_category()} != Condition::association_ended);
  }
  for (const auto& [error, standard] : all_errors) {
    CHECK(make_error_code(error) != Condition::association_ended);
  }
}

TEST_CASE("The condition has a name and a text") {
  const std::error_condition condition = Condition::association_ended;
  CHECK(std::string{condition.category().name()} == "sctpxx condition");
  CHECK(condition.message() == "the association has ended, or is ending");
  CHECK(std::error_condition{Condition::message_dropped}.message() ==
        "one message or event could not be received");
  CHECK(std::error_condition(7, condition.category()).message() == "unknown condition 7");
  CHECK(std::error_code{EPIPE, std::system_category()} != std::error_condition(7, condition.category()));
}

}  // namespace
