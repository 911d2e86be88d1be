// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include <sys/time.h>

#include "fake_options.hpp"
#include "fake_streams.hpp"
#include "sys.hpp"

namespace sctp::sys {

using namespace test;

namespace {

constexpr Option init_msg{IPPROTO_SCTP, SCTP_INITMSG};
constexpr Option rto_info{IPPROTO_SCTP, SCTP_RTOINFO};
constexpr Option assoc_info{IPPROTO_SCTP, SCTP_ASSOCINFO};
constexpr Option delayed_sack{IPPROTO_SCTP, SCTP_DELAYED_SACK};
constexpr Option autoclose{IPPROTO_SCTP, SCTP_AUTOCLOSE};
constexpr Option type_of_service{IPPROTO_IP, IP_TOS};
constexpr int fresh_buffer = 212992;
constexpr sctp_initmsg fresh_init{10, 65535, 8, 60000};
constexpr sctp_rtoinfo fresh_rto{0, 3000, 60000, 1000};
constexpr sctp_assocparams fresh_info{0, 10, 0, 0, 0, 60000};
constexpr sctp_sack_info fresh_sack{0, 200, 2};

int set_init(Descriptor& descriptor, const sctp_initmsg& given) {
  auto init = kept(descriptor, init_msg, fresh_init);
  take_unless_zero(init.sinit_num_ostreams, given.sinit_num_ostreams);
  take_unless_zero(init.sinit_max_instreams, given.sinit_max_instreams);
  take_unless_zero(init.sinit_max_attempts, given.sinit_max_attempts);
  take_unless_zero(init.sinit_max_init_timeo, given.sinit_max_init_timeo);
  return keep(descriptor, init_msg, init);
}

int set_rto(Descriptor& descriptor, const sctp_rtoinfo& given) {
  auto rto = kept(descriptor, rto_info, fresh_rto);
  take_unless_zero(rto.srto_initial, given.srto_initial);
  take_unless_zero(rto.srto_max, given.srto_max);
  take_unless_zero(rto.srto_min, given.srto_min);
  if (rto.srto_min > rto.srto_max) return fail(EINVAL);
  rto.srto_assoc_id = given.srto_assoc_id;
  return keep(descriptor, rto_info, rto);
}

int set_info(Descriptor& descriptor, const sctp_assocparams& given) {
  auto info = kept(descriptor, assoc_info, fresh_info);
  take_unless_zero(info.sasoc_asocmaxrxt, given.sasoc_asocmaxrxt);
  take_unless_zero(info.sasoc_cookie_life, given.sasoc_cookie_life);
  info.sasoc_assoc_id = given.sasoc_assoc_id;
  return keep(descriptor, assoc_info, info);
}

int set_sack(Descriptor& descriptor, const sctp_sack_info& given) {
  auto sack = kept(descriptor, delayed_sack, fresh_sack);
  if (given.sack_delay > 500) return fail(EINVAL);
  take_unless_zero(sack.sack_delay, given.sack_delay);
  take_unless_zero(sack.sack_freq, given.sack_freq);
  sack.sack_assoc_id = given.sack_assoc_id;
  return keep(descriptor, delayed_sack, sack);
}

/// Whom an option that begins with an association's number is about, where that is no association.
struct Reach {
  int option = 0;
  bool later = false;     // SCTP_FUTURE_ASSOC
  bool existing = false;  // SCTP_CURRENT_ASSOC and SCTP_ALL_ASSOC, for setting
};
constexpr std::array reaches{
    Reach{SCTP_RTOINFO, true, false},
    Reach{SCTP_ASSOCINFO, true, false},
    Reach{SCTP_MAXSEG, true, false},
    Reach{SCTP_EXPOSE_POTENTIALLY_FAILED_STATE, true, false},
    Reach{SCTP_LOCAL_AUTH_CHUNKS, true, false},
    Reach{SCTP_DELAYED_SACK, true, true},
    Reach{SCTP_CONTEXT, true, true},
    Reach{SCTP_MAX_BURST, true, true},
    Reach{SCTP_ENABLE_STREAM_RESET, true, true},
    Reach{SCTP_STREAM_SCHEDULER, true, true},
    Reach{SCTP_AUTH_KEY, true, true},
    Reach{SCTP_AUTH_ACTIVE_KEY, true, true},
    Reach{SCTP_AUTH_DEACTIVATE_KEY, true, true},
    Reach{SCTP_AUTH_DELETE_KEY, true, true},
    Reach{SCTP_GET_ASSOC_STATS, false, false},
    Reach{SCTP_PR_ASSOC_STATUS, false, false},
    Reach{SCTP_PR_STREAM_STATUS, false, false},
    Reach{SCTP_PEER_AUTH_CHUNKS, false, false},
    Reach{SCTP_RESET_STREAMS, false, false},
    Reach{SCTP_ADD_STREAMS, false, false},
    Reach{SCTP_RESET_ASSOC, false, false},
    Reach{SCTP_SET_PEER_PRIMARY_ADDR, false, false},
};

/// What the kernel says where an option's number is that of no association: an errno; or 0, when it forgets
/// it without a word, as it does those below 0 that are set for what exists, too. Sockets that have one
/// association do not look at it.
std::optional<int> is_about_nobody(const FakeKernel& kernel, const Descriptor& descriptor, Option option,
                                   Bytes value, bool sets) {
  const auto* const reach = std::ranges::find(reaches, option.second, &Reach::option);
  std::int32_t whose = 0;
  if (option.first != IPPROTO_SCTP || reach == reaches.end() || value.size() < sizeof whose) return {};
  std::memcpy(&whose, value.data(), sizeof whose);
  const auto refuse_unless = [](bool fine) { return fine ? std::nullopt : std::optional{EINVAL}; };
  if (descriptor.type == SOCK_STREAM) return refuse_unless(reach->later || kernel.up);
  if (descriptor.is_peeled_off) return refuse_unless(reach->later || !descriptor.associations.empty());
  if (whose == SCTP_FUTURE_ASSOC) return refuse_unless(reach->later);
  if (whose < 0 && sets && reach->existing) return 0;
  if (whose == SCTP_CURRENT_ASSOC || whose == SCTP_ALL_ASSOC) return refuse_unless(sets && reach->existing);
  return refuse_unless(descriptor.associations.contains(whose));
}

void note(FakeKernel& kernel, OptionCall call) {
  if (kernel.option_calls.size() == 100) kernel.option_calls.pop_front();
  kernel.option_calls.push_back(std::move(call));
}

/// An option of which this kernel knows no more than its bytes.
int answer_as_set(const Descriptor& descriptor, Option option, void* value, socklen_t* length) {
  const auto found = descriptor.options.find(option);
  return found == descriptor.options.end() ? fail(ENOPROTOOPT)
                                           : answer(Bytes{found->second}, option.first, value, length);
}

}  // namespace

int setsockopt(int fd, int level, int option, const void* value, socklen_t length) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  const InKernel call{kernel};
  const Bytes given{static_cast<const std::byte*>(value), length};
  note(kernel, {true, fd, {level, option}, {given.begin(), given.end()}});
  if (kernel.enter(Call::setsockopt, fd)) return -1;
  Descriptor& descriptor = kernel.descriptor(fd);
  if (kernel.unknown_options.contains({level, option})) return fail(ENOPROTOOPT);
  if (const auto refused = kernel.refused_options.find({level, option});
      refused != kernel.refused_options.end())
    return fail(refused->second);
  if (level == IPPROTO_IPV6 && descriptor.domain == AF_INET) return fail(ENOPROTOOPT);
  if (const auto error = is_about_nobody(kernel, descriptor, {level, option}, given, true))
    return *error == 0 ? 0 : fail(*error);
  if (level == SOL_SOCKET && (option == SO_SNDBUF || option == SO_RCVBUF)) {
    int size = 0;
    if (!read(value, length, size)) return fail(EINVAL);
    return keep(descriptor, {level, option}, std::max(4608, 2 * std::min(size, kernel.largest_buffer / 2)));
  }
  if (level == IPPROTO_SCTP && option == SCTP_EVENT) return set_event(kernel, descriptor, value, length);
  if (level == IPPROTO_SCTP && option == SCTP_EVENTS) return set_events(kernel, descriptor, value, length);
  if (Option{level, option} == init_msg) {
    sctp_initmsg init;
    return read(value, length, init) ? set_init(descriptor, init) : fail(EINVAL);
  }
  if (Option{level, option} == rto_info) {
    sctp_rtoinfo rto;
    return read(value, length, rto) ? set_rto(descriptor, rto) : fail(EINVAL);
  }
  if (Option{level, option} == assoc_info) {
    sctp_assocparams info;
    return read(value, length, info) ? set_info(descriptor, info) : fail(EINVAL);
  }
  if (Option{level, option} == delayed_sack) {
    sctp_sack_info sack;
    return read(value, length, sack) ? set_sack(descriptor, sack) : fail(EINVAL);
  }
  if (level == IPPROTO_SCTP && is_capability(option))
    return set_capability(kernel, descriptor, option, value, length);
  if (level == IPPROTO_SCTP && is_of_paths(option))
    return set_of_path(kernel, descriptor, option, value, length);
  if (level == IPPROTO_SCTP && is_of_authentication(option))
    return set_authentication(descriptor, option, given);
  if (level == IPPROTO_SCTP && option == SCTP_STREAM_SCHEDULER_VALUE)
    return set_stream_value(kernel, descriptor, given);
  if (level == IPPROTO_SCTP && option == SCTP_STREAM_SCHEDULER) {
    sctp_assoc_value scheduler;
    const bool fits = read(value, length, scheduler) && scheduler.assoc_value < kernel.schedulers;
    if (fits) forget_stream_values(descriptor, scheduler.assoc_value);
    return fits ? keep(descriptor, {level, option}, scheduler) : fail(EINVAL);
  }
  if (Option{level, option} == autoclose) {
    int seconds = 0;
    if (descriptor.type == SOCK_STREAM) return fail(EOPNOTSUPP);
    if (!read(value, length, seconds)) return fail(EINVAL);
    const auto most = static_cast<unsigned>(kernel.longest_autoclose);
    return keep(descriptor, autoclose, std::min(static_cast<unsigned>(seconds), most));
  }
  // The kernel derives the priority from the type of service.
  if (Option{level, option} == type_of_service) keep(descriptor, {SOL_SOCKET, SO_PRIORITY}, 2);
  descriptor.options[{level, option}].assign(given.begin(), given.end());
  return 0;
}

int getsockopt(int fd, int level, int option, void* value, socklen_t* length) noexcept {
  FakeKernel& kernel = FakeKernel::current();
  const InKernel call{kernel};
  kernel.asked_option = {level, option};
  if (const auto what = std::exchange(kernel.at_question, nullptr)) what();
  const Bytes asked{static_cast<const std::byte*>(value), *length};
  note(kernel, {false, fd, {level, option}, {asked.begin(), asked.end()}});
  if (kernel.enter(Call::getsockopt, fd)) return -1;
  const Descriptor& descriptor = kernel.descriptor(fd);
  if (kernel.unknown_options.contains({level, option})) return fail(ENOPROTOOPT);
  if (const auto error = is_about_nobody(kernel, descriptor, {level, option}, asked, false))
    return fail(*error);
  if (level == IPPROTO_IPV6 && descriptor.domain == AF_INET) return fail(EOPNOTSUPP);  // others: ENOPROTOOPT
  if (level == IPPROTO_IP || (level == IPPROTO_IPV6 && descriptor.domain == AF_INET6)) {
    // With ECN the kernel has its own mark on the packets of an association.
    const bool is_class = option == (level == IPPROTO_IP ? IP_TOS : IPV6_TCLASS);
    const int mark = is_class && !descriptor.associations.empty() ? 2 : 0;
    return answer(kept(descriptor, {level, option}, 0) | mark, level, value, length);
  }
  if (level == SOL_SOCKET) {
    switch (option) {
      case SO_ERROR: return answer(std::exchange(kernel.pending_error, 0), level, value, length);
      case SO_TYPE: return answer(descriptor.type, level, value, length);
      case SO_PROTOCOL: return answer(descriptor.protocol, level, value, length);
      case SO_DOMAIN: return answer(descriptor.domain, level, value, length);
      case SO_LINGER: return answer(kept(descriptor, {level, option}, linger{}), level, value, length);
      case SO_ACCEPTCONN: return answer(descriptor.backlog ? 1 : 0, level, value, length);
      case SO_RCVTIMEO:
      case SO_SNDTIMEO: return answer(kept(descriptor, {level, option}, timeval{}), level, value, length);
      case SO_BINDTODEVICE:
        if (!descriptor.options.contains({level, option})) return *length = 0, 0;
        return answer_as_set(descriptor, {level, option}, value, length);
      case SO_REUSEADDR:
      case SO_REUSEPORT:
      case SO_PRIORITY:
      case SO_MARK: return answer(kept(descriptor, {level, option}, 0), level, value, length);
      case SO_SNDBUF:
      case SO_RCVBUF: return answer(kept(descriptor, {level, option}, fresh_buffer), level, value, length);
      default: return answer_as_set(descriptor, {level, option}, value, length);
    }
  }
  if (is_capability(option)) return answer_capability(descriptor, option, value, length);
  if (is_of_authentication(option)) return answer_authentication(descriptor, option, value, length);
  if (is_of_paths(option)) return answer_of_path(kernel, descriptor, option, value, length);
  switch (option) {
    case SCTP_STATUS: return answer_status(kernel, descriptor, value, length);
    case SCTP_EVENTS: return answer_events(kernel, descriptor, value, length);
    case SCTP_INITMSG: return answer(kept(descriptor, init_msg, fresh_init), level, value, length);
    case SCTP_ASSOCINFO: return answer(kept(descriptor, assoc_info, fresh_info), level, value, length);
    case SCTP_RTOINFO: return answer(kept(descriptor, rto_info, fresh_rto), level, value, length);
    case SCTP_GET_PEER_ADDRS: return answer_peer_addresses(kernel, descriptor, value, length);
    case SCTP_GET_LOCAL_ADDRS: return answer_addresses(kernel.local_addresses, value, length);
    case SCTP_MAX_BURST:
      return answer(kept(descriptor, {level, option}, sctp_assoc_value{0, 4}), level, value, length);
    case SCTP_STREAM_SCHEDULER_VALUE: return answer_stream_value(kernel, descriptor, value, length);
    case SCTP_I_WANT_MAPPED_V4_ADDR:
      return answer(kept(descriptor, {level, option}, int{1}), level, value, length);
    case SCTP_DELAYED_SACK: return answer(kept(descriptor, delayed_sack, fresh_sack), level, value, length);
    case SCTP_GET_ASSOC_NUMBER: return answer_number(descriptor, value, length);
    case SCTP_GET_ASSOC_ID_LIST: return answer_ids(descriptor, value, length);
    case SCTP_SOCKOPT_PEELOFF:
    case SCTP_SOCKOPT_PEELOFF_FLAGS: return peel_off(kernel, fd, option, value, length);
    case SCTP_AUTOCLOSE:
      if (descriptor.type == SOCK_STREAM) return fail(EOPNOTSUPP);
      [[fallthrough]];
    case SCTP_ADAPTATION_LAYER:
    case SCTP_AUTO_ASCONF:
    case SCTP_DISABLE_FRAGMENTS:
    case SCTP_FRAGMENT_INTERLEAVE:
    case SCTP_PARTIAL_DELIVERY_POINT:
    case SCTP_NODELAY: return answer(kept(descriptor, {level, option}, int{0}), level, value, length);
    case SCTP_CONTEXT:
    case SCTP_ENABLE_STREAM_RESET:
    case SCTP_EXPOSE_POTENTIALLY_FAILED_STATE:
    case SCTP_MAXSEG:
    case SCTP_STREAM_SCHEDULER:
      return answer(kept(descriptor, {level, option}, sctp_assoc_value{}), level, value, length);
    default: return answer_as_set(descriptor, {level, option}, value, length);
  }
}

}  // namespace sctp::sys
