// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sctpxx/association.hpp>
#include <sctpxx/option.hpp>

#include <concepts>

#include <sctpxx/sctp.hpp>

#include "support/catch.hpp"

/// In which ways each option can be set and got: what compiles, and what does not.
namespace {

using namespace sctp;
using namespace sctp::option;

template <class O>
concept SetOnSocket = requires(const SocketRef& socket, const O& value, std::error_code& error) {
  socket.set(value);
  socket.set(value, error);
};
template <class O>
concept GetOnSocket = requires(const SocketRef& socket, std::error_code& error) {
  socket.get<O>();
  socket.get<O>(error);
};
template <class O>
concept SetWithReach = requires(const SocketRef& socket, const O& value, std::error_code& error) {
  socket.set(value, Associations::all);
  socket.set(value, Associations::all, error);
};
template <class O>
concept SetOnOne = requires(const Association& one, const O& value, std::error_code& error) {
  one.set(value);
  one.set(value, error);
};
template <class O>
concept GetOfOne = requires(const Association& one, std::error_code& error) {
  one.get<O>();
  one.get<O>(error);
};
template <class O>
concept SetOnPart =
    requires(const Association& one, const O& value, const typename O::Key& part, std::error_code& error) {
      one.set(value, part);
      one.set(value, part, error);
    };
template <class O>
concept GetOfPart = requires(const Association& one, const typename O::Key& part, std::error_code& error) {
  one.get<O>(part);
  one.get<O>(part, error);
};

enum Ways : unsigned {
  set = 1,
  get = 2,
  reach = 4,
  set_one = 8,
  get_one = 16,
  set_part = 32,
  get_part = 64,
  socket_wide = set | get,
  either = set | get | set_one | get_one,
  reaching = either | reach,
  by_path = either | set_part | get_part,
  agreed = set | get | get_one,
};
/// All ways in which an option can be set and got that compile.
template <class O>
constexpr unsigned ways() {
  return (SetOnSocket<O> ? set : 0U) | (GetOnSocket<O> ? get : 0U) | (SetWithReach<O> ? reach : 0U) |
         (SetOnOne<O> ? set_one : 0U) | (GetOfOne<O> ? get_one : 0U) | (SetOnPart<O> ? set_part : 0U) |
         (GetOfPart<O> ? get_part : 0U);
}
template <unsigned expected, class... Options>
constexpr bool all_have = ((ways<Options>() == expected) && ...);

static_assert(all_have<socket_wide, InitMsg, AdaptationLayer, AutoClose, NoDelay, FragmentInterleave,
                       DisableFragments, PartialDeliveryPoint, AutoAsconf, HmacIdent>);
static_assert(all_have<socket_wide, SndBuf, RcvBuf, Linger, RcvTimeo, SndTimeo, ReuseAddr, ReusePort, V6Only,
                       IWantMappedV4Addr, BindToDevice, Dscp>);
static_assert(all_have<set, AuthChunk> && all_have<get, AssocNumber>);
static_assert(all_have<either, RtoInfo, AssocInfo, MaxSeg, ExposePotentiallyFailedState, FailureDetection>);
static_assert(
    all_have<reaching, Context, MaxBurst, DelayedSack, EnableStreamReset, StreamScheduler, AuthActiveKey>);
static_assert(all_have<set | reach | set_one, AuthKey, AuthDeactivateKey, AuthDeleteKey>);
static_assert(all_have<agreed, InterleavingSupported, PrSupported, ReconfigSupported, AsconfSupported,
                       AuthSupported, EcnSupported>);
static_assert(all_have<by_path, PeerAddrParams, PeerAddrThlds, RemoteUdpEncapsPort, PlpmtudProbeInterval>);
static_assert(all_have<get_one, Status, AssocStats, AssocWindow, PeerAuthChunks>);
static_assert(all_have<set_one | get_one, PrimaryAddr> && all_have<set_one, SetPeerPrimaryAddr>);
static_assert(all_have<get_part, PeerAddrInfo, PrStreamStatus> &&
              all_have<get_one | get_part, PrAssocStatus>);
static_assert(all_have<set_part | get_part, StreamSchedulerValue> &&
              all_have<get | get_one, LocalAuthChunks>);

static_assert(std::same_as<PeerAddrParams::Key, Address> && std::same_as<PeerAddrInfo::Key, Address>);
static_assert(std::same_as<StreamSchedulerValue::Key, StreamId>);
static_assert(std::same_as<PrAssocStatus::Key, Reliability::Policy>);

TEST_CASE("A shared secret is of a socket, since it is needed before an association is set up") {
  CHECK(ways<SharedSecret>() == set);  // fails: it compiles on an association, and changes the socket
}

}  // namespace
