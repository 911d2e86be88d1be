// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
#pragma once

/// Everything but the formatters of fmt (`<sctpxx/format.hpp>`).
#include <sctpxx/address.hpp>
#include <sctpxx/association.hpp>
#include <sctpxx/association_info.hpp>
#include <sctpxx/association_table.hpp>
#include <sctpxx/bytes.hpp>
#include <sctpxx/cause.hpp>
#include <sctpxx/error.hpp>
#include <sctpxx/failure_detection.hpp>
#include <sctpxx/feature.hpp>
#include <sctpxx/ids.hpp>
#include <sctpxx/io_stream.hpp>
#include <sctpxx/listener.hpp>
#include <sctpxx/message.hpp>
#include <sctpxx/network_interface.hpp>
#include <sctpxx/notification.hpp>
#include <sctpxx/one_to_many_socket.hpp>
#include <sctpxx/one_to_one_socket.hpp>
#include <sctpxx/option/association.hpp>
#include <sctpxx/option/authentication.hpp>
#include <sctpxx/option/capability.hpp>
#include <sctpxx/option/delivery.hpp>
#include <sctpxx/option/path.hpp>
#include <sctpxx/option/socket.hpp>
#include <sctpxx/option/stream.hpp>
#include <sctpxx/path_monitor.hpp>
#include <sctpxx/patience.hpp>
#include <sctpxx/ppid.hpp>
#include <sctpxx/receive_buffer.hpp>
#include <sctpxx/received.hpp>
#include <sctpxx/reconnect.hpp>
#include <sctpxx/resolve.hpp>
#include <sctpxx/send_batch.hpp>
#include <sctpxx/send_queue.hpp>
#include <sctpxx/shared_secret.hpp>
#include <sctpxx/shutdown.hpp>
#include <sctpxx/socket_ref.hpp>
#include <sctpxx/stream.hpp>
#include <sctpxx/stream_socket.hpp>
#include <sctpxx/version.hpp>
#include <sctpxx/waker.hpp>
