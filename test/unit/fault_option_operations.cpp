// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <chrono>

#include "fault_operations.hpp"

/// All options, in each way in which they can be set and asked.
namespace sctp::test::fault {

using namespace std::chrono_literals;
using namespace option;

namespace {

std::string setter(const std::string& of) {
  return "option::set_option(OptionTarget, option::" + of + " const&)";
}
std::string getter(const std::string& of) { return "option::get_option(OptionTarget, option::" + of + "&)"; }
std::string setter(const std::string& part, const std::string& of) {
  return "option::set_option(OptionTarget, " + part + ", option::" + of + " const&)";
}
std::string getter(const std::string& part, const std::string& of) {
  return "option::get_option(OptionTarget, " + part + ", option::" + of + "&)";
}

/// On whatever can have it: a socket, or its association.
template <class O>
void add_set(List& list, const std::string& type, const O& value, Prepare prepare) {
  list.both(setter(type), prepare, [value](Stage& s, auto&... error) {
    if constexpr (OfAssociation<O>) {
      s.association().set(value, error...);
    } else {
      s.socket.set(value, error...);
    }
  });
}
template <class O>
void add_get(List& list, const std::string& type, Prepare prepare) {
  list.both(getter(type), prepare, [](Stage& s, auto&... error) {
    if constexpr (OfAssociation<O>) {
      return s.association().template get<O>(error...);
    } else {
      return s.socket.template get<O>(error...);
    }
  });
}
template <class O>
void add_both(List& list, const std::string& type, const O& value, Prepare prepare) {
  add_set(list, type, value, prepare);
  add_get<O>(list, type, prepare);
}

template <class O>
void add_part(List& list, const std::string& part, const std::string& type, const O& value,
              const typename O::Key& key, Prepare prepare) {
  if constexpr (KeyedSettable<O>) {
    list.both(setter(part, type), prepare,
              [value, key](Stage& s, auto&... error) { s.association().set(value, key, error...); });
  }
  list.both(getter(part, type), prepare,
            [key](Stage& s, auto&... error) { return s.association().template get<O>(key, error...); });
}

void authenticating(Stage& stage) {
  with_one(stage);
  stage.socket.set(AuthSupported{});
  stage.kernel.descriptor(stage.fd).negotiated[SCTP_AUTH_SUPPORTED] = 1;
  stage.socket.set(AuthKey{.number = 3, .secret = as_bytes("secret")});
}
void interleaving(Stage& stage) {
  stage.kernel.allows_interleaving = true;
  unconnected(stage);
  stage.socket.set(FragmentInterleave{});
}
void interleaves(Stage& stage) {
  interleaving(stage);
  stage.socket.set(InterleavingSupported{});
}
void wildcard(Stage& stage) {
  unconnected(stage);
  stage.socket.bind(Address::any(Address::Family::v4, 0));
}
void weighted(Stage& stage) {
  with_one(stage);
  stage.socket.set(StreamScheduler{StreamScheduler::Scheduler::priority});
}
void asconf(Stage& stage) {
  unconnected(stage);
  stage.socket.set(AuthSupported{});
}
void interfaces(Stage& stage) {
  stage.kernel.interfaces = {{"eth0", 2}};
  unconnected(stage);
}

template <class Native>
void answers(Stage& stage, int option, const Native& native) {
  with_one(stage);
  const Bytes bytes = std::as_bytes(std::span{&native, 1});
  stage.kernel.descriptor(stage.fd).options[{IPPROTO_SCTP, option}].assign(bytes.begin(), bytes.end());
}
void with_window(Stage& stage) {
  sctp_assocparams params{};
  params.sasoc_number_peer_destinations = 2;
  answers(stage, SCTP_ASSOCINFO, params);
}
void with_abandoned(Stage& stage) { answers(stage, SCTP_PR_ASSOC_STATUS, sctp_prstatus{}); }
void with_abandoned_on_streams(Stage& stage) { answers(stage, SCTP_PR_STREAM_STATUS, sctp_prstatus{}); }
void with_statistics(Stage& stage) { answers(stage, SCTP_GET_ASSOC_STATS, sctp_assoc_stats{}); }
const std::string path = "Address const&";

void add_of_associations(List& list) {
  add_both(list, "InitMsg", InitMsg{20, 30, 3, 1200ms}, unconnected);
  add_both(list, "RtoInfo", RtoInfo{340ms, 5000ms, 120ms}, with_one);
  add_both(list, "AssocInfo", AssocInfo{3, 20'000ms}, with_one);
  add_get<AssocWindow>(list, "AssocWindow", with_window);
  add_both(list, "AdaptationLayer", AdaptationLayer{7}, unconnected);
  add_both(list, "AutoClose", AutoClose{5s}, with_many);
  add_get<Status>(list, "Status", with_one);
  add_get<AssocStats>(list, "AssocStats", with_statistics);
  add_get<AssocNumber>(list, "AssocNumber", with_many);

  add_set(list, "AuthChunk", AuthChunk{ChunkType::data}, authenticating);
  add_both(list, "HmacIdent", HmacIdent{{HmacIdent::Hmac::sha256, HmacIdent::Hmac::sha1}}, authenticating);
  add_set(list, "AuthKey", AuthKey{.number = 4, .secret = as_bytes("other")}, authenticating);
  add_both(list, "AuthActiveKey", AuthActiveKey{3}, authenticating);
  add_set(list, "AuthDeactivateKey", AuthDeactivateKey{3}, authenticating);
  add_set(list, "AuthDeleteKey", AuthDeleteKey{3}, authenticating);
  add_get<PeerAuthChunks>(list, "PeerAuthChunks", authenticating);
  add_get<LocalAuthChunks>(list, "LocalAuthChunks", authenticating);

  add_both(list, "InterleavingSupported", InterleavingSupported{}, interleaving);
  add_both(list, "PrSupported", PrSupported{}, unconnected);
  add_both(list, "ReconfigSupported", ReconfigSupported{}, unconnected);
  add_both(list, "AsconfSupported", AsconfSupported{}, asconf);
  add_both(list, "AuthSupported", AuthSupported{}, unconnected);
  add_both(list, "EcnSupported", EcnSupported{}, unconnected);
}

void add_of_delivery(List& list) {
  add_both(list, "NoDelay", NoDelay{}, unconnected);
  add_both(list, "FragmentInterleave", FragmentInterleave{}, unconnected);
  add_both(list, "MaxSeg", MaxSeg{600}, with_one);
  add_both(list, "DisableFragments", DisableFragments{}, unconnected);
  add_both(list, "PartialDeliveryPoint", PartialDeliveryPoint{4096}, interleaves);
  add_both(list, "Context", Context{7}, with_one);
  add_both(list, "MaxBurst", MaxBurst{9}, with_one);
  add_both(list, "DelayedSack", DelayedSack{80ms, 3}, with_one);

  add_both(list, "EnableStreamReset", EnableStreamReset{true, false, true}, with_one);
  add_both(list, "StreamScheduler", StreamScheduler{StreamScheduler::Scheduler::round_robin}, with_one);
  add_part(list, "StreamId", "StreamSchedulerValue", StreamSchedulerValue{2}, StreamId{1}, weighted);
  add_get<PrAssocStatus>(list, "PrAssocStatus", with_abandoned);
  add_part(list, "Reliability::Policy", "PrAssocStatus", PrAssocStatus{}, Reliability::Policy::lifetime,
           with_abandoned);
  add_part(list, "option::PrStreamStatus::Key const&", "PrStreamStatus", PrStreamStatus{}, {StreamId{1}, {}},
           with_abandoned_on_streams);
}

void add_of_paths(List& list) {
  const PeerAddrParams params{Heartbeat::every(1240ms), 3, PathMtu::fixed(1200), 46, {}};
  add_both(list, "PeerAddrParams", params, with_one);
  add_part(list, path, "PeerAddrParams", params, Stage::near, with_one);
  add_both(list, "PeerAddrThlds", PeerAddrThlds{1, 3}, with_one);
  add_part(list, path, "PeerAddrThlds", PeerAddrThlds{1, 3}, Stage::near, with_one);
  add_part(list, path, "PeerAddrInfo", PeerAddrInfo{}, Stage::near, with_many);
  add_both(list, "PrimaryAddr", PrimaryAddr{Stage::far}, with_one);
  add_set(list, "SetPeerPrimaryAddr", SetPeerPrimaryAddr{Stage::own}, with_capabilities);
  add_both(list, "ExposePotentiallyFailedState", ExposePotentiallyFailedState{}, with_one);
  add_both(list, "RemoteUdpEncapsPort", RemoteUdpEncapsPort{9899}, unconnected);
  add_part(list, path, "RemoteUdpEncapsPort", RemoteUdpEncapsPort{9899}, Stage::near, with_one);
  add_both(list, "PlpmtudProbeInterval", PlpmtudProbeInterval{5000ms}, with_one);
  add_part(list, path, "PlpmtudProbeInterval", PlpmtudProbeInterval{5000ms}, Stage::near, with_one);
  add_both(list, "AutoAsconf", AutoAsconf{}, wildcard);
}

void add_of_sockets(List& list) {
  add_both(list, "SndBuf", SndBuf{30'000}, unconnected);
  add_both(list, "RcvBuf", RcvBuf{30'000}, unconnected);
  add_both(list, "Linger", Linger{5s}, unconnected);
  add_both(list, "RcvTimeo", RcvTimeo{5s}, unconnected);
  add_both(list, "SndTimeo", SndTimeo{5s}, unconnected);
  add_both(list, "ReuseAddr", ReuseAddr{}, unconnected);
  add_both(list, "ReusePort", ReusePort{}, unconnected);
  add_both(list, "V6Only", V6Only{}, unconnected_v6);
  add_both(list, "IWantMappedV4Addr", IWantMappedV4Addr{}, unconnected);
  add_both(list, "BindToDevice", BindToDevice{"eth0"}, interfaces);
  add_both(list, "Dscp", Dscp{46}, unconnected);
  add_both(list, "Dscp", Dscp{46}, unconnected_v6);
}

}  // namespace

void add_options(List& list) {
  add_of_associations(list);
  add_of_delivery(list);
  add_of_paths(list);
  add_of_sockets(list);
  list.both("set_option(OptionTarget, FailureDetection const&)", with_one,
            [](Stage& s, auto&... error) { s.socket.set(FailureDetection::signalling(), error...); });
  list.both("get_option(OptionTarget, FailureDetection&)", with_one, [](Stage& s, auto&... error) {
    return s.association().template get<FailureDetection>(error...);
  });
  list.both("set_option(OptionTarget, SharedSecret const&)", unconnected, [](Stage& s, auto&... error) {
    s.socket.set(SharedSecret{.secret = as_bytes("secret")}, error...);
  });
  list.only_throwing(
      "detail::throw_option_failure(std::string_view, detail::OptionName, OptionTarget, "
      "std::string_view, std::error_code)",
      unconnected, [](Stage& s) {
        s.kernel.refused_options[{IPPROTO_SCTP, SCTP_MAXSEG}] = EPERM;
        try {
          s.socket.set(MaxSeg{600});
        } catch (const std::system_error& error) {
          s.kernel.refused_options.clear();
          return error.code() == std::errc::operation_not_permitted;
        }
        return false;
      });
}

}  // namespace sctp::test::fault
