// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include <sctpxx/ids.hpp>

namespace sctp::inline v0 {

/// Payload protocol identifiers by name, in host byte order. The set is open: `Ppid{4711}` is as good.
/// IANA, "SCTP Payload Protocol Identifiers".
namespace ppid {
inline constexpr Ppid unspecified{0};
inline constexpr Ppid iua{1}, m2ua{2}, m3ua{3}, sua{4}, m2pa{5}, v5ua{6}, h248{7}, bicc{8}, tali{9}, dua{10};
inline constexpr Ppid asap{11}, enrp{12}, h323{13}, qipc{14}, simco{15};
inline constexpr Ppid ddp_segment{16}, ddp_stream_control{17};
inline constexpr Ppid s1ap{18}, rua{19}, hnbap{20}, sbcap{24}, nbap{25}, x2ap{27}, lcsap{29}, sabp{31};
inline constexpr Ppid forces_high{21}, forces_medium{22}, forces_low{23};
inline constexpr Ppid echo{38}, discard{39}, daytime{40}, chargen{41};
inline constexpr Ppid rna{42}, m2ap{43}, m3ap{44}, ssh{45};
inline constexpr Ppid diameter{46}, diameter_dtls{47};
inline constexpr Ppid webrtc_dcep{50}, webrtc_string{51}, webrtc_binary{53};
inline constexpr Ppid webrtc_string_empty{56}, webrtc_binary_empty{57};
inline constexpr Ppid pua{55}, xwap{58}, xw_control_plane{59};
inline constexpr Ppid ngap{60}, xnap{61}, f1ap{62}, http{63}, e1ap{64}, ele2{65};
inline constexpr Ppid ngap_dtls{66}, xnap_dtls{67}, f1ap_dtls{68}, e1ap_dtls{69};
inline constexpr Ppid e2_control_plane{70}, e2_user_plane{71}, e2_du{72}, w1ap{73};
}  // namespace ppid

/// Ports on which these protocols are served over SCTP. IANA, "Service Name and Port Number Registry".
namespace port {
inline constexpr std::uint16_t echo = 7, discard = 9, ssh = 22, http = 80, bgp = 179, https = 443;
inline constexpr std::uint16_t m2ua = 2904, m3ua = 2905, h248_text = 2944, h248_binary = 2945, m2pa = 3565;
inline constexpr std::uint16_t asap = 3863, diameter = 3868, ipfix = 4739, sip = 5060, sip_tls = 5061;
inline constexpr std::uint16_t v5ua = 5675, simco = 7626, lcsap = 9082, iua = 9900, enrp = 9901, sua = 14001;
inline constexpr std::uint16_t sgsap = 29118, sbcap = 29168, s1ap = 36412, x2ap = 36422;
inline constexpr std::uint16_t ngap = 38412, xnap = 38422, e1ap = 38462, f1ap = 38472;
}  // namespace port

}  // namespace sctp::inline v0
