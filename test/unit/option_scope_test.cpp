// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/association.hpp>
#include <sctpxx/option.hpp>

#include <chrono>
#include <tuple>

#include <sctpxx/sctp.hpp>

#include "one_path.hpp"

/// Whom the kernel is told that an option is about. What compiles is in `option_ways_test.cpp`, what
/// exceptions say in `option_text_test.cpp`.
namespace {

using namespace sctp;
using namespace sctp::test;
using namespace sctp::option;
using namespace std::chrono_literals;

template <class O>
struct Row {
  int native;
  O value;
};
/// Those that a socket has for its later associations, and each association for itself.
const std::tuple of_either{Row<RtoInfo>{SCTP_RTOINFO, {}},
                           Row<AssocInfo>{SCTP_ASSOCINFO, {}},
                           Row<MaxSeg>{SCTP_MAXSEG, {}},
                           Row<ExposePotentiallyFailedState>{SCTP_EXPOSE_POTENTIALLY_FAILED_STATE, {}},
                           Row<PeerAddrParams>{SCTP_PEER_ADDR_PARAMS, {}},
                           Row<PeerAddrThlds>{SCTP_PEER_ADDR_THLDS_V2, {}},
                           Row<RemoteUdpEncapsPort>{SCTP_REMOTE_UDP_ENCAPS_PORT, {}},
                           Row<PlpmtudProbeInterval>{SCTP_PLPMTUD_PROBE_INTERVAL, {}}};
const std::tuple of_all{Row<Context>{SCTP_CONTEXT, {}},
                        Row<MaxBurst>{SCTP_MAX_BURST, {}},
                        Row<DelayedSack>{SCTP_DELAYED_SACK, {}},
                        Row<EnableStreamReset>{SCTP_ENABLE_STREAM_RESET, {}},
                        Row<StreamScheduler>{SCTP_STREAM_SCHEDULER, {}},
                        Row<AuthKey>{SCTP_AUTH_KEY, {}},
                        Row<AuthActiveKey>{SCTP_AUTH_ACTIVE_KEY, {}}};

template <class Rows, class Do>
void for_each(const Rows& rows, Do what) {
  std::apply([&](const auto&... row) { (what(row), ...); }, rows);
}

/// A socket with many associations, SCTP-AUTH, and everything allowed.
struct Asked : OneSocket {
  explicit Asked(Style style = Style::one_to_many) : OneSocket{style} {
    comes_up();
    socket.set(AuthSupported{});
    socket.set(StreamScheduler{StreamScheduler::Scheduler::priority});
    kernel.option_calls.clear();
  }
};

TEST_CASE("An option of a socket is for its later associations, and of an association for that one") {
  Asked test;
  const auto check = [&]<class O>(const Row<O>& row) {
    CAPTURE(O::name);
    test.socket.set(row.value);
    CHECK(id_given(test, row.native) == SCTP_FUTURE_ASSOC);
    test.socket.set(row.value, test.error);
    CHECK_FALSE(test.error);
    CHECK(id_given(test, row.native) == SCTP_FUTURE_ASSOC);
    test.association.set(row.value);
    CHECK(id_given(test, row.native) == 7);
    test.association.set(row.value, test.error);
    CHECK_FALSE(test.error);
    CHECK(id_given(test, row.native) == 7);
    if constexpr (Gettable<O>) {
      static_cast<void>(test.socket.get<O>());
      CHECK(id_given(test, row.native, false) == SCTP_FUTURE_ASSOC);
      static_cast<void>(test.association.get<O>());
      CHECK(id_given(test, row.native, false) == 7);
      static_cast<void>(test.socket.get<O>(test.error));
      CHECK(id_given(test, row.native, false) == SCTP_FUTURE_ASSOC);
      static_cast<void>(test.association.get<O>(test.error));
      CHECK(id_given(test, row.native, false) == 7);
    }
  };
  for_each(of_either, check);
  for_each(of_all, check);
}

TEST_CASE("An option that reaches the associations that there are is told so") {
  Asked test;
  for_each(of_all, [&]<class O>(const Row<O>& row) {
    CAPTURE(O::name);
    for (const auto& [which, native] : {std::pair{Associations::later, SCTP_FUTURE_ASSOC},
                                        std::pair{Associations::existing, SCTP_CURRENT_ASSOC},
                                        std::pair{Associations::all, SCTP_ALL_ASSOC}}) {
      test.socket.set(row.value, which);
      CHECK(id_given(test, row.native) == native);
      test.socket.set(row.value, which, test.error);
      CHECK_FALSE(test.error);
      CHECK(id_given(test, row.native) == native);
    }
  });
}

TEST_CASE("An association's number comes before what the socket's would reach") {
  Asked test;
  set_option({test.fd, seven, Associations::all}, Context{}, test.error);
  CHECK(id_given(test, SCTP_CONTEXT) == 7);
}

/// All that can be set for the associations that there are, too, set for one; each is to fail.
template <class Refused>
void set_what_reaches(const Association& one, Refused refused) {
  const auto set = [&](const auto& value) {
    refused(value.name, [&](std::error_code& error) { one.set(value, error); });
  };
  for_each(of_all, [&](const auto& row) { set(row.value); });
  set(AuthDeactivateKey{});
  set(AuthDeleteKey{});
  refused("subscribe", [&](std::error_code& error) { one.subscribe<SenderDry>(error); });
}

/// Everything else that can be asked of an association.
template <class Refused>
void ask_everything(const Association& one, Refused refused) {
  const auto set = [&](const auto& value, const auto&... part) {
    refused(value.name, [&](std::error_code& error) { one.set(value, part..., error); });
  };
  const auto get = [&]<class O>(const O& value, const auto&... part) {
    refused(value.name, [&](std::error_code& error) { static_cast<void>(one.get<O>(part..., error)); });
  };
  for_each(of_either, [&](const auto& row) {
    set(row.value);
    get(row.value);
  });
  for_each(of_all, [&]<class O>(const Row<O>& row) {
    if constexpr (Gettable<O>) get(row.value);
  });
  set(PrimaryAddr{near});
  get(PrimaryAddr{});
  set(SetPeerPrimaryAddr{near});
  set(FailureDetection{});
  get(FailureDetection{});
  for_each(
      std::tuple{Status{}, AssocStats{}, AssocWindow{}, PeerAuthChunks{}, LocalAuthChunks{}, PrAssocStatus{}},
      get);
  for_each(std::tuple{InterleavingSupported{}, PrSupported{}, ReconfigSupported{}, AsconfSupported{},
                      AuthSupported{}, EcnSupported{}},
           get);
  const auto of_path = [&](const auto& value) {
    set(value, near);
    get(value, near);
  };
  for_each(std::tuple{PeerAddrParams{}, PeerAddrThlds{}, RemoteUdpEncapsPort{}, PlpmtudProbeInterval{}},
           of_path);
  get(PeerAddrInfo{}, near);
  set(StreamSchedulerValue{1}, StreamId{1});
  get(StreamSchedulerValue{}, StreamId{1});
  get(PrAssocStatus{}, Reliability::Policy::lifetime);
  get(PrStreamStatus{}, PrStreamStatus::Key{});
  refused("reset_streams",
          [&](std::error_code& error) { one.reset_streams(Association::Direction::both, {}, error); });
  refused("stream's reset", [&](std::error_code& error) { one.stream(StreamId{1}).reset(error); });
  refused("add_streams", [&](std::error_code& error) { one.add_streams(1, 1, error); });
  refused("reset", [&](std::error_code& error) { one.reset(error); });
  refused("peer_addresses", [&](std::error_code& error) { static_cast<void>(one.peer_addresses(error)); });
  refused("status", [&](std::error_code& error) { static_cast<void>(one.status(error)); });
}

/// Attempts that are to fail, and to mean nobody to the kernel.
struct MeantForNobody {
  Asked& test;
  template <class Attempt>
  void operator()(std::string_view name, Attempt attempt) const {
    CAPTURE(name);
    test.kernel.option_calls.clear();
    test.error.clear();
    attempt(test.error);
    CHECK(test.error == (name == "subscribe" ? std::errc::not_connected : std::errc::invalid_argument));
    CHECK(test.error != Errc::no_such_path);
    CHECK(test.error != Errc::no_such_stream);
    CHECK_FALSE(test.kernel.option_calls.empty());
    for (const OptionCall& call : test.kernel.option_calls) {
      if (call.option.first != IPPROTO_SCTP) continue;
      std::int32_t whose = 0;
      REQUIRE(call.value.size() >= sizeof whose);
      std::memcpy(&whose, call.value.data(), sizeof whose);
      CAPTURE(call.option.second, whose);
      CHECK((whose < SCTP_FUTURE_ASSOC || whose > SCTP_ALL_ASSOC));
      CHECK_FALSE(test.descriptor().associations.contains(whose));
    }
  }
};

constexpr std::array nobodys_numbers{AssociationId{}, AssociationId{1}, AssociationId{2}, AssociationId{-1}};

TEST_CASE("The numbers 0 to 2 of an association never mean the socket, or all of its associations") {
  Asked test;
  const AssociationId id = nobodys_numbers.at(GENERATE(range(0U, 4U)));
  CAPTURE(id);
  ask_everything(Association{test.socket, id}, MeantForNobody{test});
  CHECK(test.descriptor().path_options.empty());
  CHECK(test.descriptor().primaries.empty());
}

TEST_CASE("What is set for the numbers 0 to 2 of an association fails, also where the kernel takes it") {
  Asked test;
  const AssociationId id = nobodys_numbers.at(GENERATE(range(0U, 4U)));
  CAPTURE(id);
  set_what_reaches(Association{test.socket, id}, MeantForNobody{test});
}

TEST_CASE("Where a socket has one association, its number is told as it is") {
  Asked test{GENERATE(Style::one_to_one, Style::peeled_off)};
  const AssociationId id = GENERATE(values({AssociationId{}, AssociationId{1}, AssociationId{2}, nine}));
  const Association one{test.socket, id};
  one.set(RtoInfo{.min = 200ms}, test.error);
  CHECK_FALSE(test.error);
  CHECK(id_given(test, SCTP_RTOINFO) == static_cast<std::int32_t>(id));
  one.set(PeerAddrParams{}, near, test.error);
  CHECK_FALSE(test.error);
  CHECK(id_given(test, SCTP_PEER_ADDR_PARAMS) == static_cast<std::int32_t>(id));
}

TEST_CASE("What is asked of an association that is gone fails, in every way to ask") {
  Asked test;
  test.kernel.association_ends(test.fd, seven);
  ask_everything(test.association, [&](std::string_view name, auto attempt) {
    CAPTURE(name);
    attempt(test.error);
    CHECK(test.error == std::errc::invalid_argument);
  });
  set_what_reaches(test.association, [&](std::string_view name, auto attempt) {
    CAPTURE(name);
    attempt(test.error);
    CHECK(test.error == (name == "subscribe" ? std::errc::not_connected : std::errc::invalid_argument));
  });
}

TEST_CASE("What is asked of an association whose socket is closed fails, in every way to ask") {
  FakeKernel kernel;
  const Association one{OneToManySocket{}, seven};
  std::error_code error;
  const auto fails = [&](std::string_view name, auto attempt) {
    CAPTURE(name);
    error.clear();
    attempt(error);
    CHECK(error == std::errc::bad_file_descriptor);
  };
  ask_everything(one, fails);
  set_what_reaches(one, fails);
}

}  // namespace
