# SPDX-FileCopyrightText: sctpxx contributors
# SPDX-License-Identifier: MIT

# The floors of the house, lowest first, and in each the files in the order in which they may include one another.
# A file may include the files that stand before it here, and no others: the test `floors` holds every #include
# against this list. The build takes its headers and sources from it too, so a file that is not here does not exist.

set(sctpxx_public_floors
  # floor 0, words: no kernel header, no call
  export version bytes ids ppid error
  # floor 1, values
  address message cause notification
  # floor 2, the two mechanisms
  waker patience received receive_buffer
  option option/association option/capability option/delivery option/path option/stream option/authentication
  option/socket
  # floor 3, handles that borrow
  socket_ref stream association shutdown
  # floor 4, owners
  socket one_to_one_socket listener one_to_many_socket
  # floor 5, conveniences on top of the public API
  association_table send_queue send_batch
  failure_detection shared_secret association_info feature network_interface path_monitor
  stream_socket io_stream resolve reconnect
  sctp format
  # what brings another library, which is the user's own
  asio/net asio/protocol asio/operation asio/attempt asio asio/streams)

# What only src/ sees, each after the last public header that it may include.
set(sctpxx_private_floors
  "escaped after bytes"
  "number after bytes"
  "sys after error"
  "ticks after error"
  "sysctl after error"
  "native after message"
  "wait after patience"
  "failure after option"
  "native_option after option"
  "path_target after option"
  "path_list after option/path"
  "reconfiguration after option/capability"
  "address_list after option"
  "association_list after option"
  "spares after bytes"
  "storage after error"
  "unfinished after message"
  "failed_sends after notification"
  "late_rests after receive_buffer"
  "reassembler after receive_buffer"
  "control after receive_buffer"
  "receive_batch after receive_buffer"
  "socket_name after socket_ref"
  "nonblocking after socket_ref"
  "subscription after socket_ref"
  "send after socket_ref"
  "descriptor after socket_ref"
  "sock_diag after association_info")

set(sctpxx_headers ${sctpxx_public_floors})
list(TRANSFORM sctpxx_headers PREPEND include/sctpxx/)
list(TRANSFORM sctpxx_headers APPEND .hpp)

# All sources but sys.cpp: most headers have one, of the same name; notification has its texts beside it, socket_ref
# its changes of address, its sending and receiving, one_to_one_socket its reading and
# writing of bytes, send_queue its shares; option/path_params is the larger half of option/path.
set(sctpxx_sources
  error address cause notification notification_text
  waker patience storage unfinished failed_sends late_rests reassembler receive_buffer
  option option/association option/capability option/delivery option/path option/path_params
  option/stream option/authentication option/socket
  socket_ref address_change send receive stream association shutdown socket one_to_one_socket listener
  one_to_many_socket read_write resolve reconnect
  association_table send_queue send_queue_share send_batch
  failure_detection shared_secret association_info feature network_interface path_monitor
  failure wait address_list association_list receive_batch path_target reconfiguration
  subscription descriptor sock_diag)
list(TRANSFORM sctpxx_sources PREPEND src/)
list(TRANSFORM sctpxx_sources APPEND .cpp)
