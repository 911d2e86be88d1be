// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <cerrno>
#include <chrono>
#include <string>
#include <vector>

#include <sctpxx/association_table.hpp>

#include "many.hpp"
#include "support/records.hpp"
#include "support/told.hpp"

/// An association ends in the middle of a message, and the kernel does not say so: kernel.kept_end.
namespace {

using namespace sctp;
using namespace sctp::test;
using namespace std::chrono_literals;
using End = AssociationChange::End;
using Texts = std::vector<std::string>;

struct Open : Many {
  Open() : Many{seven, eight} { begins(seven); }

  void begins(AssociationId id) {
    kernel.receives(piece("beginning").of(id));
    CHECK(said() == Texts{});
  }
  /// What is told, up to where a receive would wait.
  Texts said() {
    Texts texts;
    while (const Received received = socket.try_receive(buffer)) {
      texts.push_back(received.message() != nullptr ? text_of(received)
                                                    : to_string(*received.notification()));
    }
    return texts;
  }
  /// How often it is asked after.
  [[nodiscard]] std::size_t looks() const { return kernel.count(Call::getsockopt); }
};

const std::string aborted = "association 7: a message on stream 0 was aborted after 9 bytes";
const std::string ended = "association 7 is lost, ended without a word";

TEST_CASE("An association that has ended unheard in the middle of a message is told to be lost") {
  Open test;
  test.kernel.association_ends(test.fd, seven);
  test.kernel.advance(1000);
  CHECK(test.said() == Texts{aborted, ended});
  CHECK(test.buffer.unfinished() == 0);
  test.kernel.advance(1000);
  CHECK(test.said() == Texts{});
  // Another one of this number.
  test.kernel.association(test.fd, seven);
  test.begins(seven);
  CHECK(test.said() == Texts{});
}

TEST_CASE("Who waits in the kernel goes on doing so in the middle of a message") {
  FakeKernel kernel;
  const OneToOneSocket socket = OneToOneSocket::adopt(kernel.open());
  ReceiveBuffer buffer;
  kernel.receives(piece("beginning"));
  kernel.while_waiting([&] { kernel.receives(piece(", end").end()); });
  CHECK(text_of(socket.receive(buffer)) == "beginning, end");
  CHECK(kernel.count(Call::poll) == 0);
}

TEST_CASE("It is looked for once a second, and only while a message is open") {
  Open test;
  CHECK(test.looks() == 0);
  test.kernel.advance(999);
  CHECK(test.said() == Texts{});
  CHECK(test.looks() == 0);
  test.kernel.advance(1);
  CHECK(test.said() == Texts{});
  CHECK(test.said() == Texts{});
  CHECK(test.looks() == 1);
  test.kernel.advance(999);
  CHECK(test.said() == Texts{});
  CHECK(test.looks() == 1);
  test.kernel.advance(1);
  CHECK(test.said() == Texts{});
  CHECK(test.looks() == 2);
  test.kernel.receives(piece(", end").of(seven).end());
  CHECK(test.said() == Texts{"beginning, end"});
  test.kernel.advance(5000);
  CHECK(test.said() == Texts{});
  test.begins(seven);
  CHECK(test.said() == Texts{});
  CHECK(test.looks() == 2);
}

TEST_CASE("An end that is told after all is told once, as it was") {
  Open test;
  test.kernel.advance(1000);
  // It is told between the question and the next read.
  test.kernel.association_ends(test.fd, seven);
  test.kernel.while_asked([&] {
    test.kernel.receives(
        event(assoc_change(AssociationChange::State::shutdown_complete, {.association = seven})));
  });
  CHECK(test.said() == Texts{aborted, "association 7 is shut down, by us"});
  test.kernel.advance(1000);
  CHECK(test.said() == Texts{});
}

TEST_CASE("What came before the end that is not told comes before it") {
  Open test;
  test.kernel.advance(1000);
  test.kernel.association_ends(test.fd, seven);
  test.kernel.while_asked([&] { test.kernel.receives(piece(", end").of(seven).end()); });
  CHECK(test.said() == Texts{"beginning, end"});
}

TEST_CASE("Several that have ended unheard are told one after the other") {
  Open test;
  test.begins(eight);
  test.kernel.association_ends(test.fd, seven);
  test.kernel.association_ends(test.fd, eight);
  test.kernel.advance(1000);
  CHECK(test.said().size() == 4);
  CHECK(test.buffer.unfinished() == 0);
}

TEST_CASE("A question that fails says nothing of an end") {
  Open test;
  test.kernel.advance(1000);
  test.kernel.fail_next(Call::getsockopt, ENOBUFS);
  CHECK(test.said() == Texts{});
  CHECK(test.buffer.unfinished() == 1);
}

TEST_CASE("Who waits for it looks once a second") {
  Open test;
  SECTION("with a patience") {
    CHECK(test.socket.receive(test.buffer, 2500ms).status() == ReceiveStatus::would_block);
    CHECK(test.kernel.poll_timeouts == std::vector<int>{1000, 1000, 500});
    test.kernel.association_ends(test.fd, seven);
    const Received told = test.socket.receive(test.buffer, 10s);
    CHECK(to_string(*told.notification()) == aborted);
  }
  SECTION("for as long as it takes") {
    test.kernel.association_ends(test.fd, seven);
    const Received told = test.socket.receive(test.buffer);
    CHECK(to_string(*told.notification()) == aborted);
    CHECK(test.kernel.poll_timeouts == std::vector<int>{1000});
  }
}

TEST_CASE("Where nobody is left it is told at once, and then the end of the stream") {
  Open test;
  test.kernel.association_ends(test.fd, seven);
  test.kernel.association_ends(test.fd, eight);
  Texts texts;
  while (const Received received = test.socket.receive(test.buffer))
    texts.push_back(to_string(*received.notification()));
  CHECK(texts == Texts{aborted, ended});
  CHECK(test.socket.receive(test.buffer).status() == ReceiveStatus::end_of_stream);
  CHECK(test.kernel.count(Call::poll) == 0);
}

TEST_CASE("A table of associations has none of it any more") {
  Open test;
  AssociationTable table{test.socket};
  table.add(seven);
  test.kernel.association_ends(test.fd, seven);
  test.kernel.advance(1000);
  std::vector<AssociationTable::Change> changes;
  while (const Received received = test.socket.try_receive(test.buffer)) {
    if (const auto change = table.take(received)) changes.push_back(*change);
  }
  CHECK(changes.size() == 1);
  CHECK(changes.at(0).kind == AssociationTable::Change::Kind::closed);
  CHECK(changes.at(0).association.end == End::untold);
  CHECK(table.empty());
}

}  // namespace
