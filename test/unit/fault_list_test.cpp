// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "fault_operations.hpp"
#include "support/catch.hpp"

/// That the list of operations is complete: so that whoever adds one is told that its failures are not
/// tested.
namespace {

using namespace sctp::test;

const std::filesystem::path sources = SCTPXX_SOURCES;

std::string read(const std::filesystem::path& path) {
  std::ifstream file{path};
  REQUIRE(file);
  return {std::istreambuf_iterator<char>{file}, {}};
}

std::set<std::string> lines_of(const std::filesystem::path& path) {
  std::istringstream text{read(path)};
  std::set<std::string> lines;
  for (std::string line; std::getline(text, line);) {
    if (!line.starts_with('#')) lines.insert(line);
  }
  REQUIRE(lines.size() > 20);
  return lines;
}

/// The form that throws: "f(int, std::error_code&)" as "f(int)".
std::string name_of(std::string symbol) {
  symbol = std::regex_replace(symbol, std::regex{"sctp::v0::"}, "");
  return std::regex_replace(symbol, std::regex{"(, )?std::error_code&\\)"}, ")");
}

std::set<std::string> names() {
  std::set<std::string> all;
  for (const Operation& one : operations()) all.insert(one.name);
  return all;
}

TEST_CASE("The failures of each exported function that makes a system call are tested") {
  const auto quiet = lines_of(sources / "test/faults/no_system_call");
  const auto tested = names();
  std::set<std::string> known;
  for (const std::string& symbol : lines_of(sources / "test/package/symbols")) {
    INFO(
        symbol << ": make it an operation (fault_*operations.cpp), or, where it makes no system call, a line "
                  "of test/faults/no_system_call");
    known.insert(name_of(symbol));
    CHECK(tested.contains(name_of(symbol)) != quiet.contains(symbol));
  }
  for (const std::string& name : tested) {
    INFO(name << " is no function that is exported or inline");
    CHECK((known.contains(name) || name.find(".hpp: ") != std::string::npos));
  }
  const auto symbols = lines_of(sources / "test/package/symbols");
  for (const std::string& symbol : quiet) {
    INFO(symbol << " in test/faults/no_system_call is not exported any more");
    CHECK(symbols.contains(symbol));
  }
}

TEST_CASE("The failures of each inline function that tells of errors are tested") {
  static const std::regex comment{"//[^\n]*"};
  static const std::regex blank{"\\s+"};
  static const std::regex definition{
      "([A-Za-z_]+)\\(([^(){};]*std::error_code& error)\\)( const)?( noexcept)?( try)? \\{"};
  const auto tested = names();
  std::set<std::string> found;
  for (const char* folder : {"include/sctpxx", "include/sctpxx/option"}) {  // asio/ runs on a real kernel
    for (const auto& entry : std::filesystem::directory_iterator{sources / folder}) {
      if (entry.path().extension() != ".hpp" || entry.path().filename() == "asio.hpp") continue;
      const std::string text =
          std::regex_replace(std::regex_replace(read(entry.path()), comment, ""), blank, " ");
      for (std::sregex_iterator one{text.begin(), text.end(), definition}; one != std::sregex_iterator{};
           ++one) {
        const std::string function = (*one)[1];
        // A concept; and what hands on the read function that it is given.
        if (function == "requires" || (*one)[2].str().ends_with("Read read")) continue;
        const std::string name =
            entry.path().filename().string() + ": " + function + "(" + (*one)[2].str() + ")";
        INFO(name << ": make it an operation (fault_inline_operations.cpp)");
        CHECK(tested.contains(name));
        found.insert(name);
      }
    }
  }
  CHECK(found.size() > 25);
  for (const std::string& name : tested) {
    INFO(name << " is not there any more");
    CHECK((name.find(".hpp: ") == std::string::npos || found.contains(name)));
  }
}

}  // namespace
