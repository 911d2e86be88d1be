// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

/// Catch2 of either generation, and how it prints our types.
///
/// GENERATE and its like keep the values that they made in a test's first run, so none may refer to an object
/// of that run.
#if __has_include(<catch2/catch_test_macros.hpp>)
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#else
#include <catch2/catch.hpp>
#endif

#include <string>
#include <system_error>

#include <sctpxx/sctp.hpp>

namespace Catch {

template <class T>
struct OurText {
  static std::string convert(const T& value) { return to_string(value); }
};

template <>
struct StringMaker<sctp::Address> : OurText<sctp::Address> {};
template <>
struct StringMaker<sctp::StreamId> : OurText<sctp::StreamId> {};
template <>
struct StringMaker<sctp::Ppid> : OurText<sctp::Ppid> {};
template <>
struct StringMaker<sctp::AssociationId> : OurText<sctp::AssociationId> {};
template <>
struct StringMaker<sctp::Cause> : OurText<sctp::Cause> {};
template <>
struct StringMaker<sctp::AssociationChange::State> : OurText<sctp::AssociationChange::State> {};

template <>
struct StringMaker<std::error_code> {
  static std::string convert(const std::error_code& error) {
    return std::string{error.category().name()} + " " + std::to_string(error.value()) + " (" +
           error.message() + ")";
  }
};

}  // namespace Catch
