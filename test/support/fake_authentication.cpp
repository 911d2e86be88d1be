// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#include "fake_options.hpp"

/// What the fake kernel keeps of SCTP-AUTH: of a descriptor, as if that had no associations.
namespace sctp::test {
namespace {

bool is_on(const Descriptor& descriptor) noexcept {
  return kept(descriptor, {IPPROTO_SCTP, SCTP_AUTH_SUPPORTED}, std::uint32_t{0}) != 0;
}

/// The structure at the front of `value`, where there is that much.
template <class Native>
bool read_front(Bytes value, Native& native) noexcept {
  if (value.size() < sizeof native) return false;
  std::memcpy(&native, value.data(), sizeof native);
  return true;
}

int add_chunk(Descriptor& descriptor, Bytes value) {
  constexpr std::array forbidden{1, 2, 14, 15};  // INIT, INIT-ACK, SHUTDOWN-COMPLETE, AUTH
  if (value.size() != 1) return fail(EINVAL);
  const auto type = static_cast<std::uint8_t>(value[0]);
  if (std::ranges::find(forbidden, type) != forbidden.end()) return fail(EINVAL);
  descriptor.auth_chunks.insert(type);
  return 0;
}

int set_hmacs(Descriptor& descriptor, Bytes value) {
  std::uint32_t count = 0;
  if (!read_front(value, count) || count == 0 || count > 4) return fail(EINVAL);
  std::vector<std::uint16_t> hmacs(count);
  if (value.size() < sizeof count + 2 * count) return fail(EINVAL);
  std::memcpy(hmacs.data(), value.data() + sizeof count, 2 * count);
  for (const std::uint16_t hmac : hmacs) {
    if (hmac != SCTP_AUTH_HMAC_ID_SHA1 && hmac != SCTP_AUTH_HMAC_ID_SHA256) return fail(EOPNOTSUPP);
  }
  if (std::ranges::find(hmacs, SCTP_AUTH_HMAC_ID_SHA1) == hmacs.end()) return fail(EINVAL);
  descriptor.hmacs = hmacs;
  return 0;
}

int set_key(Descriptor& descriptor, Bytes value) {
  struct {
    std::int32_t association;
    std::uint16_t number;
    std::uint16_t length;
  } key{};
  if (!read_front(value, key) || value.size() == sizeof key || key.length > value.size() - sizeof key)
    return fail(EINVAL);
  const Bytes secret = value.subspan(sizeof key, key.length);
  descriptor.keys[key.number].assign(secret.begin(), secret.end());
  return 0;
}

int change_key(Descriptor& descriptor, int option, Bytes value) {
  sctp_authkeyid key{};
  if (value.size() != sizeof key || !read_front(value, key)) return fail(EINVAL);
  const bool is_active = key.scact_keynumber == descriptor.active_key;
  if (!descriptor.keys.contains(key.scact_keynumber)) return fail(EINVAL);
  if (option == SCTP_AUTH_ACTIVE_KEY) {
    descriptor.active_key = key.scact_keynumber;
    return 0;
  }
  if (is_active) return fail(EINVAL);
  descriptor.keys.erase(key.scact_keynumber);
  return 0;
}

}  // namespace

bool is_of_authentication(int option) noexcept {
  switch (option) {
    case SCTP_AUTH_CHUNK:
    case SCTP_HMAC_IDENT:
    case SCTP_AUTH_KEY:
    case SCTP_AUTH_ACTIVE_KEY:
    case SCTP_AUTH_DEACTIVATE_KEY:
    case SCTP_AUTH_DELETE_KEY:
    case SCTP_LOCAL_AUTH_CHUNKS:
    case SCTP_PEER_AUTH_CHUNKS: return true;
    default: return false;
  }
}

int set_authentication(Descriptor& descriptor, int option, Bytes value) {
  if (!is_on(descriptor)) return fail(EACCES);
  switch (option) {
    case SCTP_AUTH_CHUNK: return add_chunk(descriptor, value);
    case SCTP_HMAC_IDENT: return set_hmacs(descriptor, value);
    case SCTP_AUTH_KEY: return set_key(descriptor, value);
    default: return change_key(descriptor, option, value);
  }
}

int answer_authentication(const Descriptor& descriptor, int option, void* value, socklen_t* length) {
  if (!is_on(descriptor)) return fail(EACCES);
  const auto scripted = descriptor.options.find({IPPROTO_SCTP, option});
  if (scripted != descriptor.options.end())
    return answer(Bytes{scripted->second}, IPPROTO_SCTP, value, length);
  std::vector<std::byte> bytes;
  const auto append = [&bytes](const auto& native) {
    const Bytes more = bytes_of(native);
    bytes.insert(bytes.end(), more.begin(), more.end());
  };
  if (option == SCTP_AUTH_ACTIVE_KEY) {
    append(sctp_authkeyid{0, descriptor.active_key});
  } else if (option == SCTP_HMAC_IDENT) {
    append(static_cast<std::uint32_t>(descriptor.hmacs.size()));
    for (const std::uint16_t hmac : descriptor.hmacs) append(hmac);
  } else {
    const bool is_peers = option == SCTP_PEER_AUTH_CHUNKS;
    const auto& types = is_peers ? descriptor.peer_auth_chunks : descriptor.auth_chunks;
    append(sctp_assoc_t{0});
    append(static_cast<std::uint32_t>(types.size()));
    for (const std::uint8_t type : types) append(type);
  }
  if (*length < bytes.size()) return fail(EINVAL);
  *length = static_cast<socklen_t>(bytes.size());
  std::memcpy(value, bytes.data(), bytes.size());
  return 0;
}

}  // namespace sctp::test
