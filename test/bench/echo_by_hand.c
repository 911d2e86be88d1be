// SPDX-FileCopyrightText: sctpxx contributors
// SPDX-License-Identifier: MIT
//
// The same echo server as echo_sctpxx.cpp in C with libsctp, for its size (compile). What it leaves out: a
// message that comes in pieces goes back as several, and one of more than 64 KiB, too.
#include <netinet/in.h>
#include <netinet/sctp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static char room[65536];

static void serve(int peer) {
  for (;;) {
    struct sctp_rcvinfo received;
    socklen_t length = sizeof received;
    unsigned kind = SCTP_RECVV_NOINFO;
    struct iovec part = {.iov_base = room, .iov_len = sizeof room};
    struct sockaddr_storage from;
    socklen_t from_length = sizeof from;
    int flags = 0;
    const int size =
        sctp_recvv(peer, &part, 1, (struct sockaddr*)&from, &from_length, &received, &length, &kind, &flags);
    if (size <= 0) {
      if (size < 0) perror("a peer is lost");
      return;
    }
    if ((flags & MSG_NOTIFICATION) != 0 || kind != SCTP_RECVV_RCVINFO) continue;
    struct sctp_sndinfo info = {.snd_sid = received.rcv_sid, .snd_ppid = received.rcv_ppid};
    part.iov_len = (size_t)size;
    if (sctp_sendv(peer, &part, 1, NULL, 0, &info, sizeof info, SCTP_SENDV_SNDINFO, MSG_NOSIGNAL) < 0) {
      perror("a peer is lost");
      return;
    }
  }
}

int main(void) {
  const int listener = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_SCTP);
  const struct sockaddr_in6 address = {
      .sin6_family = AF_INET6, .sin6_port = htons(7), .sin6_addr = in6addr_any};
  const int on = 1;
  if (listener < 0 || setsockopt(listener, IPPROTO_SCTP, SCTP_NODELAY, &on, sizeof on) != 0 ||
      setsockopt(listener, IPPROTO_SCTP, SCTP_RECVRCVINFO, &on, sizeof on) != 0 ||
      bind(listener, (const struct sockaddr*)&address, sizeof address) != 0 || listen(listener, 128) != 0) {
    perror("cannot listen");
    return 1;
  }
  for (;;) {
    const int peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (peer < 0) {
      perror("cannot accept");
      return 1;
    }
    serve(peer);
    close(peer);
  }
}
